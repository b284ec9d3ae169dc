//! How a revision's objects in a cluster are called.

use sha2::{Digest, Sha256};

use crate::gang::{ParseNameError, RunId};
use crate::text::hex;

/// Longest beginning of such a name, so that what is added to it for its pods and ConfigMaps fits.
const LONGEST: usize = 40;

/// The Deployment of a revision with this definition. The same endpoint, revision and definition always
/// have the same, and no others do.
pub fn deployment_of(
    endpoint: &RunId,
    revision: &str,
    digest: &str,
) -> Result<RunId, ParseNameError> {
    let mut sum = Sha256::new();
    for part in [endpoint.as_str(), revision, digest] {
        sum.update((part.len() as u64).to_le_bytes());
        sum.update(part);
    }
    let name = endpoint.rsplit_once('-').map_or(endpoint.as_str(), |(name, _)| name);
    let mut readable = format!("{name}-{revision}");
    readable.truncate(LONGEST);
    let hash = &hex::encode(sum.finalize())[..10];
    format!("{}-{hash}", readable.trim_end_matches('-')).parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_definition_of_each_revision_has_its_own() {
        let endpoint: RunId = "digits-abc123".into();
        let name = |revision: &str, digest| deployment_of(&endpoint, revision, digest).unwrap();
        let names = [name("v1", "a"), name("v1", "b"), name("v2", "a")];
        assert!(names[0].starts_with("digits-v1-"), "{}", names[0]);
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(name("v1", "a"), names[0]);
        let long = name(&"r".repeat(63), "a");
        assert!(long.len() <= 52, "{long}");
    }
}
