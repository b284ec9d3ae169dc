//! "Did you mean": the nearest of several names.

/// The candidate that `name` was probably meant to be.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(name);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            // A third of the letters may be wrong; a short name has to be nearly right.
            *distance <= (candidate.len().min(wanted.len()) / 3).min(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidate that is one slip away from `name`: a letter too much, too few, another one, or two
/// in the wrong order.
pub(crate) fn one_slip_from<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates.into_iter().find(|candidate| strsim::damerau_levenshtein(name, candidate) == 1)
}

/// How alike two texts are, from 0 to 1. A common beginning counts most, which suits long names
/// that are made of parts: ids of runs, machine types, contexts.
pub(crate) fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(one, other)
}

/// What belongs to the text that is most like `name`, if that is more alike than `least`.
pub(crate) fn most_alike<T>(
    name: &str,
    candidates: impl IntoIterator<Item = (String, T)>,
    least: f64,
) -> Option<T> {
    let scored = candidates.into_iter().map(|(text, item)| (likeness(&text, name), item));
    let near = scored.filter(|(score, _)| *score > least);
    near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, item)| item)
}

/// "a", "a or b", "a, b or c".
pub(crate) fn list_of(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_has_a_nearest_name() {
        let names = ["command", "completion", "cpu", "env"];
        assert_eq!(nearest("comand", names), Some("command"));
        assert_eq!(nearest("COM-mand", names), Some("command"));
        assert_eq!(nearest("cup", names), Some("cpu"));
        assert_eq!(nearest("queue", names), None);
        assert_eq!(nearest("en", names), None, "a short name has to be nearly right");
        assert_eq!(one_slip_from("evn", names), Some("env"));
        assert_eq!(one_slip_from("env", names), None);
    }

    #[test]
    fn long_names_are_compared_by_their_beginning() {
        let known = ["n1-standard-4", "a2-highgpu-1g"].map(|name| (name.to_owned(), name));
        assert_eq!(most_alike("n1-standard-5", known.clone(), 0.9), Some("n1-standard-4"));
        assert_eq!(most_alike("x", known, 0.9), None);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list_of(&[], "or"), "");
        assert_eq!(list_of(&["a"], "or"), "a");
        assert_eq!(list_of(&["a", "b"], "or"), "a or b");
        assert_eq!(list_of(&["a", "b", "c"], "and"), "a, b and c");
    }
}
