//! How a revision's objects in a cluster are called.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::gang::{ParseNameError, RunId};
use crate::text::hex;
use crate::work::serve::rollout::{EndpointState, Entry, Line};

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

/// The Deployments of revisions that a journal has named and that nothing needs any more, not even a rollback.
/// Those of a spec that is just being applied by somebody else are none of them: no line names them yet.
pub fn unnamed_deployments(endpoint: &RunId, lines: &[Line]) -> Result<Vec<RunId>, ParseNameError> {
    let state = EndpointState::of(lines);
    let all_of = |revisions: &mut dyn Iterator<Item = (&str, &str)>| {
        revisions
            .map(|(revision, digest)| deployment_of(endpoint, revision, digest))
            .collect::<Result<BTreeSet<RunId>, ParseNameError>>()
    };
    let of_rules = |rules: &crate::work::serve::rollout::Rules| {
        let revisions = rules.revisions.iter();
        all_of(&mut revisions.map(|(name, own)| (name.as_ref(), own.digest.as_str())))
    };
    let of_state = |state: &EndpointState| {
        let revisions = state.revisions.iter();
        all_of(&mut revisions.map(|(id, own)| (id.name.as_ref(), own.rules.digest.as_str())))
    };
    let mut named = BTreeSet::new();
    for line in lines {
        match &line.entry {
            Entry::Applied { rules } => named.extend(of_rules(rules)?),
            Entry::Snapshot { state } => named.extend(of_state(state)?),
            _ => {}
        }
    }
    let mut needed = of_state(&state)?;
    if let Some(rules) = &state.rules {
        needed.extend(of_rules(rules)?);
    }
    Ok(named.difference(&needed).cloned().collect())
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
