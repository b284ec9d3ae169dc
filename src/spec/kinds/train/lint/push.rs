//! The name under which a model is pushed.

use super::context::Lint;
use crate::spec::kinds::train::{PushTo, PushWith};
use crate::spec::syntax::{Code, Diagnostic};

impl Lint<'_> {
    pub(crate) fn push(&mut self) {
        let Some(push) = &self.job.push else { return };
        let PushWith { name, alias, .. } = push.with();
        let (at_name, at_alias) = match push {
            PushTo::Name(_) => ("push", "push"),
            PushTo::With(_) => ("push.name", "push.alias"),
        };
        if !is_word(&name) {
            self.add(
                Diagnostic::error(Code::BadModel, format!("`{name}` can't be a model's name"))
                    .at(self.spans.value(at_name), "")
                    .help("a new version gets the next number: write the name alone, such as `digits`"),
            );
        }
        if let Some(alias) = alias.filter(|alias| !is_word(alias)) {
            self.add(
                Diagnostic::error(Code::BadModel, format!("`{alias}` can't be an alias"))
                    .at(self.spans.value(at_alias), "")
                    .help("write a word, such as `candidate`"),
            );
        }
    }
}

/// What may be one; the registry has the last word, which is asked before anything starts.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
