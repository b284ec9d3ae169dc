//! Which version of which model: `NAME@3`, `NAME@champion`, `NAME`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::name::{Alias, ModelName, ParseModelError};

/// Which version of a model is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// That one.
    Version(u64),
    /// The one that has this alias now.
    Alias(Alias),
}

/// A version of a model, as people write it: `NAME@3`, `NAME@champion`, or `NAME`, which is
/// `NAME@default`: the newest version unless that alias was moved to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionRef {
    /// The model.
    pub name: ModelName,
    /// The version of it.
    pub pick: Pick,
}

impl VersionRef {
    /// A version by its number.
    pub fn version(name: &ModelName, version: u64) -> Self {
        Self { name: name.clone(), pick: Pick::Version(version) }
    }
}

impl FromStr for VersionRef {
    type Err = ParseModelError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, pick)) = text.split_once('@') else {
            return Ok(Self { name: text.parse()?, pick: Pick::Alias(Alias::default_alias()) });
        };
        let name = name.parse()?;
        let wrong = || ParseModelError::Reference(text.chars().take(100).collect());
        let pick = if pick.bytes().all(|byte| byte.is_ascii_digit()) {
            // Only what is written the same is the same: no zeros in front. Versions count from 1, and
            // TensorFlow Serving reads them as signed numbers.
            let version: u64 = pick.parse().map_err(|_| wrong())?;
            let is_plain =
                version > 0 && i64::try_from(version).is_ok() && pick == version.to_string();
            Pick::Version(Some(version).filter(|_| is_plain).ok_or_else(wrong)?)
        } else {
            Pick::Alias(pick.parse()?)
        };
        Ok(Self { name, pick })
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, pick } = self;
        match pick {
            Pick::Version(version) => f.pad(&format!("{name}@{version}")),
            Pick::Alias(alias) if alias.is_default() => f.pad(name.as_str()),
            Pick::Alias(alias) => f.pad(&format!("{name}@{alias}")),
        }
    }
}

impl Serialize for VersionRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VersionRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        for text in ["digits", "digits@3", "digits@champion", "a.b@v2"] {
            assert_eq!(text.parse::<VersionRef>().unwrap().to_string(), text);
        }
        let newest: VersionRef = "digits@default".parse().unwrap();
        assert_eq!(newest, "digits".parse().unwrap());
        for bad in [
            "digits@",
            "digits@0",
            "digits@03",
            "digits@-1",
            "digits@3@4",
            "@3",
            "../x@3",
            "a@../x",
            "a@99999999999999999999",
            "a@9223372036854775808",
        ] {
            assert!(bad.parse::<VersionRef>().is_err(), "{bad}");
        }
    }
}
