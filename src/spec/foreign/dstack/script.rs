//! `commands` in one shell, as dstack's server puts them together.

/// A text that the expansion of `$(NAME)` gives back as it is here.
pub(super) fn unexpanded(text: &str) -> String {
    doubled(text, &['('])
}

/// The same for the value of a variable, in which `${NAME}` would be replaced too where a file of ours has it.
pub(super) fn unexpanded_value(text: &str) -> String {
    doubled(text, &['(', '{'])
}

/// The text with each `$` twice that one of these follows, or another `$`.
fn doubled(text: &str, before: &[char]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        written.push_str(&rest[..at]);
        let after = rest[at..].trim_start_matches('$');
        let dollars = &rest[at..rest.len() - after.len()];
        written.push_str(dollars);
        if dollars.len() > 1 || after.starts_with(before) {
            written.push_str(dollars);
        }
        rest = after;
    }
    written + rest
}

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

/// What stands before a port in a command or an address.
const BEFORE_PORT: [&str; 6] = ["port", "-p", ":", "http.server", "bind", "-b"];

/// The text with `{port}` where it says this port, and how often it does.
pub(super) fn with_port(text: &str, port: u16) -> (String, usize) {
    let digits = port.to_string();
    let (mut out, mut rest, mut count) = (String::with_capacity(text.len()), text, 0);
    while let Some(at) = rest.find(&digits) {
        let (before, after) = (&rest[..at], &rest[at + digits.len()..]);
        out.push_str(before);
        let is_whole = !out.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.')
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let sign = out.trim_end_matches([' ', '=', '"', '\'', '\\', '\n']).to_ascii_lowercase();
        if is_whole && BEFORE_PORT.iter().any(|word| sign.ends_with(word)) {
            out.push_str("{port}");
            count += 1;
        } else {
            out.push_str(&digits);
        }
        rest = after;
    }
    out.push_str(rest);
    (out, count)
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

    #[test]
    fn a_port_is_found_where_a_server_is_told_it() {
        for (text, wanted) in [
            (
                "vllm serve $M --port 8000 --max-len 8000",
                "vllm serve $M --port {port} --max-len 8000",
            ),
            ("serve --port=8000", "serve --port={port}"),
            ("python -m http.server 8000", "python -m http.server {port}"),
            ("uvicorn --bind 0.0.0.0:8000", "uvicorn --bind 0.0.0.0:{port}"),
            ("--port 80001", "--port 80001"),
        ] {
            assert_eq!(with_port(text, 8000).0, wanted);
        }
    }

    #[test]
    fn a_script_is_not_expanded() {
        assert_eq!(unexpanded("echo $A ${B} $(date) $$"), "echo $A ${B} $$(date) $$$$");
        assert_eq!(unexpanded_value("$A ${B} $$"), "$A $${B} $$$$");
    }
}
