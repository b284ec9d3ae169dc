//! Which trials a model knows when all would take too long.

use crate::history::History;
use crate::numeric::Random;

/// The most points that a model is conditioned on.
pub(super) const MOST: usize = 500;

/// Keeps the best half of [`MOST`] and a random choice of the others; `None` if none need to go.
/// `scores` are one for each point, greater is better.
pub(super) fn reduce(known: &History, scores: &[f64], random: &mut Random) -> Option<History> {
    if known.points.len() <= MOST {
        return None;
    }
    let mut ranking: Vec<usize> = (0..known.points.len()).collect();
    ranking.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    random.shuffle(&mut ranking[MOST / 2..]);
    ranking.truncate(MOST);
    ranking.sort_unstable();
    Some(History {
        points: ranking.iter().map(|i| known.points[*i].clone()).collect(),
        outcomes: ranking.iter().map(|i| known.outcomes[*i].clone()).collect(),
        pending: known.pending.clone(),
        ignored: known.ignored,
    })
}
