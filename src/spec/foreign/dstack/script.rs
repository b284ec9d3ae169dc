//! `commands` in one shell, as dstack's server puts them together.

/// All commands in one line of a shell: each runs if the one before it has succeeded, and one that ends with `&`
/// goes on in the background. A document that a command holds ends at a line of its own.
pub(super) fn joined(commands: &[String]) -> String {
    let each = commands.iter().map(|command| match command.trim() {
        command if command.ends_with('&') => format!("{{ {command} }}"),
        command if command.contains("<<") && command.contains('\n') => format!("{{ {command}\n}}"),
        command => command.to_owned(),
    });
    each.collect::<Vec<_>>().join(" && ")
}

/// The words of an entrypoint, as Python's `shlex` splits them; `None` where a quote isn't closed.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().push(rest.next()?),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_share_a_shell() {
        let commands = ["cd x\n", "serve --log &", "python train.py"].map(str::to_owned);
        assert_eq!(joined(&commands), "cd x && { serve --log & } && python train.py");
        let commands = ["cat > a <<EOF\nb\nEOF\n", "run"].map(str::to_owned);
        assert_eq!(joined(&commands), "{ cat > a <<EOF\nb\nEOF\n} && run");
    }

    #[test]
    fn an_entrypoint_is_split_as_a_shell_does() {
        let split = |text| words(text).map(|words| words.join("|"));
        assert_eq!(split(r#"bash -c "a 'b'" c\ d '' "#).as_deref(), Some("bash|-c|a 'b'|c d|"));
        assert_eq!(split("a 'b"), None);
        assert_eq!(split("a \\"), None);
    }
}
