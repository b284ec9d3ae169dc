//! Names that become parts of paths and keys: they can only be made by parsing, from whatever source.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name: what a label's value in a cluster may have.
const MAX_LENGTH: usize = 63;

/// The text is no name of a model, an alias or a label, or no reference to a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseModelError {
    /// A model's name.
    #[error(
        "`{}` can't be the name of a model: it has at most {MAX_LENGTH} of a-z, 0-9, `-`, `_` and `.`, \
         starts and ends with a letter or a digit, and is not a number alone",
        .0.escape_debug()
    )]
    Name(String),
    /// An alias.
    #[error(
        "`{}` can't be an alias: it has at most {MAX_LENGTH} of a-z, 0-9, `-`, `_` and `.`, starts and \
         ends with a letter or a digit, and is not a number alone, which would be a version",
        .0.escape_debug()
    )]
    Alias(String),
    /// A label.
    #[error(
        "`{}` is no label: write KEY=VALUE, the key of a-z, 0-9, `-`, `_` and `.`, the value of at most \
         {MAX_VALUE} printable characters",
        .0.escape_debug()
    )]
    Label(String),
    /// What stands behind the `@`.
    #[error(
        "`{}` names no version: write NAME@3, NAME@ALIAS, or NAME for the newest",
        .0.escape_debug()
    )]
    Reference(String),
}

/// Longest value of a label.
const MAX_VALUE: usize = 256;

/// Nothing that a file system, a URL, a shell or a terminal gives a meaning. A number alone is a version's
/// folder for TensorFlow Serving.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.len() <= MAX_LENGTH
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'_' | b'.'))
        && !bytes.iter().all(u8::is_ascii_digit)
}

/// As much of a wrong text as a message shows.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Defines a name of this grammar; `$error` is what a wrong text is.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $error:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseModelError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if is_name(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ParseModelError::$error(shown(text)))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// The name of a model: a folder of the registry.
    ModelName,
    Name
);
name!(
    /// A name for one version of a model, which can be moved: `champion`.
    Alias,
    Alias
);

impl Alias {
    /// The alias that a model's name alone means.
    pub fn default_alias() -> Self {
        Self("default".to_owned())
    }

    /// It is that alias.
    pub fn is_default(&self) -> bool {
        self.0 == "default"
    }
}

/// A label of a version, `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Label {
    type Err = ParseModelError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseModelError::Label(shown(text));
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let is_value = value.chars().count() <= MAX_VALUE && !value.contains(char::is_control);
        if !is_name(name) || !is_value {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_anywhere_but_to_its_own_folder() {
        let long = "a".repeat(64);
        for bad in [
            "", ".", "..", "../x", "a/b", "/a", "_mlctl", "-a", "a-", ".a", "a.", "A", "é", "a b",
            "a\n", "a\0", "3", "007", "a@b", "a%2f", "s3://b", "a:b", "~", "$(x)", &long,
        ] {
            assert!(bad.parse::<ModelName>().is_err(), "{bad:?}");
            assert!(bad.parse::<Alias>().is_err(), "{bad:?}");
            assert!(serde_json::from_value::<ModelName>(bad.into()).is_err(), "{bad:?}");
        }
        for good in ["a", "digits", "my_model.v2-b", "3d", "0x1"] {
            assert_eq!(good.parse::<ModelName>().unwrap().as_str(), good);
        }
        let said = "a\u{1b}[2J".parse::<ModelName>().unwrap_err().to_string();
        assert!(said.contains("\\u{1b}[2J"), "{said}");
    }

    #[test]
    fn a_label_has_a_name_and_any_printable_value() {
        let label: Label = "team=vision = best".parse().unwrap();
        assert_eq!((label.name.as_str(), label.value.as_str()), ("team", "vision = best"));
        for bad in ["team", "=x", "a b=c", "a=b\nc", "a=\u{1b}"] {
            assert!(bad.parse::<Label>().is_err(), "{bad:?}");
        }
    }
}
