//! Under which name a run's model goes to the registry.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name that the model gets: alone, or with what is written on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PushTo {
    /// The name alone.
    Name(#[schemars(extend("x-mlctl-expand" = true))] String),
    /// The name, and what the new version gets besides.
    With(PushWith),
}

/// A name of the registry, and what a new version of it gets besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushWith {
    /// The model's name.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub name: String,
    /// An alias that means the new version from then on, such as `candidate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub alias: Option<String>,
    /// Labels of the new version.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("x-mlctl-expand" = true, "x-mlctl-text" = true))]
    pub labels: IndexMap<String, String>,
}

impl PushTo {
    /// All that it says.
    pub fn with(&self) -> PushWith {
        match self {
            Self::Name(name) => PushWith { name: name.clone(), ..PushWith::default() },
            Self::With(with) => with.clone(),
        }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        match self {
            Self::Name(_) => Self::Name(name.to_owned()),
            Self::With(with) => Self::With(PushWith { name: name.to_owned(), ..with.clone() }),
        }
    }
}

impl From<&str> for PushTo {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}
