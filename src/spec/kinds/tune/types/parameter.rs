//! What a study chooses.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word::Word;

/// A parameter: one range or list of values, or several variants of which one counts at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Parameter {
    /// The one that there is.
    One(Box<Variant>),
    /// Several, under conditions that exclude each other.
    Several(Vec<Variant>),
}

impl Parameter {
    /// All variants, in the order of the file.
    pub fn variants(&self) -> &[Variant] {
        match self {
            Self::One(variant) => std::slice::from_ref(variant),
            Self::Several(variants) => variants,
        }
    }
}

/// What a parameter may be: exactly one of `double`, `integer`, `discrete` and `categorical`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Variant {
    /// Any number from the first to the second one, both included: `[1e-5, 1e-1]`. Twice the same
    /// number is a constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double: Option<Vec<f64>>,
    /// Any whole number from the first to the second one, both included: `[16, 512]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integer: Option<Vec<i64>>,
    /// One of these numbers: `[32, 64, 128]`. What lies between them counts as between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discrete: Option<Vec<f64>>,
    /// One of these texts, which have no order: `[adam, sgd]`. Numbers and true or false are taken as
    /// they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categorical: Option<Vec<Word>>,
    /// On which scale values are alike. `log` is right where a factor counts and not a difference, as
    /// for learning rates. Default `linear`. `categorical` has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// The parameter, or this variant, counts only if each of these others has one of the values:
    /// `{optimizer: [sgd]}`. Otherwise the trial doesn't get it at all.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub when: IndexMap<String, Choices>,
}

/// On which scale the values of a parameter are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// Differences count.
    #[default]
    Linear,
    /// Factors count, so that small values are told apart more finely. All values are above zero.
    Log,
    /// Factors of the distance from the upper end count, so that large values are told apart more
    /// finely, as for a momentum near 1. All values are above zero.
    ReverseLog,
}

/// One value or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Choices {
    /// One of them.
    One(Word),
    /// Several, of which each will do.
    Several(Vec<Word>),
}

impl Choices {
    /// All values.
    pub fn words(&self) -> &[Word] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Several(words) => words,
        }
    }
}
