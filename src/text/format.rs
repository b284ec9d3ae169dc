//! Documents that outlive the program that wrote them carry the number of their format. A reader that
//! meets a newer one says so instead of guessing what it means.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A document can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A newer mlctl wrote it.
    #[error("it has format {found}, written by a newer mlctl; this one knows {known}")]
    Newer {
        /// The format that was found.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// It is no such document.
    #[error("{0}")]
    Damaged(String),
}

/// The number of a document's format: `schemaVersion`, or `v` in a line of a journal.
#[derive(Deserialize)]
struct Numbered {
    #[serde(alias = "schemaVersion", alias = "v", default)]
    number: u32,
}

/// Reads a JSON document of a format up to `known`. The number is looked at first, since a newer
/// document may lack what this program takes for necessary.
pub fn read_document<T: DeserializeOwned>(bytes: &[u8], known: u32) -> Result<T, FormatError> {
    let found = serde_json::from_slice::<Numbered>(bytes).map_or(0, |document| document.number);
    if found > known {
        return Err(FormatError::Newer { found, known });
    }
    serde_json::from_slice(bytes).map_err(|error| FormatError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_document_is_told_from_a_damaged_one() {
        type Map = std::collections::BTreeMap<String, u32>;
        let read = |text: &str| read_document::<Map>(text.as_bytes(), 1);
        assert_eq!(read(r#"{"schemaVersion":1,"a":2}"#).unwrap()["a"], 2);
        assert_eq!(read(r#"{"a":2}"#).unwrap()["a"], 2);
        let newer = FormatError::Newer { found: 3, known: 1 };
        assert_eq!(read(r#"{"schemaVersion":3,"a":"?"}"#).unwrap_err(), newer);
        assert_eq!(read(r#"{"v":3,"type":"?"}"#).unwrap_err(), newer);
        assert!(matches!(read(r#"{"schemaVersion":1,"#).unwrap_err(), FormatError::Damaged(_)));
    }
}
