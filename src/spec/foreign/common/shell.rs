//! Texts on their way to a shell: as they are written, whatever is replaced on that way.

/// A script that comes through the rule of `$(VAR)` as it is: that makes one dollar of two, and replaces names.
pub(in crate::spec::foreign) fn as_written(text: &str) -> String {
    doubled(text, &['('])
}

/// The same for the value of a variable, in which a spec's `${VAR}` is replaced before.
pub(in crate::spec::foreign) fn as_value(text: &str) -> String {
    doubled(text, &['(', '{'])
}

/// The text with two dollars for each that does not stand alone, or stands before one of these.
fn doubled(text: &str, before: &[char]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        written.push_str(&rest[..at]);
        let behind = rest[at..].trim_start_matches('$');
        let dollars = &rest[at..rest.len() - behind.len()];
        written.push_str(dollars);
        if dollars.len() > 1 || behind.starts_with(before) {
            written.push_str(dollars);
        }
        rest = behind;
    }
    written + rest
}

/// A word for a shell, in single quotes.
pub(in crate::spec::foreign) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept() {
        assert_eq!(as_written("echo $$ $(date) $X $\n"), "echo $$$$ $$(date) $X $\n");
        assert_eq!(as_value("${A} $A $(A)"), "$${A} $A $$(A)");
        assert_eq!(quoted("a'b"), r"'a'\''b'");
    }
}
