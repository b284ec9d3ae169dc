//! What all routers together have counted between two looks.

use std::collections::BTreeMap;

use super::{Counts, Reading};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::rollout::RevisionId;

/// What happened between two looks, at all routers together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Requests that were answered meanwhile.
    pub counts: Counts,
    /// Requests that were under way or held meanwhile, on average.
    pub concurrency: f64,
}

/// Remembers what each router has counted, and tells what is new.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    seen: BTreeMap<String, BTreeMap<RevisionId, Counts>>,
}

impl Meter {
    /// What has happened since the last look, for each revision.
    ///
    /// The first look at a router gives no counts: it may have counted for hours before. A router whose
    /// counters are smaller than before has begun anew, and all that it has counted is new. What a router
    /// has counted after the last look before its end is lost.
    pub fn look(&mut self, readings: &[Reading]) -> BTreeMap<RevisionId, Sample> {
        let mut samples = BTreeMap::<RevisionId, Sample>::new();
        let mut seen = BTreeMap::new();
        for reading in readings {
            let before = self.seen.get(&reading.router);
            for (revision, now) in &reading.revisions {
                let sample = samples.entry(revision.clone()).or_default();
                sample.concurrency += now.concurrency.max(0.0);
                let Some(before) = before else { continue };
                let new = match before.get(revision) {
                    Some(before) if keeps(Guard::Resets) => now.counts.since(before),
                    Some(before) => Some(now.counts.since(before).unwrap_or_default()),
                    None => None,
                };
                sample.counts.merge(new.as_ref().unwrap_or(&now.counts));
            }
            let counts = reading.revisions.iter();
            let counts = counts.map(|(revision, now)| (revision.clone(), now.counts.clone()));
            seen.insert(reading.router.clone(), counts.collect());
        }
        self.seen = seen;
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::serve::window::RevisionReading;

    fn reading(router: &str, requests: u64) -> Reading {
        let counts = Counts { requests, ..Counts::default() };
        let reading = RevisionReading { counts, concurrency: 1.5 };
        Reading { router: router.into(), revisions: [("v1".parse().unwrap(), reading)].into() }
    }

    fn look(meter: &mut Meter, readings: &[Reading]) -> (u64, f64) {
        let samples = meter.look(readings);
        let sample = &samples[&"v1".parse().unwrap()];
        (sample.counts.requests, sample.concurrency)
    }

    #[test]
    fn only_what_is_new_counts() {
        let mut meter = Meter::default();
        assert_eq!(look(&mut meter, &[reading("a", 1000)]), (0, 1.5));
        assert_eq!(look(&mut meter, &[reading("a", 1010), reading("b", 70)]), (10, 3.0));
        assert_eq!(look(&mut meter, &[reading("a", 1011), reading("b", 72)]), (3, 3.0));
        // The first one has begun anew, the other one is another process.
        assert_eq!(look(&mut meter, &[reading("a", 5), reading("c", 9)]), (5, 3.0));
    }
}
