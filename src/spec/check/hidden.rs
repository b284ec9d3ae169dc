//! What a masked text hides.

use super::mask::MASK;

/// What stands in a text where the shown one has masks.
pub fn hidden_in<'a>(text: &'a str, shown: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut kept = shown.split(MASK);
    let Some(mut rest) = kept.next().and_then(|first| text.strip_prefix(first)) else {
        return found;
    };
    let mut kept = kept.peekable();
    while let Some(next) = kept.next() {
        let is_last = kept.peek().is_none();
        let end = match next {
            "" if is_last => Some(rest.len()),
            _ if is_last => rest.len().checked_sub(next.len()).filter(|_| rest.ends_with(next)),
            _ => rest.find(next),
        };
        let Some(end) = end else { return found };
        found.push(rest[..end].trim_matches(['"', '\'']));
        rest = &rest[end + next.len()..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_masks_hide_is_found() {
        for (text, shown, secrets) in [
            ("--password=abc", "--password=***", &["abc"][..]),
            ("mysql://u:pw@h/d?sig=x&a=1", "mysql://u:***@h/d?sig=***&a=1", &["pw", "x"]),
            ("secret", "***", &["secret"]),
            ("export A_KEY='x y' && go", "export A_KEY=*** && go", &["x y"]),
            ("same", "same", &[""; 0]),
        ] {
            assert_eq!(hidden_in(text, shown), secrets, "{text}");
        }
    }
}
