//! A model by its name, as batch predictions and endpoints name one.

use crate::spec::kinds::batch::{ModelRef, NamedModel};
use crate::spec::syntax::{Code, Diagnostic, SourceSpan};

/// What is wrong with a name that no model can have.
pub(crate) fn wrong_model(named: &NamedModel, span: SourceSpan) -> Option<Diagnostic> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if is_word(&named.name) && named.version.as_deref().is_none_or(is_word) {
        return None;
    }
    let model = ModelRef::Named(named.clone());
    Some(
        Diagnostic::error(Code::BadModel, format!("`{model}` can't be a model")).at(span, "").help(
            "write `digits`, `digits@3` or `digits@champion` of the registry, a bucket's URL, or a \
             folder as `./model`",
        ),
    )
}
