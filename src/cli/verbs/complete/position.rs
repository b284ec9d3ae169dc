//! Where in a command line the word stands that is being typed.

use clap::{Arg, ArgAction, Command};

/// What may stand where the word is typed.
#[derive(Clone, Debug)]
pub(super) struct Position<'a> {
    /// The verb so far.
    pub(super) command: &'a Command,
    /// Its path: `tune trials`.
    pub(super) path: String,
    /// What is expected.
    pub(super) expects: Expects<'a>,
    /// The values that were given before, by the id of what they are for.
    pub(super) given: Vec<(String, String)>,
    /// Flags that were given before, by their ids.
    pub(super) flags: Vec<String>,
}

/// What is expected in a place of a command line.
#[derive(Clone, Debug)]
pub(super) enum Expects<'a> {
    /// The value of a flag; the first text is what stands before it in the same word.
    Value(String, &'a Arg),
    /// A verb, where none of its own words has come yet, or a value in this place.
    Word { verbs: bool, arg: Option<&'a Arg> },
    /// A flag.
    Flag,
    /// A word of another program.
    Foreign,
}

/// Finds the place of the last of these words; the first one is the program.
pub(super) fn position<'a>(root: &'a Command, words: &[String]) -> Position<'a> {
    let mut at = Position {
        command: root,
        path: String::new(),
        expects: Expects::Foreign,
        given: Vec::new(),
        flags: Vec::new(),
    };
    let (current, before) = words.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
    let (mut pending, mut count): (Option<&Arg>, usize) = (None, 0);
    for word in before.iter().skip(1) {
        if let Some(arg) = pending.take() {
            at.given.push((arg.get_id().to_string(), word.clone()));
        } else if word == "--" {
            return at;
        } else if word.len() > 1 && word.starts_with('-') {
            let (arg, value) = flag(at.command, word);
            let Some(arg) = arg else { continue };
            at.flags.push(arg.get_id().to_string());
            match value {
                Some(value) => at.given.push((arg.get_id().to_string(), value.to_owned())),
                None if takes_next(arg) => pending = Some(arg),
                None => {}
            }
        } else if let Some(verb) = at.command.find_subcommand(word).filter(|_| count == 0) {
            at.command = verb;
            if !at.path.is_empty() {
                at.path.push(' ');
            }
            at.path.push_str(verb.get_name());
        } else {
            let arg = positional(at.command, count);
            at.given.extend(arg.map(|arg| (arg.get_id().to_string(), word.clone())));
            count += 1;
        }
    }
    at.expects = if let Some(arg) = pending {
        Expects::Value(String::new(), arg)
    } else if let (Some(arg), Some((name, _))) =
        (flag(at.command, current).0, current.split_once('='))
        && current.starts_with("--")
    {
        Expects::Value(format!("{name}="), arg)
    } else if current.starts_with('-') {
        Expects::Flag
    } else {
        Expects::Word { verbs: count == 0, arg: positional(at.command, count) }
    };
    at
}

/// The flag that a word is, or the last of a word of short ones, with the value in the same word.
fn flag<'a, 'w>(command: &'a Command, word: &'w str) -> (Option<&'a Arg>, Option<&'w str>) {
    let mut args = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, v)| (name, Some(v)));
        let is_it = |arg: &&Arg| {
            arg.get_long() == Some(name)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
        };
        return (args.find(is_it), value);
    }
    let shorts: Vec<(usize, char)> = word.char_indices().skip(1).collect();
    for (at, short) in &shorts {
        let found = command.get_arguments().find(|arg| arg.get_short() == Some(*short));
        let rest = &word[at + short.len_utf8()..];
        match found {
            Some(arg) if takes_next(arg) && !rest.is_empty() => return (Some(arg), Some(rest)),
            Some(arg) if rest.is_empty() => return (Some(arg), None),
            Some(_) => {}
            None => return (None, None),
        }
    }
    (None, None)
}

/// The next word is the flag's value.
fn takes_next(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) && !arg.is_require_equals_set()
}

/// What stands in a place without a flag; the last one may come again.
fn positional(command: &Command, count: usize) -> Option<&Arg> {
    let all: Vec<&Arg> = command.get_positionals().filter(|arg| !arg.is_last_set()).collect();
    let again = |arg: &&&Arg| matches!(arg.get_action(), ArgAction::Append);
    all.get(count).or_else(|| all.last().filter(again)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(line: &str) -> String {
        let mut root = crate::cli::command();
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let at = position(&root, &words);
        let expects = match at.expects {
            Expects::Value(before, arg) => format!("{before}{}", arg.get_id()),
            Expects::Word { verbs, arg } => {
                format!(
                    "{}{}",
                    if verbs { "verb or " } else { "" },
                    arg.map_or("nothing", |arg| arg.get_id().as_str())
                )
            }
            Expects::Flag => "flag".to_owned(),
            Expects::Foreign => "foreign".to_owned(),
        };
        format!("{}: {expects}", at.path)
    }

    #[test]
    fn places_are_found() {
        for (line, place) in [
            ("mlctl ", ": verb or nothing"),
            ("mlctl lo", ": verb or nothing"),
            ("mlctl -", ": flag"),
            ("mlctl logs ", "logs: verb or run"),
            ("mlctl logs digits ", "logs: nothing"),
            ("mlctl logs -f --replica ", "logs: replica"),
            ("mlctl logs --replica=w", "logs: --replica=replica"),
            ("mlctl --context prod cancel a ", "cancel: runs"),
            ("mlctl list -qn ", "list: namespace"),
            ("mlctl list -nteam ", "list: verb or nothing"),
            ("mlctl train --wait ", "train: verb or file"),
            ("mlctl tune trials ", "tune trials: verb or study"),
            ("mlctl exec a -- l", "exec: foreign"),
            ("mlctl rollout status ", "rollout: endpoint"),
        ] {
            assert_eq!(expected(line), place, "{line}");
        }
    }
}
