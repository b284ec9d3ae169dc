//! What was applied last comes into the folder in which the controller reads it.

use crate::runtime::Deployed;
use crate::store::{Durability, EndpointPaths, private_dir, write_atomic};
use crate::work::serve::{ENDPOINT_DOCUMENT, ServeError};

/// Writes the endpoint's document and its definitions as they are in the cluster.
pub(super) fn fetch(deployed: &dyn Deployed, paths: &EndpointPaths) -> Result<(), ServeError> {
    for (name, text) in deployed.documents()? {
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
