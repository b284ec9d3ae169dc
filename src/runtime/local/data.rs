//! Data on this machine: folders that are linked into working folders, and what stands for claims.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::agent::WorkLink;
use crate::plan::{DataPlan, Plan};
use crate::storage::{Claim, Place};

/// Folders for claims, by the claim's name.
pub(crate) type Claims = BTreeMap<String, PathBuf>;

/// The folder that stands for a claim's path.
pub(crate) fn folder(claims: &Claims, uri: &Place, claim: &Claim) -> Result<PathBuf, String> {
    match claims.get(&claim.name) {
        Some(folder) => Ok(folder.join(&claim.path)),
        None => Err(format!(
            "{uri} is a claim of a cluster; say in the settings which folder stands for it here: \
             `claims: {{{}: /some/folder}}`",
            claim.name
        )),
    }
}

/// What is linked into each working folder; every reason against it comes at once.
pub(crate) fn links(plan: &Plan, claims: &Claims) -> Result<Vec<WorkLink>, Vec<String>> {
    let mut refused = Vec::new();
    let mut links = Vec::new();
    // What is in buckets the agents fetch.
    for data in &plan.gang().data {
        if let Place::Object(_) = data.uri {
            if Path::new(&data.path).is_absolute() {
                refused.push(format!(
                    "data: {} can be at {} in a cluster only; here write a path in the working folder",
                    data.uri, data.path
                ));
            }
            continue;
        }
        match link(data, claims) {
            Ok(link) => links.extend(link),
            Err(reason) => refused.push(format!("data: {reason}")),
        }
    }
    if refused.is_empty() { Ok(links) } else { Err(refused) }
}

fn link(data: &DataPlan, claims: &Claims) -> Result<Option<WorkLink>, String> {
    let source = match data.uri.claim() {
        Some(claim) => folder(claims, &data.uri, claim)?,
        None => PathBuf::from(data.uri.as_str()),
    };
    if !source.exists() {
        return Err(format!("{} does not exist", source.display()));
    }
    let path = Path::new(&data.path);
    if !path.is_absolute() {
        return Ok(Some(WorkLink { path: path.into(), target: source }));
    }
    // Nothing is mounted on this machine, but the data may already lie at the path.
    let same = |one: &Path, other: &Path| {
        one == other
            || fs_err::canonicalize(one)
                .ok()
                .is_some_and(|one| fs_err::canonicalize(other).is_ok_and(|other| one == other))
    };
    if same(path, &source) {
        return Ok(None);
    }
    Err(format!(
        "nothing can be mounted at {} on this machine; a relative `path` works here and in a cluster",
        data.path
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(uri: &str, path: &str) -> DataPlan {
        DataPlan { uri: uri.into(), path: path.into() }
    }

    #[test]
    fn claims_are_folders_of_the_settings() {
        let root = tempfile::tempdir().unwrap();
        fs_err::create_dir(root.path().join("digits")).unwrap();
        let claims = Claims::from([("sets".to_owned(), root.path().to_path_buf())]);
        let found = link(&data("pvc://sets/digits", "in/data"), &claims).unwrap().unwrap();
        assert_eq!(found.target, root.path().join("digits"));
        assert!(
            link(&data("pvc://other", "data"), &claims).unwrap_err().contains("claims: {other")
        );
        assert!(link(&data("pvc://sets/none", "data"), &claims).unwrap_err().contains("not exist"));
        let there = root.path().to_str().unwrap();
        assert_eq!(link(&data("pvc://sets", there), &claims), Ok(None));
        assert!(link(&data("pvc://sets", "/data"), &claims).unwrap_err().contains("relative"));
    }
}
