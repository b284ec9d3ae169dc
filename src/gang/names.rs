//! Names that become parts of paths and of objects' names: they can only be made by parsing, from
//! whatever source, so that no name of a run or a role leads anywhere but to its own place.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name: what a label's value and a part of a host name may have.
const MAX_LENGTH: usize = 63;

/// The text is no name of a run, a role or a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` can't be the name of a {what}: it has at most {MAX_LENGTH} of a-z, 0-9 and `-`, and starts \
     and ends with a letter or a digit",
    text.escape_debug()
)]
pub struct ParseNameError {
    /// `run`, `role` or `revision`.
    pub what: &'static str,
    /// The text, as it was found.
    pub text: String,
}

/// A label of RFC 1123, which is what Kubernetes allows in the names of Services: no dot, no slash, no
/// upper case, nothing that a file system, a shell or a terminal gives a meaning.
fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.len() <= MAX_LENGTH
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}

/// Defines a name of this grammar; `$what` stands in its errors.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether a text is such a name, for whoever looks at very many of them.
            pub fn accepts(text: &str) -> bool {
                is_label(text)
            }
        }

        impl FromStr for $name {
            type Err = ParseNameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if is_label(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ParseNameError { what: $what, text: text.chars().take(100).collect() })
                }
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<Path> for $name {
            fn as_ref(&self) -> &Path {
                Path::new(&self.0)
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == other.0
            }
        }

        impl PartialEq<$name> for String {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
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

        #[cfg(test)]
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                text.parse().unwrap()
            }
        }
    };
}

name! {
    /// Id of a run, `<name>-<6 characters>`: the name of its folder, and the beginning of its objects'.
    RunId, "run"
}

impl RunId {
    /// The id is one of a run of this name.
    pub fn is_of(&self, name: &str) -> bool {
        self.rsplit_once('-').is_some_and(|(own, _)| own == name)
    }
}

name! {
    /// Name of a role, which its replicas are called after: `worker` in `worker-0`.
    RoleName, "role"
}

name! {
    /// Name of a revision of an endpoint: `v2`.
    RevisionName, "revision"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_leads_elsewhere_is_no_name() {
        let wrong = [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "/a",
            "a\\b",
            "a.b",
            "a b",
            "A",
            "-a",
            "a-",
            "a\0",
            "a\n",
            "a\u{1b}",
            "ä",
            "a\u{202e}b",
            "~",
            "$a",
            "a:b",
            "a*",
        ];
        for text in wrong {
            let error = text.parse::<RunId>().unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
            assert!(serde_json::from_value::<RoleName>(text.into()).is_err(), "{text:?}");
        }
        assert!("a".repeat(64).parse::<RunId>().is_err());
        for text in ["a", "digits-k3x9ab", "0a", &"a".repeat(63)] {
            assert_eq!(text.parse::<RunId>().unwrap(), *text);
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_part_of_a_path(text in any::<String>()) {
            if let Ok(name) = text.parse::<RunId>() {
                let path = std::path::Path::new("/state").join(name.as_str());
                prop_assert_eq!(path.parent(), Some(std::path::Path::new("/state")));
                prop_assert_eq!(path.components().count(), 3);
            }
        }
    }
}
