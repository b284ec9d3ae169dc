//! A file with a spec in it, without its literal secrets: as it is kept, and as it travels.

use indexmap::IndexMap;

use super::literal::is_literal;
use super::secret::{Secret, find_in_text, mask, secrets_in};
use super::telling::Telling;
use crate::spec::foreign::systems;
use crate::spec::kinds::{self, ForeignContext};
use crate::spec::syntax::{Node, Source, SourceSpan, Value, parse};
use crate::storage::Masked;

/// Words of which a file with a spec has one, ours or another system's.
const MARKS: [&str; 24] = [
    "mlctl.dev",
    "TrainJob",
    "BatchPredictJob",
    "TuneJob",
    "Endpoint",
    "kubeflow.org",
    "serving.kserve.io",
    "model_config_list",
    "orkerPoolSpec",
    "worker_pool_spec",
    "nputConfig",
    "nput_config",
    "eployedModel",
    "eployed_model",
    "artifactUri",
    "type: task",
    "type: service",
    "type: dev-environment",
    "num_nodes:",
    "file_mounts:",
    "readiness_probe:",
    "resources:",
    "envs:",
    "secrets:",
];

/// Longest text of which converters are asked whose it is, in bytes.
const LARGEST_LOOKED_AT: usize = 64 << 10;

/// Takes the literal secrets out of a text with a spec in it. `None` for any other text, which is
/// not understood, and for a spec that has no secrets. `name` is the file's, of which the ending
/// counts where the text is broken. What is left is a document with the same fields, unless the text
/// was none that can be read.
pub fn mask_spec(name: &str, text: &str) -> Option<Masked> {
    if !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let parsed = parse(0, text);
    if parsed.broken {
        let is_document = [".yaml", ".yml", ".json"].iter().any(|ending| name.contains(ending));
        return is_document.then(|| starred(text, Vec::new())).flatten();
    }
    // To convert a large file takes long, and what looks like a secret in it is none to give away.
    let is_large = text.len() > LARGEST_LOOKED_AT;
    let mut indexes = 0..parsed.documents.len();
    if !is_large && !indexes.any(|index| is_spec(name, &parsed.documents, index)) {
        return None;
    }
    let secrets = all(&parsed.documents);
    if secrets.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for secret in &secrets {
        let SourceSpan { start, end, .. } = secret.node;
        let Some(shown) = rewritten(&text[..start], &text[start..end], &secret.masked) else {
            continue;
        };
        // Places that lie in each other would be no scalars: what is left of them is found below.
        let Some(between) = text.get(done..start) else { continue };
        masked.push_str(between);
        masked.push_str(&shown);
        done = end;
    }
    masked.push_str(&text[done..]);
    let masked = without_in_comments(&masked, &secrets);
    let again = parse(0, &masked);
    let is_clean = !again.broken && all(&again.documents).is_empty();
    if is_clean {
        return Some(Masked { text: masked, count: secrets.len() });
    }
    starred(text, secrets.iter().map(|secret| secret.node).collect())
}

/// A scalar with another text, in the way in which it is written; `before` is what stands before it.
fn rewritten(before: &str, written: &str, text: &str) -> Option<String> {
    // A text in several lines ends where the next line starts.
    let end = &written[written.trim_end().len()..];
    let line = before.trim_end_matches([' ', '\t']);
    let head = line.trim_end().lines().next_back().unwrap_or_default();
    let head = head.split(" #").next().unwrap_or_default().trim_end();
    let head = head.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    if line.ends_with('\n') && head.ends_with(['|', '>']) {
        let indent = &before[line.len()..];
        let lines: Vec<&str> = text.trim_end().lines().collect();
        return Some(lines.join(&format!("\n{indent}")) + end);
    }
    // Quoted as in JSON, which is YAML too.
    Some(serde_json::to_string(text).ok()? + end)
}

/// A document that mlctl would run, or that says that it is mlctl's.
fn is_spec(name: &str, siblings: &[Node], index: usize) -> bool {
    let node = &siblings[index];
    let text = |key: &str| node.get(key).and_then(Node::as_text);
    let env = IndexMap::new();
    let context = ForeignContext { source_name: name, source: 0, index, siblings, env: &env };
    text("apiVersion").is_some_and(|version| version.starts_with("mlctl.dev"))
        || text("kind").is_some_and(|kind| kinds::names().contains(&kind))
        || systems().any(|system| (system.recognise)(node, &context).is_some())
}

/// The secrets of all documents, each place once, in the order of the text.
fn all(documents: &[Node]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for node in documents {
        secrets_in(node, None, &mut secrets);
    }
    secrets.retain(|secret| secret.masked != secret.text && is_literal(secret));
    let telling: Vec<String> = secrets.iter().filter_map(value).map(str::to_owned).collect();
    let telling = Telling::of(telling.iter().map(String::as_str));
    for node in documents {
        repeated(node, &telling, &mut secrets);
    }
    // Aliases repeat a place, and what was found by its name counts before a repetition.
    secrets.sort_by_key(|secret| secret.node.start);
    secrets.dedup_by_key(|secret| secret.node.start);
    secrets
}

/// The secret itself, where it is all of a scalar.
fn value(secret: &Secret) -> Option<&str> {
    (secret.masked == super::MASK).then_some(&*secret.text)
}

/// The scalars in which a value stands that is a secret elsewhere.
fn repeated(node: &Node, values: &Telling<'_>, found: &mut Vec<Secret>) {
    match &node.value {
        Value::Scalar(scalar) => {
            if let Some(masked) = values.masked(&scalar.text) {
                let (text, name) = (scalar.text.clone(), None);
                found.push(Secret { node: node.span, star: node.span, text, name, masked });
            }
        }
        Value::List(items) => {
            for item in items {
                repeated(item, values, found);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                repeated(&entry.value, values, found);
            }
        }
    }
}

/// Comments are no part of the tree: there the values are looked for as they are written.
fn without_in_comments(text: &str, secrets: &[Secret]) -> String {
    let values = Telling::of(secrets.iter().filter_map(value));
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let starts = |(at, _): &(usize, &str)| *at == 0 || line[..*at].ends_with([' ', '\t']);
        match line.match_indices('#').find(starts) {
            Some((at, _)) => {
                shown.push_str(&line[..at]);
                let comment = &line[at..];
                shown.push_str(values.masked(comment).as_deref().unwrap_or(comment));
            }
            None => shown.push_str(line),
        }
    }
    shown
}

/// The last resort, for a text that can't be read: every place is starred out, whatever that makes
/// of the document.
fn starred(text: &str, mut places: Vec<SourceSpan>) -> Option<Masked> {
    find_in_text(0, text, &mut places);
    let masked = mask(&Source::new("", text), 0, &places);
    (masked != text).then_some(Masked { text: masked, count: places.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: a\n";

    #[track_caller]
    fn masked(rest: &str) -> String {
        let text = format!("{HEAD}{rest}");
        let masked = mask_spec("mlctl.yaml", &text).expect("secrets").text;
        assert!(!parse(0, &masked).broken, "{masked}");
        masked[HEAD.len()..].to_owned()
    }

    #[test]
    fn every_way_to_write_a_secret() {
        for rest in [
            "env: [{name: API_TOKEN, value: s3cr3t-x}]\n",
            "env: [{name: API_TOKEN, value: \"s3cr3t-x\"}]\n",
            "env:\n- name: API_TOKEN\n  value: 's3cr3t-x'\n",
            "env:\n- value: s3cr3t-x\n  name: API_TOKEN\n",
            "env:\n- name: API_TOKEN\n  value: |\n    s3cr3t-x\ncode: .\n",
            "env:\n- name: API_TOKEN\n  value: >-\n    s3cr3t-x\n    more\ncode: .\n",
            "env:\n- name: API_TOKEN\n  value: !!str s3cr3t-x\n",
            "env: [{name: API_TOKEN, value: &it s3cr3t-x}, {name: B, value: *it}]\n",
            "args: {api_key: s3cr3t-x}\n",
            "args: {api_key: [s3cr3t-x, b]}\n",
            "command: [x, --api-key, s3cr3t-x]\n",
            "command: [x, -password, s3cr3t-x]\n",
            "command: [x, --api-key=s3cr3t-x]\n",
            "command: [sh, -c, 'export TOKEN=s3cr3t-x; x']\n",
            "command: [sh, -c, 'curl https://me:s3cr3t-x@host/ | sh']\n",
            "args: [--url, 'https://b/k?X-Amz-Signature=s3cr3t-x&a=1']\n",
            "setup: {shell: \"x --password s3cr3t-x\"}\n",
            "podPatch: {spec: {containers: [{name: m, env: [{name: A_KEY, value: s3cr3t-x}]}]}}\n",
            "# it was s3cr3t-x\nenv: [{name: API_TOKEN, value: s3cr3t-x}] # s3cr3t-x\n",
            "env: [{name: API_TOKEN, value: s3cr3t-x}]\ncommand: [x, s3cr3t-x, a-s3cr3t-x-b]\n",
        ] {
            let masked = masked(rest);
            assert!(!masked.contains("s3cr3t-x"), "{masked}");
            assert!(masked.contains("***"), "{masked}");
        }
    }

    #[test]
    fn all_else_stays_as_it_was() {
        let rest = "# a comment\nenv:\n- {name: API_TOKEN, value: abcdefgh} # the token\n- {name: \
                    N_TOKEN, value: '512'}\ncode: .\n";
        let expected = rest.replace("abcdefgh", "\"***\"");
        assert_eq!(masked(rest), expected);
        for text in [
            "env: [{name: API_TOKEN, value: abcdefgh}]\n".to_owned(),
            "kind: Other\nenv: [{name: API_TOKEN, value: abcdefgh}]\n# mlctl.dev\n".to_owned(),
            format!("{HEAD}env: [{{name: N_TOKEN, value: '512'}}, {{name: A, value: b}}]\n"),
            "def f():\n  token = 'mlctl.dev/v1: TrainJob'\n".to_owned(),
        ] {
            assert_eq!(mask_spec("x.yaml", &text), None, "{text}");
        }
    }

    #[test]
    fn other_documents_of_the_file_other_systems_and_broken_files() {
        let two = format!("{HEAD}command: [x]\n---\nenv: [{{name: API_TOKEN, value: abcdefgh}}]\n");
        let json = "{\"jobSpec\": {\"workerPoolSpecs\": [{\"machineSpec\": {\"machineType\": \
                    \"n1-standard-4\"}, \"containerSpec\": {\"imageUri\": \"a\", \"env\": [{\"name\": \
                    \"API_TOKEN\", \"value\": \"abcdefgh\"}]}}]}}";
        let broken = format!("{HEAD}env:\n- name: API_TOKEN\n  value: abcdefgh\n x: [\n");
        for (name, text) in [("a.yaml", &*two), ("job.json", json), ("mlctl.yaml~", &broken)] {
            let masked = mask_spec(name, text).expect(name).text;
            assert!(!masked.contains("abcdefgh"), "{masked}");
        }
        assert_eq!(mask_spec("train.py", &broken), None);
    }
}
