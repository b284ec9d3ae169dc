//! The Bayesian way: model what is known, try where an improvement is likely.

mod propose;
mod several;
mod single;
mod subset;
mod surrogate;
mod transfer;

use crate::history::History;
use crate::options::{Fallback, Found};
use crate::suggest::Desk;

/// The most suggestions of one call that the model makes: each is told of all before it, which costs
/// more and more and changes less and less.
const MODELLED: usize = 64;

/// Suggests `n` points.
pub(crate) fn suggest(desk: &mut Desk, known: History, n: usize) {
    if desk.space.free().is_empty() {
        // A space of a single point.
        for _ in 0..n {
            let point = desk.space.centre();
            if desk.taken.contains(&crate::search::key(&point)) {
                desk.answer.note(Fallback::Exhausted);
            }
            desk.put(&point, Found::Start);
        }
        return;
    }
    // Earlier studies take the place of a start that knows nothing.
    let told = desk.options.earlier.iter().any(|trials| trials.len() >= 3);
    let initial = if told { 0 } else { desk.options.method.initial };
    let begun = known.total();
    let start = initial.saturating_sub(begun).min(n);
    for i in 0..start {
        let centre = desk.space.centre();
        if begun + i == 0 && !desk.taken.contains(&crate::search::key(&centre)) {
            desk.put(&centre, Found::Start);
        } else {
            desk.spread(begun + i, 1, Found::Start);
        }
    }
    if start == n {
        return;
    }
    let total = known.total();
    let modelled = n.min(start + MODELLED);
    if desk.options.directions.len() == 1 {
        single::suggest(desk, known, modelled);
    } else {
        several::suggest(desk, known, modelled);
    }
    if modelled < n {
        desk.answer.note(Fallback::Spread(n - modelled));
        desk.fill(total, n);
    }
}
