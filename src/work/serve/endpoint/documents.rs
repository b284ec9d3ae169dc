//! The documents of an endpoint, as they lie in a folder of the state or in a ConfigMap of its cluster.

use std::collections::BTreeMap;

use super::document::ENDPOINT_DOCUMENT;
use super::error::ServeError;
use crate::store::{Durability, EndpointPaths, private_dir, write_atomic};

/// Writes an endpoint's document and its definitions, by the names that they have in its cluster, where
/// they are read from here. Other names are passed over.
pub fn write_documents(
    documents: &BTreeMap<String, String>,
    paths: &EndpointPaths,
) -> Result<(), ServeError> {
    for (name, text) in documents {
        let path = if name == ENDPOINT_DOCUMENT {
            paths.document()
        } else if let Some(digest) = name.strip_suffix(".json").filter(|one| is_digest(one)) {
            paths.definition(digest)
        } else {
            continue;
        };
        if let Some(folder) = path.parent() {
            private_dir(folder)?;
        }
        write_atomic(&path, text.as_bytes(), Durability::Crash)?;
    }
    Ok(())
}

/// A name becomes a path only where it is a fingerprint.
fn is_digest(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_documents_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let paths = EndpointPaths::new(folder.path(), &"digits-abc123".into());
        let names = ["endpoint.json", "0af1.json", "../x.json", "a/b.json", ".json", "live.json"];
        let documents = names.map(|name| (name.to_owned(), name.to_owned())).into();
        write_documents(&documents, &paths).unwrap();
        let mut found = names_below(folder.path());
        found.sort();
        assert_eq!(found, ["0af1.json", "endpoint.json"]);
    }

    fn names_below(folder: &std::path::Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names.extend(names_below(&path));
            } else {
                names.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
        names
    }
}
