//! Secret values that are known: wherever else in a plan one stands, it is a secret too.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::types::Plan;
use crate::spec::check::{MASK, is_secret_name, mask_argv, mask_value};

/// Values shorter than this are looked for nowhere: they would be found everywhere.
const TELLING: usize = 6;

/// The secret values of a plan that are long enough to be looked for. They are in no document.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Known(Vec<String>);

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} values)", self.0.len())
    }
}

impl Known {
    /// One of the values stands in a text.
    pub fn within(&self, text: &str) -> bool {
        self.0.iter().any(|value| text.contains(value.as_str()))
    }

    /// A text without the values.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0
            .iter()
            .filter(|value| text.contains(value.as_str()))
            .fold(Cow::Borrowed(text), |shown, value| {
                Cow::Owned(shown.replace(value.as_str(), MASK))
            })
    }

    /// A command line as it may be shown.
    pub fn argv(&self, argv: &[String]) -> Vec<String> {
        mask_argv(argv).into_iter().map(|word| self.hide(&word).into_owned()).collect()
    }

    /// The texts of a verbatim field.
    pub(super) fn hide_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value as Json;
        match value {
            Json::String(text) if self.within(text) => *text = self.hide(text).into_owned(),
            Json::Array(items) => items.iter_mut().for_each(|item| self.hide_json(item)),
            Json::Object(fields) => fields.values_mut().for_each(|value| self.hide_json(value)),
            _ => {}
        }
    }
}

impl Plan {
    /// Remembers which values are secret: those of variables and arguments that look like it, and those
    /// of variables that are in `given` (what `${VAR}` brought in).
    pub fn know(&mut self, given: &BTreeSet<String>) {
        let mut values: BTreeSet<String> =
            std::mem::take(&mut self.head.known.0).into_iter().collect();
        for role in &self.gang().roles {
            for variable in &role.env {
                if let Some(value) = &variable.value
                    && is_secret_variable(&variable.name, value, given)
                {
                    values.insert(value.clone());
                }
            }
        }
        values.extend(secrets_in_arguments(self).into_iter().map(|(_, value)| value));
        let mut values: Vec<_> = values.into_iter().filter(|value| is_telling(value)).collect();
        // One that holds another is hidden as a whole.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self.head.known = Known(values);
    }
}

/// A variable whose value is a secret by itself.
pub(super) fn is_secret_variable(name: &str, value: &str, given: &BTreeSet<String>) -> bool {
    (is_secret_name(name) || mask_value(name, value) != value || given.contains(value))
        && !value.is_empty()
        && value != MASK
}

/// A value that isn't elsewhere by chance: not short, and no word such as `sentence` or `customer_id`
/// that happens to stand behind a suspicious name.
pub fn is_telling(value: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-' | '.' | '/');
    value.len() >= TELLING && !(value.len() < 20 && value.chars().all(is_word))
}

/// Secrets of command lines, each with its flag: `--api-key=x` and `--api-key x`. One that names a
/// variable is none.
pub fn secrets_in_arguments(plan: &Plan) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for role in &plan.gang().roles {
        let argv = if role.command.is_empty() { &role.entrypoint_args } else { &role.command };
        let masked = mask_argv(argv);
        for (index, (word, shown)) in argv.iter().zip(&masked).enumerate() {
            let pair = word.split_once('=').filter(|_| shown.ends_with(&format!("={MASK}")));
            let before = index.checked_sub(1).map(|before| argv[before].as_str());
            let name_and_value = match pair {
                Some((name, value)) => Some((name, value)),
                None if shown == MASK => before
                    .filter(|before| is_secret_name(before))
                    .map(|before| (before, word.as_str())),
                None => None,
            };
            let literal = name_and_value.filter(|(_, value)| !value.contains('$'));
            found.extend(literal.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }
    found
}
