//! Which model is meant: one by its name, or one by its place.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::storage::Place;

/// A model, as a spec names it.
///
/// A text with a scheme or a `/` in it, and one that begins with `.` or `~`, is a place; anything else
/// is a name, so a folder beside the spec is written `./model`.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelRef {
    /// `digits`, `digits@3`, `digits@champion`: a model of the registry; or the id of a run, whose
    /// model it is. The registry's models come first.
    Named(NamedModel),
    /// A folder of this machine or of a bucket, `hf://org/name` included.
    Place(Place),
}

/// A model by its name, which is not checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedModel {
    /// Name in the registry, or a run's id.
    pub name: String,
    /// What stands behind `@`: a version's number or an alias.
    pub version: Option<String>,
}

impl ModelRef {
    /// The place, when it is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Place(place) => Some(place),
            Self::Named(_) => None,
        }
    }

    /// The place for changes, when it is one.
    pub fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Place(place) => Some(place),
            Self::Named(_) => None,
        }
    }
}

impl From<String> for ModelRef {
    fn from(text: String) -> Self {
        if text.contains("://") || text.contains('/') || text.starts_with(['.', '~']) {
            return Self::Place(text.into());
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (text, None),
        };
        Self::Named(NamedModel { name, version })
    }
}

impl From<&str> for ModelRef {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Named(NamedModel { name, version: Some(version) }) => {
                write!(f, "{name}@{version}")
            }
            Self::Named(NamedModel { name, version: None }) => f.write_str(name),
        }
    }
}

impl Serialize for ModelRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModelRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for ModelRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ModelRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_is_no_place_and_every_text_stays_as_written() {
        for place in ["./digits", "../m", "/models/digits", "models/digits", "s3://b/m", "~/m", "."]
        {
            assert_eq!(ModelRef::from(place).place().map(Place::as_str), Some(place));
        }
        for (text, name, version) in [
            ("digits", "digits", None),
            ("digits@3", "digits", Some("3")),
            ("digits@champion", "digits", Some("champion")),
            ("digits-ab12cd", "digits-ab12cd", None),
            ("digits@", "digits", Some("")),
        ] {
            let model = ModelRef::from(text);
            let wanted = NamedModel { name: name.into(), version: version.map(str::to_owned) };
            assert_eq!(model, ModelRef::Named(wanted));
            assert_eq!(model.to_string(), text);
        }
    }
}
