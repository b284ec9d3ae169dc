//! Texts that somebody was to fill in. The linter points at `/gcs/` and at `$VAR` in commands,
//! arguments and variables; here are the other places, and placeholders in all of them.

use crate::spec::syntax::Diagnostic;
use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Node, Value};

use super::fields::Findings;

/// Points at placeholders in a value.
pub(in crate::spec::foreign) fn scan(findings: &mut Findings, node: &Node) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| scan(findings, item)),
        Value::Map(entries) => entries.iter().for_each(|entry| scan(findings, &entry.value)),
        Value::Scalar(scalar) if is_placeholder(&scalar.text) => placeholder(findings, node.span),
        Value::Scalar(_) => {}
    }
}

/// Points at placeholders and variables in a value that the linter does not read.
pub(in crate::spec::foreign) fn scan_place(findings: &mut Findings, node: &Node) {
    scan(findings, node);
    if node.as_text().is_some_and(|text| has_variable(text) && !is_placeholder(text)) {
        variable(findings, node.span);
    }
}

/// The same for an image, whose name is lower case up to its tag.
pub(in crate::spec::foreign) fn scan_image(findings: &mut Findings, node: &Node, image: &str) {
    let last = image.rfind('/').map_or(0, |slash| slash + 1);
    let name_end = image[last..].find([':', '@']).map_or(image.len(), |at| last + at);
    let upper = image[..name_end].contains(|c: char| c.is_ascii_uppercase());
    if is_placeholder(image) || upper && !has_variable(image) {
        placeholder(findings, node.span);
    } else if has_variable(image) {
        variable(findings, node.span);
    }
}

fn placeholder(findings: &mut Findings, span: SourceSpan) {
    findings.add(
        Diagnostic::warning(findings.system.placeholder, "this looks like a placeholder")
            .at(span, "")
            .help("fill it in; nothing replaces it"),
    );
}

fn variable(findings: &mut Findings, span: SourceSpan) {
    findings.add(
        Diagnostic::warning(findings.system.variable, "nothing expands this variable")
            .at(span, "")
            .help(
                "it is passed as it is written, as other systems do: fill it in (envsubst), or let \
                 `sh -c` expand it",
            ),
    );
}

/// `$VAR` or `${VAR}`, which a shell was to fill in.
fn has_variable(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| starts_name(rest.strip_prefix('{').unwrap_or(rest)))
}

fn starts_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Not filled in yet, in whatever way somebody was to do it.
pub(in crate::spec::foreign) fn is_unfilled(text: &str) -> bool {
    is_placeholder(text) || has_variable(text)
}

/// `PROJECT_ID`, `YOUR_BUCKET`, `<image>`, `{{project}}`, `[REGION]`: meant to be replaced.
pub(in crate::spec::foreign) fn is_placeholder(text: &str) -> bool {
    /// Words of Google's own documents, in which they stand for something.
    const WORDS: [&str; 24] = [
        "PROJECT",
        "PROJECT_ID",
        "PROJECT_NAME",
        "PROJECT_NUMBER",
        "BUCKET",
        "BUCKET_NAME",
        "BUCKET_URI",
        "REGION",
        "LOCATION",
        "IMAGE_URI",
        "IMAGE_NAME",
        "IMAGE_TAG",
        "REPOSITORY",
        "REPO_NAME",
        "MACHINE_TYPE",
        "ACCELERATOR_TYPE",
        "ACCELERATOR_COUNT",
        "REPLICA_COUNT",
        "CUSTOM_CONTAINER_IMAGE_URI",
        "JOB_NAME",
        "MODULE_NAME",
        "PLACEHOLDER",
        "REPLACE_ME",
        "CHANGE_ME",
    ];
    // A sentence or a script may hold any of these words.
    if text.contains(char::is_whitespace) && !text.starts_with("{{") && !text.starts_with('<') {
        return false;
    }
    let between = |open: &str, close: &str| {
        text.split(open).skip(1).any(|rest| {
            rest.split_once(close).is_some_and(|(inner, _)| {
                let inner = inner.trim();
                !inner.is_empty()
                    && inner.starts_with(|c: char| c.is_ascii_alphabetic())
                    && inner.chars().all(|c| c.is_ascii_alphanumeric() || "_- .".contains(c))
            })
        })
    };
    let whole_angle = text.starts_with('<') || text.contains("/<") || text.contains("=<");
    if between("{{", "}}") || whole_angle && between("<", ">") {
        return true;
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))).any(|word| {
        let variable = text.contains(&format!("${word}")) || text.contains(&format!("${{{word}"));
        let lower = word.to_ascii_lowercase();
        let yours = ["your-", "your_"].iter().any(|start| lower.starts_with(start));
        // With a hyphen it would be a name, in a tag or an argument; these are whole words.
        let whole = word.replace('-', "_");
        let marked = whole.ends_with("_PLACEHOLDER");
        !variable && (yours || marked || WORDS.contains(&whole.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for text in [
            "gcr.io/PROJECT_ID/x",
            "gs://your-bucket/x",
            "<image>",
            "us-docker.pkg.dev/<project>/x",
            "{{ project }}",
            "PROJECT-ID",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "echo PROJECT_ID",
            "gcr.io/my-project/x:LATEST",
            "a<b",
            "$PROJECT_ID",
            "${PROJECT_ID}/x",
            "{\"a\":1}",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn variables() {
        assert!(has_variable("gs://${BUCKET}/x"));
        assert!(is_unfilled("IMAGE_URI_PLACEHOLDER"));
        assert!(!has_variable("costs 5$ or $5"));
    }
}
