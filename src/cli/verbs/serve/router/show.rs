//! How an endpoint is becomes known to people: at once where something of it has changed, and from time to
//! time where only its figures have.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::runtime::Deployed;
use crate::work::serve::{LiveDocument, LiveTraffic, ServeError};

/// Figures are this old at most.
const PACE: Duration = Duration::from_secs(5);
/// Between two changes.
const SHORTEST: Duration = Duration::from_millis(500);

/// What was shown last.
pub(super) struct Shows<'a> {
    deployed: &'a dyn Deployed,
    last: RefCell<Option<(LiveDocument, Instant)>>,
}

impl<'a> Shows<'a> {
    pub(super) fn new(deployed: &'a dyn Deployed) -> Self {
        Self { deployed, last: RefCell::new(None) }
    }

    pub(super) fn show(&self, live: &LiveDocument) -> Result<(), ServeError> {
        let still = without_figures(live);
        if let Some((last, at)) = &*self.last.borrow() {
            let is_new = *last != still;
            if at.elapsed() < if is_new { SHORTEST } else { PACE } {
                return Ok(());
            }
        }
        let text = serde_json::to_string(live).map_err(std::io::Error::from)?;
        self.deployed.show(&text)?;
        *self.last.borrow_mut() = Some((still, Instant::now()));
        Ok(())
    }
}

/// What changes by decisions and failures, and not by every request.
fn without_figures(live: &LiveDocument) -> LiveDocument {
    let mut still = live.clone();
    still.updated = jiff::Timestamp::UNIX_EPOCH;
    still.refused = 0;
    for revision in &mut still.revisions {
        revision.traffic = LiveTraffic::default();
        revision.history = None;
        revision.replicas.iter_mut().for_each(|replica| replica.in_flight = 0);
    }
    if let Some(shadow) = &mut still.shadow {
        shadow.copies = 0;
    }
    for figures in still.change.iter_mut().flat_map(|change| &mut change.step) {
        (figures.requests, figures.errors) = (0, 0);
    }
    still
}
