//! What takes samples from a router and writes them away: in parts of some size or age, bounded in memory, and
//! never in a request's way.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use mlctl_router::Record;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};

use super::line::line;
use crate::storage::{Place, Stores};
use crate::work::serve::endpoint::KeptRequests;

/// So many samples wait at most to be taken; more are dropped and counted by the router.
pub const LONGEST_QUEUE: usize = 256;
/// A part is written away once it has so many bytes.
const PART: usize = 4 << 20;
/// Nothing waits longer than this to be written away.
const PACE: Duration = Duration::from_secs(10);
/// What can't be written is kept up to so many bytes, in case the store comes back.
const MOST: usize = 16 << 20;
/// A store has taken a part within this time, or it is tried again with the next one.
const LIMIT: Duration = Duration::from_secs(30);

/// Writes samples away.
pub struct Keeper {
    stores: Stores,
    /// The endpoint's name, below which its parts lie.
    endpoint: String,
    /// What tells the parts of this process from those of others.
    writer: String,
    wanted: Arc<Mutex<Option<KeptRequests>>>,
    /// Told what a person should know.
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Keeper {
    /// Nothing is kept until it is wanted.
    pub fn new(
        stores: Stores,
        endpoint: String,
        writer: String,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        Self { stores, endpoint, writer, wanted: Arc::default(), tell }
    }

    /// Says from now on what is to be kept.
    pub fn wanted(&self) -> impl Fn(Option<&KeptRequests>) + use<> {
        let wanted = Arc::clone(&self.wanted);
        move |new| *wanted.lock().unwrap_or_else(PoisonError::into_inner) = new.cloned()
    }

    /// Takes records until the router that sends them is gone, and writes the last part.
    pub async fn keep(self, mut records: Receiver<Record>) {
        let mut part = Vec::new();
        let mut due = Instant::now() + PACE;
        let mut count = 0_u64;
        let mut said = None;
        loop {
            let (mut is_over, mut is_due) = (false, false);
            match timeout_at(due, records.recv()).await {
                Ok(Some(Record::Sample(sample))) => part.extend(line(&sample)),
                Ok(Some(_)) => {}
                Ok(None) => is_over = true,
                Err(_) => is_due = true,
            }
            if part.len() >= PART || is_due || is_over {
                due = Instant::now() + PACE;
                let written = if part.is_empty() { Ok(()) } else { self.write(&part, count).await };
                match &written {
                    Ok(()) => {}
                    // It is said once for as long as it is so.
                    Err(reason) if said.as_ref() == Some(reason) => {}
                    Err(reason) => {
                        (self.tell)(&format!("requests are not kept at the moment: {reason}"));
                    }
                }
                said = written.err();
                if said.is_none() {
                    count += u64::from(!part.is_empty());
                    part.clear();
                } else if part.len() >= MOST {
                    let lost = part.split(|byte| *byte == b'\n').count() - 1;
                    (self.tell)(&format!("{lost} kept requests were dropped: nobody takes them"));
                    part.clear();
                }
            }
            if is_over {
                return;
            }
        }
    }

    /// Writes a part. The error says why it is to be tried again.
    async fn write(&self, part: &[u8], count: u64) -> Result<(), String> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Nothing is to be kept any more.
        let Some(KeptRequests { to, storage, .. }) = wanted else { return Ok(()) };
        let now = Timestamp::now();
        let (day, time) = (now.strftime("%Y-%m-%d"), now.strftime("%H%M%S"));
        let (folder, endpoint, writer) =
            (to.as_str().trim_end_matches('/'), &self.endpoint, &self.writer);
        let place: Place =
            format!("{folder}/{endpoint}/{day}/{time}-{writer}-{count:06}.jsonl").into();
        let stores = self.stores.with(&storage);
        let written = tokio::time::timeout(LIMIT, stores.put(&place, part.to_vec())).await;
        match written {
            Ok(Ok(_)) => Ok(()),
            // Its own name has the time in it, and would make each reason another one.
            Ok(Err(error)) => Err(error.to_string().replace(place.as_str(), folder)),
            Err(_) => Err(format!("{folder}: no answer within {} s", LIMIT.as_secs())),
        }
    }
}
