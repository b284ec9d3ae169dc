//! A body and its answer as they are, byte for byte.

use bytes::Bytes;

use crate::work::protocol::{CallError, Caller, RawHead};

/// Posts a body, and gives the answer's bytes to `take` as they come. It says what the answer's head says.
pub async fn raw<E: From<CallError>>(
    caller: &Caller,
    body: Bytes,
    take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<RawHead, E> {
    let prepared = caller.prepare_body(body)?;
    let mut answer = caller.stream(&prepared).await?;
    while let Some(bytes) = answer.next().await? {
        take(&bytes)?;
    }
    Ok(answer.head)
}
