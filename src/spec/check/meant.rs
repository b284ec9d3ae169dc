//! What a value of another shape was meant to be, written as it is here. A value that may be secret is not
//! quoted.

use super::walk::At;
use crate::hardware::accelerator::{find, suggest};
use crate::spec::syntax::{Entry, Meaning, Scalar};

/// No more variables than this are written out.
const FEW: usize = 3;

/// What a text or a number was meant to be where a list or a mapping belongs.
pub(super) fn meant(scalar: &Scalar, at: &At) -> Option<String> {
    let text = scalar.text.trim();
    let meaning = scalar.meaning();
    let field = at.path.rsplit('.').next().unwrap_or_default();
    let is_count = matches!(meaning, Meaning::Integer(_));
    match field {
        _ if text.is_empty() || meaning == Meaning::Null => None,
        "setup" => Some(setup(text)),
        "retries" if is_count => Some(format!(
            "restarts are counted by class of failure: `retries: {{userError: {text}}}`; crashes and lost \
             machines have some of their own already"
        )),
        "data" => {
            let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains(['*', '{']);
            let path = if is_name { name } else { "data" };
            Some(format!(
                "write where it is and where it shall be: `data: [{{uri: {text}, path: {path}}}]`"
            ))
        }
        "accelerators" if is_count => {
            Some(format!("write `accelerators: {{type: nvidia, count: {text}}}`"))
        }
        "accelerators" => Some(accelerators(text)),
        _ if is_variable(field) => {
            let name = text.split_once('=').map_or("NAME", |(name, _)| name).trim();
            Some(format!("write `{{name: {name}, value: ...}}`"))
        }
        _ => None,
    }
}

/// Variables that are written as a mapping where a list belongs.
pub(super) fn variables(entries: &[Entry]) -> String {
    let one = |entry: &Entry| format!("{{name: {}, value: ...}}", entry.key.text);
    let mut all: Vec<String> = entries.iter().take(FEW).map(one).collect();
    if entries.len() > FEW {
        all.push("...".into());
    }
    format!("write a list of names and values: `env: [{}]`", all.join(", "))
}

/// An item of `env`.
fn is_variable(field: &str) -> bool {
    field.strip_prefix("env[").is_some_and(|rest| rest.ends_with(']'))
}

/// What other systems take as one command.
fn setup(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["pip" | "pip3", "install", "-r" | "--requirement", file] => {
            format!(
                "write `setup: {{python: {{requirements: {file}}}}}`: it is made once, and kept"
            )
        }
        ["pip" | "pip3", "install", ..] => format!(
            "write `setup: {{shell: {text}}}`; or put the packages into a file, `setup: {{python: \
             {{requirements: requirements.txt}}}}`: that is made once, and kept"
        ),
        _ if text.contains(['\n', ':', '#', '{', '\'', '"']) => {
            "write the script below `shell:`: `setup: {shell: \"...\"}`".into()
        }
        _ => format!("write `setup: {{shell: {text}}}`"),
    }
}

/// `L4:1`, `A100`, as other systems write them.
fn accelerators(text: &str) -> String {
    let (name, count) = match text.rsplit_once(':') {
        Some((name, count)) if count.parse::<u32>().is_ok() => (name, count),
        _ => (text, "1"),
    };
    let name = find(name).map(|found| found.name).or_else(|| suggest(name)).unwrap_or("nvidia");
    format!("write `accelerators: {{type: {name}, count: {count}}}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_systems_write_is_written_as_here() {
        assert!(accelerators("L4:2").contains("{type: nvidia-l4, count: 2}"));
        assert!(accelerators("T4").contains("{type: nvidia-t4, count: 1}"));
        assert!(accelerators("x").contains("{type: nvidia, count: 1}"));
        assert!(setup("pip install -r deps.txt").contains("{python: {requirements: deps.txt}}"));
        assert!(setup("pip install torch").contains("{shell: pip install torch}"));
        assert!(setup("a\nb").contains("{shell: \"...\"}"));
        assert!(is_variable("env[0]") && !is_variable("env"));
    }
}
