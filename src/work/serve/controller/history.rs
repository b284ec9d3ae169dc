//! How a revision's traffic went over the last minutes, piece by piece, for whoever looks at a curve.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::work::serve::rollout::RevisionId;
use crate::work::serve::window::{Counts, Meter, Reading};

/// A piece is over so long.
const PIECE: Duration = Duration::from_secs(15);
/// So many are kept: five minutes.
const PIECES: usize = 20;
/// A piece that has just begun says nothing yet.
const SHORTEST: Duration = Duration::from_secs(2);

/// The requests of the last minutes, in pieces of the same length; the last one may be shorter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveHistory {
    /// The length of a piece.
    pub piece_seconds: u32,
    /// Requests a second in each, the oldest first.
    pub rates: Vec<f64>,
    /// Part of the requests that were the server's fault, from 0 to 1.
    pub error_rates: Vec<f64>,
    /// 95 % of the requests took at most so many milliseconds; null where there were none.
    pub p95_millis: Vec<Option<f64>>,
}

/// The requests of the last minutes.
#[derive(Debug, Default)]
pub(super) struct History {
    meter: Meter,
    /// Those that are over, the oldest first.
    pieces: VecDeque<Piece>,
    /// The one under way, and since when.
    open: Piece,
    since: Option<Instant>,
}

/// The requests of one piece.
#[derive(Debug, Default)]
struct Piece {
    seconds: f64,
    counts: BTreeMap<RevisionId, Counts>,
}

impl History {
    /// Takes a look at all routers in.
    pub(super) fn look(&mut self, now: Instant, readings: &[Reading]) {
        let since = *self.since.get_or_insert(now);
        for (id, sample) in self.meter.look(readings) {
            if sample.counts.requests > 0 {
                self.open.counts.entry(id).or_default().merge(&sample.counts);
            }
        }
        let past = now.saturating_duration_since(since);
        self.open.seconds = past.as_secs_f64();
        if past < PIECE {
            return;
        }
        self.pieces.push_back(std::mem::take(&mut self.open));
        self.since = Some(now);
        if self.pieces.len() > PIECES {
            self.pieces.pop_front();
        }
    }

    /// The curves of a revision; `None` while there is nothing to draw.
    pub(super) fn of(&self, id: &RevisionId) -> Option<LiveHistory> {
        let open = Some(&self.open).filter(|one| one.seconds >= SHORTEST.as_secs_f64());
        let pieces: Vec<&Piece> = self.pieces.iter().chain(open).collect();
        let newest = &pieces[pieces.len().saturating_sub(PIECES)..];
        if newest.iter().all(|piece| !piece.counts.contains_key(id)) {
            return None;
        }
        let mut history =
            LiveHistory { piece_seconds: PIECE.as_secs() as u32, ..LiveHistory::default() };
        let empty = Counts::default();
        for piece in newest {
            let counts = piece.counts.get(id).unwrap_or(&empty);
            let requests = counts.requests as f64;
            history.rates.push(rounded(requests / piece.seconds.max(1.0)));
            history.error_rates.push(rounded(counts.errors as f64 / requests.max(1.0)));
            let p95 = counts.latency.quantile(0.95);
            history.p95_millis.push(p95.map(|time| rounded(time.as_secs_f64() * 1000.0)));
        }
        Some(history)
    }
}

/// To four places: the document is written every second, and nobody reads more.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::serve::window::RevisionReading;

    fn reading(requests: u64, errors: u64) -> Reading {
        let mut counts = Counts { requests, errors, ..Counts::default() };
        counts.latency.add_many(Duration::from_millis(20), requests - errors);
        let one = RevisionReading { counts, concurrency: 0.0 };
        Reading { router: "a".into(), revisions: [("v1".parse().unwrap(), one)].into() }
    }

    #[test]
    fn a_curve_has_the_pieces_of_the_last_minutes() {
        let (start, id) = (Instant::now(), "v1".parse().unwrap());
        let mut history = History::default();
        for second in 0..=500 {
            let at = start + Duration::from_secs(second);
            // It is called for the first 400 seconds, and fails from the 300th on.
            let (called, failed) = (second.min(400), second.min(400).saturating_sub(300));
            history.look(at, &[reading(1000 + called * 10, failed * 5)]);
        }
        let curve = history.of(&id).expect("a curve");
        assert_eq!(curve.rates.len(), PIECES);
        assert_eq!((curve.rates[0], curve.error_rates[0]), (10.0, 0.0));
        assert!(curve.rates.last().unwrap().abs() < f64::EPSILON);
        assert_eq!(*curve.p95_millis.last().unwrap(), None);
        assert!(curve.error_rates.contains(&0.5), "{curve:?}");
        assert!(history.of(&"v2".parse().unwrap()).is_none());
    }
}
