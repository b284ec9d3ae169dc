//! Which revision of an endpoint a person means by a name.

use super::target::EndpointTarget;
use crate::cli::{CliError, ErrorKind};
use crate::work::serve::rollout::RevisionId;

/// The revision that is to get everything. A name is enough where one generation of it is known that was not
/// given up; the newest of several is hardly what a rollback wants, so that none is guessed.
pub(super) fn revision_meant(target: &EndpointTarget, text: &str) -> Result<RevisionId, CliError> {
    let revisions = &target.state.revisions;
    if let Some(id) = revisions.keys().find(|id| id.exact() == text) {
        return Ok(id.clone());
    }
    let named: Vec<&RevisionId> = revisions.keys().filter(|id| id.name.as_str() == text).collect();
    let is_well = |id: &&&RevisionId| revisions.get(id).is_some_and(|one| one.condemned.is_none());
    let well: Vec<&&RevisionId> = named.iter().filter(is_well).collect();
    match (well.as_slice(), named.as_slice()) {
        ([only], _) => Ok((**only).clone()),
        ([], [only]) => Ok((*only).clone()),
        ([], []) => {
            let known: Vec<String> = revisions.keys().map(ToString::to_string).collect();
            let (name, known) = (&target.document.name, known.join(", "));
            let message = format!("{name} knows no revision `{text}`: it knows {known}");
            Err(CliError::new(ErrorKind::NotFound, message))
        }
        _ => {
            let names: Vec<String> = named.iter().map(|id| id.exact()).collect();
            let message = format!("`{text}` may mean {}", names.join(" or "));
            let example = names.first().cloned().unwrap_or_default();
            Err(CliError::new(ErrorKind::Usage, message)
                .hint(format!("name the one that is to get everything: --to {example}")))
        }
    }
}
