//! Several metrics: the Pareto front is pushed outwards.

use super::surrogate::{Evidence, Surrogate};
use super::{subset, transfer};
use crate::history::History;
use crate::method::Method;
use crate::model::{LANES, warp};
use crate::numeric::Random;
use crate::options::{Fallback, Found};
use crate::search::{candidates, key, neighbour};
use crate::suggest::Desk;

/// Directions in which the front is pushed.
const DIRECTIONS: usize = 48;
/// Rounds in which the best candidates are varied, ever more finely.
const ROUNDS: u32 = 6;

/// Fills the desk up to `n` suggestions; those on it already count as pending.
///
/// A process for each metric; of a candidate's upper confidence bounds, the growth of the dominated
/// hypervolume, as the mean over random directions of how much further out it reaches in each (Golovin
/// and Zhang 2020, "Random hypervolume scalarizations for provable multi-objective black box
/// optimization").
pub(super) fn suggest(desk: &mut Desk, mut known: History, n: usize) {
    let (space, options) = (desk.space, desk.options);
    let method = Method { samples: 1, ..options.method.clone() };
    let metrics = options.directions.len();
    let total = known.total();
    let mut random = Random::new(options.seed, 2000 + total as u64);
    // Each metric's scores; of too many trials, those that are good in sum are kept.
    let scores = |known: &History| -> Vec<Vec<f64>> {
        (0..metrics).map(|m| warp(&known.metric(m), &method).scores).collect()
    };
    let mut by_metric = scores(&known);
    let sums: Vec<f64> =
        (0..known.points.len()).map(|i| by_metric.iter().map(|s| s[i]).sum()).collect();
    if let Some(fewer) = subset::reduce(&known, &sums, &mut random) {
        desk.answer.note(Fallback::Subset { used: subset::MOST, of: known.points.len() });
        known = fewer;
        by_metric = scores(&known);
    }
    let usable = known.outcomes.iter().any(Option::is_some);
    if !usable {
        if !known.points.is_empty() {
            desk.answer.note(Fallback::Uninformative);
        }
        return desk.fill(total, n);
    }
    let (categorical, features): (Vec<bool>, Vec<Vec<f64>>) =
        (space.categorical(), known.points.iter().map(|p| space.features(p)).collect());
    let mut models = Vec::with_capacity(metrics);
    for (metric, scores) in by_metric.iter().enumerate() {
        let trend = transfer::trend(space, options, metric, &features, scores);
        let evidence =
            Evidence { features: &features, categorical: &categorical, scores, trend: &trend };
        let Some(model) = Surrogate::new(&evidence, &method, &mut random) else {
            desk.answer.note(Fallback::Singular);
            return desk.fill(total, n);
        };
        models.push(model);
    }
    let mut front = Front::new(&by_metric, &mut random);
    known.pending.extend(desk.answer.params.iter().filter_map(|p| space.point(p)));
    for point in &known.pending {
        front.believe(&mut models, &space.features(point));
    }
    // The points that are furthest out in some direction are where the front can be extended.
    let best: Vec<Vec<f64>> = front
        .outermost(&by_metric)
        .into_iter()
        .map(|i| space.canonical(&known.points[i]))
        .collect();
    while desk.answer.params.len() < n {
        let (global, local) = (method.global_candidates, method.local_candidates);
        let mut pool = candidates(space, &best, global, local, &desk.taken, &mut random);
        let mut values = front.values(&models, &pool, space, method.explore);
        let free = space.free();
        for round in 0..ROUNDS {
            let mut order: Vec<usize> = (0..pool.len()).collect();
            order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
            order.truncate(8);
            let width = 0.1 * libm::pow(0.4, f64::from(round));
            let varied: Vec<Vec<f64>> = order
                .iter()
                .flat_map(|i| (0..8).map(move |_| *i))
                .map(|i| neighbour(space, &pool[i], &free, width, 0.5, &mut random))
                .filter(|p| !desk.taken.contains(&key(p)))
                .collect();
            values.extend(front.values(&models, &varied, space, method.explore));
            pool.extend(varied);
        }
        let first = (0..pool.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]).then(b.cmp(a)));
        let Some(first) = first else { return desk.fill(total, n) };
        let point = pool.swap_remove(first);
        front.believe(&mut models, &space.features(&point));
        desk.put(&point, Found::Model);
    }
}

/// How far the known scores reach in each direction.
struct Front {
    reference: Vec<f64>,
    directions: Vec<Vec<f64>>,
    reached: Vec<f64>,
}

impl Front {
    fn new(by_metric: &[Vec<f64>], random: &mut Random) -> Self {
        let metrics = by_metric.len();
        let reference = by_metric
            .iter()
            .map(|s| s.iter().copied().fold(f64::INFINITY, f64::min) - 0.1)
            .collect();
        let directions: Vec<Vec<f64>> = (0..DIRECTIONS)
            .map(|_| {
                let v: Vec<f64> = (0..metrics).map(|_| random.normal().abs().max(1e-3)).collect();
                let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
                v.iter().map(|x| x / length).collect()
            })
            .collect();
        let mut front = Self { reference, directions, reached: vec![0.0; DIRECTIONS] };
        for i in 0..by_metric.first().map_or(0, Vec::len) {
            front.include(&by_metric.iter().map(|s| s[i]).collect::<Vec<f64>>());
        }
        front
    }

    /// How far scores reach along a direction, to the power that makes the mean a volume.
    fn reach(&self, scores: &[f64], direction: &[f64]) -> f64 {
        let nearest = scores
            .iter()
            .zip(&self.reference)
            .zip(direction)
            .map(|((s, r), d)| (s - r).max(0.0) / d)
            .fold(f64::INFINITY, f64::min);
        libm::pow(nearest, scores.len() as f64)
    }

    fn include(&mut self, scores: &[f64]) {
        for k in 0..self.directions.len() {
            self.reached[k] = self.reached[k].max(self.reach(scores, &self.directions[k]));
        }
    }

    fn believe(&mut self, models: &mut [Surrogate], features: &[f64]) {
        let expected: Vec<f64> = models.iter().map(|m| m.draws[0].mean(features)).collect();
        self.include(&expected);
        for model in models {
            model.believe(features);
        }
    }

    fn outermost(&self, by_metric: &[Vec<f64>]) -> Vec<usize> {
        let count = by_metric.first().map_or(0, Vec::len);
        let rows: Vec<Vec<f64>> =
            (0..count).map(|i| by_metric.iter().map(|s| s[i]).collect()).collect();
        let mut chosen: Vec<usize> = Vec::new();
        for direction in &self.directions {
            let best = (0..count).max_by(|a, b| {
                self.reach(&rows[*a], direction).total_cmp(&self.reach(&rows[*b], direction))
            });
            if let Some(best) = best
                && !chosen.contains(&best)
            {
                chosen.push(best);
            }
        }
        chosen
    }

    fn values(
        &self,
        models: &[Surrogate],
        points: &[Vec<f64>],
        space: &crate::space::Space,
        explore: f64,
    ) -> Vec<f64> {
        let features: Vec<Vec<f64>> = points.iter().map(|p| space.features(p)).collect();
        let mut values = Vec::with_capacity(points.len());
        for block in features.chunks(LANES) {
            let lanes: Vec<&[f64]> = block.iter().map(Vec::as_slice).collect();
            let predictions: Vec<_> = models.iter().map(|m| m.draws[0].predict(&lanes)).collect();
            for w in 0..block.len() {
                let bounds: Vec<f64> =
                    predictions.iter().map(|p| p[w].0 + explore * p[w].1.sqrt()).collect();
                let mut growth = 0.0;
                for (direction, reached) in self.directions.iter().zip(&self.reached) {
                    let reach = self.reach(&bounds, direction);
                    // Where nothing grows, what comes nearest to it still counts for a little.
                    growth += (reach - reached).max(0.0) + 1e-6 * reach;
                }
                values.push(growth);
            }
        }
        values
    }
}
