//! `--set path=value`: changes to a document before it is checked.

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{Entry, Key, Node, Value};
use super::source::{Source, SourceSpan};
use crate::text::nearest;

/// What the texts of `--set` are called in findings, where a file has its path.
pub(crate) const SOURCE_NAME: &str = "--set";

/// What the text of `--name` is called in findings.
pub(crate) const NAME_SOURCE: &str = "--name";

/// What one `--set` changes: where in the document, and where the new value is written.
#[derive(Debug)]
pub(crate) struct Change {
    steps: Vec<(Step, SourceSpan)>,
    value: SourceSpan,
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the value of this key.
    Key(String),
    /// To this item, counted from 0.
    Index(usize),
}

/// Reads `path=value`; `index` is the text's index among the sources.
pub(crate) fn read(index: usize, source: &Source) -> Result<Change, Vec<Diagnostic>> {
    let text = source.text.as_str();
    let refuse = |at: usize, message: &str| {
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        vec![
            Diagnostic::error(Code::BadSet, message)
                .at(SourceSpan { source: index, start: at, end }, "")
                .help(
                    "write `--set roles.worker.replicas=4` or `--set 'env[0].value=x'`; a name with \
                     dots: `--set 'labels[\"a.b/c\"]=x'` or `--set 'labels.a\\.b/c=x'`",
                ),
        ]
    };
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let (step, length) = step(&text[at..]).map_err(|message| refuse(at, message))?;
        steps.push((step, SourceSpan { source: index, start: at, end: at + length }));
        at += length;
        match text[at..].chars().next() {
            Some('=') => break,
            Some('.') => at += 1,
            Some('[') => {}
            Some(_) => return Err(refuse(at, "`.`, `[` or `=` must follow a name in the path")),
            None => return Err(refuse(0, "`--set` takes a path and a value, with `=` between")),
        }
    }
    let value = SourceSpan { source: index, start: at + 1, end: text.len() };
    Ok(Change { steps, value })
}

/// The first step of a path, and how long it is written. A name with dots is written as other tools
/// want it: `a\.b` as in Helm, `["a.b"]` and `['a.b']` as in JSON paths, or `"a.b"` alone.
fn step(rest: &str) -> Result<(Step, usize), &'static str> {
    if rest.starts_with('"') {
        let (name, length) = quoted(rest)?;
        return Ok((Step::Key(name), length));
    }
    let Some(inner) = rest.strip_prefix('[') else {
        let (name, length) = name(rest, &['.', '[', '=', '"'])?;
        if length == 0 {
            return Err("a name is missing in the path");
        }
        return Ok((Step::Key(name), length));
    };
    if inner.starts_with(['"', '\'']) {
        let (name, length) = quoted(inner)?;
        if !inner[length..].starts_with(']') {
            return Err("a bracket around a quoted name is never closed");
        }
        return Ok((Step::Key(name), length + 2));
    }
    let end = inner.find(']').unwrap_or(0);
    let number =
        inner[..end].parse().map_err(|_| "in brackets stands a number, or a name in quotes")?;
    Ok((Step::Index(number), end + 2))
}

/// The name in the quotes that `rest` begins with, and how long it is with both of them.
fn quoted(rest: &str) -> Result<(String, usize), &'static str> {
    let quote = if rest.starts_with('"') { '"' } else { '\'' };
    let (name, length) = name(&rest[1..], &[quote])?;
    if !rest[1 + length..].starts_with(quote) {
        return Err("a quote in the path is never closed");
    }
    Ok((name, length + 2))
}

/// The name up to the first of `ends`, and how long it is written: behind a backslash any sign is a part
/// of the name.
fn name(rest: &str, ends: &[char]) -> Result<(String, usize), &'static str> {
    let mut name = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        if ends.contains(&c) {
            return Ok((name, at));
        }
        if c == '\\' {
            let (_, next) = chars.next().ok_or("a backslash in the path has nothing behind it")?;
            name.push(next);
        } else {
            name.push(c);
        }
    }
    Ok((name, rest.len()))
}

impl Change {
    /// The text `index` of the sources as the value of these keys.
    pub(crate) fn whole(index: usize, source: &Source, keys: &[&str]) -> Self {
        let value = SourceSpan { source: index, start: 0, end: source.text.len() };
        let steps = keys.iter().map(|key| (Step::Key((*key).to_owned()), value)).collect();
        Self { steps, value }
    }

    /// Where the new value is written: what it means depends on the document's kind.
    pub(crate) fn value(&self) -> SourceSpan {
        self.value
    }

    /// The way to what is changed.
    pub(crate) fn steps(&self) -> Vec<&Step> {
        self.steps.iter().map(|(step, _)| step).collect()
    }

    /// Any name makes a role, so a typo would add one to the gang without a word.
    fn no_typo_of_a_role(&self, root: &Node) -> Result<(), Diagnostic> {
        let [(Step::Key(first), _), (Step::Key(name), span), ..] = &self.steps[..] else {
            return Ok(());
        };
        let roles = root.get(first).filter(|_| first == "roles").and_then(Node::as_map);
        let names: Vec<&str> =
            roles.unwrap_or_default().iter().map(|entry| entry.key.text.as_str()).collect();
        if names.contains(&name.as_str()) {
            return Ok(());
        }
        let Some(near) = nearest(name, names) else { return Ok(()) };
        Err(Diagnostic::error(Code::BadSet, format!("there is no role `{name}`"))
            .at(*span, "would be one more role")
            .help(format!(
                "did you mean `{near}`? A role that is really new is written into the file"
            )))
    }

    /// Makes the change; what is missing on the way is made too.
    pub(crate) fn apply(&self, root: &mut Node, value: Node) -> Result<(), Diagnostic> {
        self.no_typo_of_a_role(root)?;
        let mut here = root;
        for (number, (step, span)) in self.steps.iter().enumerate() {
            let is_last = number + 1 == self.steps.len();
            if here.is_null() {
                here.span = *span;
                here.value = match step {
                    Step::Key(_) => Value::Map(Vec::new()),
                    Step::Index(_) => Value::List(Vec::new()),
                };
            }
            let (found, found_at) = (here.describe(), here.span);
            here = match (step, &mut here.value) {
                (Step::Key(name), Value::Map(entries)) => {
                    let at = entries.iter().position(|entry| entry.key.text == *name);
                    let at = at.unwrap_or_else(|| {
                        let key = Key { text: name.clone(), span: *span };
                        entries.push(Entry { key, value: Node::plain("", *span) });
                        entries.len() - 1
                    });
                    let entry = &mut entries[at];
                    if is_last {
                        // Mistakes of the value are shown where it was written: in this text.
                        entry.key.span = *span;
                    }
                    &mut entry.value
                }
                (Step::Index(index), Value::List(items)) => {
                    let count = items.len();
                    if *index > count {
                        return Err(no_item(*index, count, *span));
                    }
                    if *index == count {
                        items.push(Node::plain("", *span));
                    }
                    &mut items[*index]
                }
                (step, _) => {
                    let wanted = match step {
                        Step::Key(_) => "a mapping",
                        Step::Index(_) => "a list",
                    };
                    return Err(Diagnostic::error(
                        Code::BadSet,
                        format!("this step of the path needs {wanted}, and finds {found}"),
                    )
                    .at(*span, format!("needs {wanted}"))
                    .at(found_at, found)
                    .help("end the path at an earlier step, and give all of its value"));
                }
            };
        }
        *here = value;
        Ok(())
    }
}

fn no_item(index: usize, count: usize, span: SourceSpan) -> Diagnostic {
    let last = count.checked_sub(1).map_or_else(
        || "the list is empty".to_owned(),
        |last| format!("the list's last item is [{last}]"),
    );
    Diagnostic::error(Code::BadSet, format!("there is no item [{index}]: {last}"))
        .at(span, "")
        .help(format!("`[{count}]` would add an item"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_makes_any_sign_a_part_of_a_name() {
        let source = Source::new(SOURCE_NAME, r#"["a.b"].c\=d\[0][0]['e\'f']."\\".é\..g=1"#);
        let change = read(0, &source).unwrap();
        let keys = ["a.b", "c=d[0]", "0", "e'f", "\\", "é.", "g"];
        let steps = change.steps();
        assert_eq!(steps.len(), keys.len());
        for (step, wanted) in steps.into_iter().zip(keys) {
            match step {
                Step::Key(key) => assert_eq!(key, wanted),
                Step::Index(index) => assert_eq!(index.to_string(), wanted),
            }
        }
        assert_eq!(&source.text[change.value().start..], "1");
    }
}
