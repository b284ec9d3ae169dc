//! Large code on its way to the pods: into the bucket of the output, by content.

use crate::plan::{ARCHIVE_VERSION, Plan};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::objects::PackedCode;
use crate::storage::{NoProgress, StorageError, StorageErrorKind, Stores};

/// Says in the plan of a run whose code is too large for ConfigMaps where the pods will find it.
pub fn name_archive(plan: &mut Plan) -> Result<(), RuntimeError> {
    if let Some(service) = plan.service_mut() {
        return service.revisions.iter_mut().try_for_each(|one| name_archive(&mut one.plan));
    }
    let Some(packed) = PackedCode::of(plan).map_err(refused)? else { return Ok(()) };
    let settings = plan.batch().map(|batch| batch.storage.clone()).unwrap_or_default();
    plan.head.schema_version = plan.head.schema_version.max(ARCHIVE_VERSION);
    let gang = plan.gang_mut();
    gang.archive = Some(packed.archive);
    // The agents fetch it, who reach the stores as the workers do.
    gang.storage.buckets.extend(settings);
    Ok(())
}

/// Brings the code of a plan to where it says, unless the same is there. Code that has changed since
/// the plan was made is refused: what was checked would not be what runs.
pub async fn send_archive(plan: &Plan, stores: &Stores) -> Result<(), RuntimeError> {
    let Some(archive) = &plan.gang().archive else { return Ok(()) };
    let packed = PackedCode::of(plan).map_err(refused)?;
    let packed = packed.filter(|packed| packed.archive == *archive);
    let packed = packed.ok_or_else(|| refused("the code has changed while it was submitted"))?;
    let unsent = |error: StorageError| {
        let message = format!("the code, which goes through the output's bucket: {error}");
        match error.kind {
            StorageErrorKind::Unreachable | StorageErrorKind::Local => {
                RuntimeError::Io(std::io::Error::other(message))
            }
            _ => refused(message),
        }
    };
    match stores.head(&archive.uri).await {
        Ok(there) if there.size == archive.size => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind == StorageErrorKind::NotFound => {}
        Err(error) => return Err(unsent(error)),
    }
    let sent = stores.send_file(packed.file.path(), &archive.uri, &NoProgress).await;
    sent.map(drop).map_err(unsent)
}

fn refused(error: impl std::fmt::Display) -> RuntimeError {
    RuntimeError::Refused(vec![error.to_string()])
}
