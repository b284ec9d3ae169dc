//! `${VAR}` and `${VAR:-default}`, from a map that the caller gives.

use indexmap::IndexMap;

/// A text after its references to variables were replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expanded {
    /// The text with everything replaced that could be.
    pub text: String,
    /// Some value came from the environment, so the text may hold a secret.
    pub from_env: bool,
    /// The references that could not be replaced, in order.
    pub problems: Vec<Problem>,
}

/// A reference that could not be replaced; `at` is its beginning as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The variable has no value and no default.
    Unset { name: String, at: String },
    /// Not `${NAME}` or `${NAME:-default}`.
    Malformed { at: String },
}

/// How a reference to a parameter of a study begins: `${params.NAME}`.
pub(crate) const PARAMETER: &str = "params.";

/// What a text is, beyond its references to the environment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Within {
    /// References to parameters of a study stay as they are: each trial has its own values.
    pub params: bool,
    /// `$(VAR)` is replaced in the text when a command starts, and `$$` is a dollar only then. What the
    /// environment gives is written so that it comes through that as it is.
    pub command: bool,
}

/// Replaces the references of a text. `$$` is a dollar; a `$` before anything but `{` stays.
pub(crate) fn expand(text: &str, env: &IndexMap<String, String>, within: Within) -> Expanded {
    let Within { params, command } = within;
    let mut out = Expanded::default();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        out.text.push_str(&rest[..dollar]);
        let reference = &rest[dollar..];
        if let Some(tail) = reference.strip_prefix("$$") {
            out.text.push_str(if command { "$$" } else { "$" });
            rest = tail;
            continue;
        }
        let Some(body) = reference.strip_prefix("${") else {
            out.text.push('$');
            rest = &reference[1..];
            continue;
        };
        let Some(end) = body.find('}') else {
            out.problems.push(Problem::Malformed { at: reference.to_owned() });
            return out;
        };
        let at = reference[..end + 3].to_owned();
        rest = &body[end + 1..];
        if params && body.starts_with(PARAMETER) {
            out.text.push_str(&at);
            continue;
        }
        let (name, default) = match body[..end].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&body[..end], None),
        };
        if !is_variable(name) {
            out.problems.push(Problem::Malformed { at });
            continue;
        }
        match (env.get(name), default) {
            (Some(value), default) if default.is_none() || !value.is_empty() => {
                if command {
                    out.text.push_str(&value.replace('$', "$$"));
                } else {
                    out.text.push_str(value);
                }
                out.from_env = true;
            }
            (_, Some(default)) => out.text.push_str(default),
            (_, None) => out.problems.push(Problem::Unset { name: name.to_owned(), at }),
        }
    }
    out.text.push_str(rest);
    out
}

/// Writes a text so that [`expand`] gives it back: `${` becomes `$${`, `$$` becomes `$$$$`.
pub(crate) fn escape(text: &mut String) {
    if !text.contains('$') {
        return;
    }
    let mut out = String::with_capacity(text.len() + 1);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '$' && matches!(rest.peek(), Some('$' | '{')) {
            out.push('$');
        }
    }
    *text = out;
}

/// The same for a text [within a command](Within::command), in which `$$` stays.
pub(crate) fn escape_command(text: &mut String) {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        match rest.peek() {
            Some('$') if c == '$' => out.extend(rest.next()),
            Some('{') if c == '$' => out.push('$'),
            _ => {}
        }
    }
    *text = out;
}

/// A name that a shell would accept for a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> IndexMap<String, String> {
        [("A", "1"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn replaces_what_is_set() {
        let cases = [
            ("x", "x", false),
            ("${A}-${A}", "1-1", true),
            ("${A:-2}", "1", true),
            ("${B:-2}", "2", false),
            ("${EMPTY:-2}", "2", false),
            ("${EMPTY}", "", true),
            ("${B:-}", "", false),
            ("$${A}", "${A}", false),
            ("$A and $", "$A and $", false),
            ("{run}", "{run}", false),
        ];
        for (text, wanted, from_env) in cases {
            let out = expand(text, &env(), Within::default());
            assert_eq!((out.text.as_str(), out.from_env), (wanted, from_env), "{text}");
            assert!(out.problems.is_empty(), "{text}");
        }
    }

    #[test]
    fn names_what_is_not() {
        let out = expand("a${B}c${1x}${", &env(), Within::default());
        assert_eq!(out.text, "ac");
        assert_eq!(
            out.problems,
            [
                Problem::Unset { name: "B".into(), at: "${B}".into() },
                Problem::Malformed { at: "${1x}".into() },
                Problem::Malformed { at: "${".into() },
            ]
        );
    }

    #[test]
    fn parameters_of_a_study_stay() {
        let params = Within { params: true, ..Within::default() };
        let out = expand("${A}/${params.lr}", &env(), params);
        assert_eq!((out.text.as_str(), out.problems.len()), ("1/${params.lr}", 0));
        assert_eq!(expand("${params.lr}", &env(), Within::default()).problems.len(), 1);
    }

    #[test]
    fn what_a_command_replaces_later_stays_for_it() {
        let command = Within { command: true, ..Within::default() };
        let env = [("P".to_owned(), "a$(A)$$b$".to_owned())].into();
        for (text, wanted) in [
            ("$(A) $$(A) $$ $", "$(A) $$(A) $$ $"),
            ("${P}", "a$$(A)$$$$b$$"),
            ("${P:-x}(A)", "a$$(A)$$$$b$$(A)"),
            ("$${P} ${Q:-$(A)}", "$${P} $(A)"),
        ] {
            assert_eq!(expand(text, &env, command).text, wanted, "{text}");
        }
        for text in ["$", "$$", "$$$", "$${A}", "a$b", "$$x$(A)", "100$"] {
            let mut escaped = text.to_owned();
            escape_command(&mut escaped);
            assert_eq!(expand(&escaped, &env, command).text, text, "{escaped}");
        }
    }

    #[test]
    fn escaped_texts_come_back() {
        for text in ["$", "$$", "$$$", "${A}", "$${A}", "a$b", "$$x${", "100$"] {
            let mut escaped = text.to_owned();
            escape(&mut escaped);
            assert_eq!(
                expand(&escaped, &IndexMap::new(), Within::default()).text,
                text,
                "{escaped}"
            );
        }
    }
}
