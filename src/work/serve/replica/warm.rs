//! What a server is asked before it gets any of a caller's requests.

use std::time::Duration;

use super::error::ReplicaError;
use crate::plan::{ServerPlan, WarmupPlan};
use crate::storage::Stores;
use crate::work::protocol::Plain;

/// A file of requests has at most this many bytes.
const FILE_LIMIT: u64 = 64 << 20;
/// One request of the warm-up is answered within this time: the first one may compile the model.
const REQUEST_LIMIT: Duration = Duration::from_mins(5);

/// Asks a server all requests of its warm-up, one after the other.
pub(super) async fn warm_up(
    stores: &Stores,
    warmup: &WarmupPlan,
    plan: &ServerPlan,
    base: &str,
) -> Result<u32, ReplicaError> {
    let file = stores.read(&warmup.file, FILE_LIMIT).await;
    let (_, file) = file.map_err(|error| ReplicaError::Warmup(error.to_string()))?;
    let lines = requests(&file);
    if lines.is_empty() {
        return Err(ReplicaError::Warmup(format!("{} has no line", warmup.file)));
    }
    let count = warmup.requests.unwrap_or(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let plain = Plain::new(base, plan, REQUEST_LIMIT).map_err(ReplicaError::Server)?;
    for (number, line) in (1..=count).zip(lines.iter().cycle()) {
        let answered = plain.post(line).await;
        answered.map_err(|reason| ReplicaError::Refused { number, reason })?;
    }
    Ok(count)
}

/// The lines that have something on them.
fn requests(file: &[u8]) -> Vec<&[u8]> {
    let lines = file.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).collect()
}
