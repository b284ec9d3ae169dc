//! Secret values that are known: wherever else in a plan one stands, it is a secret too.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::expansion::Expansion;
use super::types::Plan;
use crate::spec::check::{
    MASK, hidden_in, is_password_name, is_reference, is_secret_name, mask_argv, mask_value,
};

/// Values shorter than this are looked for nowhere: they would be found everywhere.
const TELLING: usize = 6;

/// The secret values of a plan that are long enough to be looked for. They are in no document.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Known(Vec<String>);

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} values)", self.0.len())
    }
}

impl Known {
    /// There is no secret to be looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Knows more values, as far as they are long enough.
    pub fn add(&mut self, values: impl IntoIterator<Item = String>) {
        let mut all: BTreeSet<String> = std::mem::take(&mut self.0).into_iter().collect();
        for value in values {
            // What is printed is told line by line.
            let lines = value.lines().filter(|_| value.contains('\n')).map(str::trim);
            all.extend(lines.map(str::to_owned));
            all.insert(value);
        }
        all.retain(|value| value.len() >= TELLING && value != MASK);
        self.0 = all.into_iter().collect();
        // One that holds another is hidden as a whole.
        self.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
    }

    /// Knows the values of variables that are secret by themselves.
    pub fn add_variables<'a>(&mut self, all: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let none = BTreeSet::new();
        let secret = all
            .into_iter()
            .filter(|(name, value)| is_secret_variable(name, value, &none) && tells(name, value));
        self.add(secret.map(|(_, value)| value.to_owned()));
    }

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
    pub(super) fn hide_json(&self, value: &mut Json) {
        match value {
            Json::String(text) if self.within(text) => *text = self.hide(text).into_owned(),
            Json::Array(items) => items.iter_mut().for_each(|item| self.hide_json(item)),
            Json::Object(fields) => fields.values_mut().for_each(|value| self.hide_json(value)),
            _ => {}
        }
    }
}

impl Plan {
    /// Remembers which values are secret: those of variables that look like it or are in `given` (what
    /// `${VAR}` brought in), and whatever is masked in any other place.
    pub fn know(&mut self, given: &BTreeSet<String>) {
        let mut known = std::mem::take(&mut self.head.known);
        let mut found = Vec::new();
        for role in &self.gang().roles {
            for variable in &role.env {
                if let Some(value) = &variable.value
                    && is_secret_variable(&variable.name, value, given)
                    && tells(&variable.name, value)
                {
                    found.push(value.clone());
                    // As the command sees it.
                    found.push(Expansion::default().expand(value));
                }
            }
        }
        let flags = secrets_in_arguments(self).into_iter();
        found.extend(flags.filter(|(name, value)| tells(name, value)).map(|(_, value)| value));
        if let (Ok(whole), Ok(masked)) =
            (serde_json::to_value(&*self), serde_json::to_value(self.masked()))
        {
            taken_out(&whole, &masked, &mut found);
        }
        known.add(found);
        self.head.known = known;
    }
}

/// What a masked document leaves out of the texts of the whole one.
fn taken_out(whole: &Json, masked: &Json, found: &mut Vec<String>) {
    match (whole, masked) {
        (Json::String(text), Json::String(shown)) if text != shown => {
            let secrets = hidden_in(text, shown).into_iter();
            let literal = secrets.filter(|value| is_telling(value) && !is_reference(value, text));
            found.extend(literal.map(str::to_owned));
        }
        (Json::Array(whole), Json::Array(masked)) => {
            whole.iter().zip(masked).for_each(|(one, other)| taken_out(one, other, found));
        }
        (Json::Object(whole), Json::Object(masked)) => {
            for (name, value) in whole {
                if let Some(shown) = masked.get(name) {
                    taken_out(value, shown, found);
                }
            }
        }
        _ => {}
    }
}

/// The value of this variable or argument is looked for: what is behind the name of a password, or of a
/// variable of the environment that announces a secret, is one, whatever it looks like.
fn tells(name: &str, value: &str) -> bool {
    let is_of_environment = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_announced = name.chars().all(is_of_environment) && is_secret_name(name);
    is_telling(value) || value.len() >= TELLING && (is_announced || is_password_name(name))
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
            let literal = name_and_value.filter(|(_, value)| !is_reference(value, word));
            found.extend(literal.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_value_are_known_too() {
        let mut known = Known::default();
        known.add(["first-line\nsecond-line".to_owned(), "short".to_owned()]);
        assert_eq!(known.hide("a second-line b short"), "a *** b short");
        known.add_variables([("DB_PASSWORD", "lettersonly"), ("COLUMN", "othertext")]);
        assert_eq!(known.hide("lettersonly othertext first-line"), "*** othertext ***");
        known.add_variables([("API_TOKEN", "correcthorse"), ("PAD_TOKEN", "padding")]);
        assert_eq!(known.hide("correcthorse padding"), "*** padding");
    }
}
