//! From a space and what is known of it to the parameters to try next.

use std::collections::HashSet;

use crate::bayes;
use crate::history::History;
use crate::numeric::{Random, Sobol};
use crate::options::{Algorithm, Fallback, Found, LIMIT, Options, SuggestError, Suggestions};
use crate::search::key;
use crate::space::{Grid, Params, Space};
use crate::trial::Trial;

/// Suggests `n` sets of parameters, given the trials that have ended (`history`) and those that run
/// (`pending`). It keeps no state: ask again with what is known then. The order of the history does
/// not matter. Suggestions differ from each other and from all trials while there are points left.
pub fn suggest(
    space: &Space,
    history: &[Trial],
    pending: &[Params],
    n: usize,
    options: &Options,
) -> Result<Suggestions, SuggestError> {
    if options.directions.is_empty() {
        return Err(SuggestError::NoMetric);
    }
    if n > LIMIT {
        return Err(SuggestError::TooMany(n));
    }
    let known = History::new(space, history, pending, &options.directions);
    let mut desk = Desk { space, options, taken: known.taken(), answer: Suggestions::default() };
    if known.ignored > 0 {
        desk.answer.note(Fallback::Ignored(known.ignored));
    }
    match options.algorithm {
        Algorithm::Random => desk.random(&known, n),
        Algorithm::Grid => desk.grid(n),
        Algorithm::Quasirandom => desk.spread(known.total(), n, Found::Quasirandom),
        Algorithm::Bayesian => bayes::suggest(&mut desk, known, n),
    }
    Ok(desk.answer)
}

/// Where suggestions are written down.
pub(crate) struct Desk<'a> {
    pub(crate) space: &'a Space,
    pub(crate) options: &'a Options,
    /// Points that have been tried, are being tried, or have been suggested.
    pub(crate) taken: HashSet<Vec<u64>>,
    pub(crate) answer: Suggestions,
}

impl Desk<'_> {
    /// Writes down a point.
    pub(crate) fn put(&mut self, point: &[f64], found: Found) {
        self.taken.insert(key(point));
        self.answer.params.push(self.space.params(point));
        self.answer.found.push(found);
    }

    fn random(&mut self, known: &History, n: usize) {
        let mut random = Random::new(self.options.seed, 1 + known.total() as u64);
        for _ in 0..n {
            let space = self.space;
            let point = self.fresh(|_| space.random(&mut random));
            self.put(&point, Found::Random);
        }
    }

    /// Draws until a point is new; after many tries it may be one that has been there.
    pub(crate) fn fresh(&mut self, mut draw: impl FnMut(usize) -> Vec<f64>) -> Vec<f64> {
        for attempt in 0..200 {
            let point = draw(attempt);
            if !self.taken.contains(&key(&point)) {
                return point;
            }
        }
        // What chance doesn't find, a walk over a small space does.
        if self.space.count(100_000).is_some() {
            let new = Grid::new(self.space, 1).find(|p| !self.taken.contains(&key(p)));
            if let Some(point) = new {
                return point;
            }
        }
        self.answer.note(Fallback::Exhausted);
        draw(200)
    }

    /// Fills up to `n` suggestions with evenly spread points, the first trial of all being number 0.
    pub(crate) fn fill(&mut self, total: usize, n: usize) {
        let done = self.answer.params.len();
        self.spread(total + done, n.saturating_sub(done), Found::Start);
    }

    /// Evenly spread points from number `from` on.
    pub(crate) fn spread(&mut self, from: usize, n: usize, found: Found) {
        let space = self.space;
        let sobol = Sobol::scrambled(space.slots().len(), self.options.seed);
        for i in 0..n {
            let at = from + i;
            let point = self.fresh(|attempt| {
                let index = (at + attempt * 7919) as u32;
                space.spread(|slot| sobol.coordinate(index, slot))
            });
            self.put(&point, found);
        }
    }

    fn grid(&mut self, n: usize) {
        let mut grid = Grid::new(self.space, self.options.grid_steps);
        while self.answer.params.len() < n {
            if let Some(point) = grid.next() {
                if !self.taken.contains(&key(&point)) {
                    self.put(&point, Found::Grid);
                }
                continue;
            }
            // Once around again, in the same order.
            self.answer.note(Fallback::Exhausted);
            let rest = n - self.answer.params.len();
            let again = Grid::new(self.space, self.options.grid_steps).cycle_points(rest);
            for point in again {
                self.put(&point, Found::Grid);
            }
        }
    }
}
