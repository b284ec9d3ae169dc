//! When counts prove that a rate is too high.
//!
//! A step is looked at every second, and bad news must count at once. A test of a fixed sample that is
//! repeated so often would find something in every good revision, so these are sequential tests, which
//! may be looked at whenever one likes: Wald's likelihood ratio against a mixture of alternatives. By
//! Ville's inequality it exceeds 1/a with a probability of at most a, ever, if the rate is not too
//! high. Netflix watches its canaries in this way (Lindon, Sanden, Shirikian: "Rapid Regression
//! Detection in Software Deployments through Sequential Testing", KDD 2022).

use crate::work::serve::guard::{Guard, keeps};

/// The alternatives: the odds of the limit times 1.5, and times 2, 4, 8 and so on.
const ALTERNATIVES: u32 = 20;

/// What counts say about a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Nothing speaks against it.
    None,
    /// It may be too high: of ten good ones one would look like this at some time.
    Doubt,
    /// It is too high: of a thousand good ones one would look like this at some time.
    Proof,
}

/// Whether `hits` of `all` say that the rate is above a limit between 0 and 1.
pub(super) fn above(hits: u64, all: u64, limit: f64) -> Evidence {
    if hits == 0 || limit >= 1.0 {
        return Evidence::None;
    }
    if !keeps(Guard::SmallNumbers) {
        let is_above = hits as f64 > limit * all as f64;
        return if is_above { Evidence::Proof } else { Evidence::None };
    }
    // Where nothing is allowed, one is too much.
    if limit <= 0.0 {
        return Evidence::Proof;
    }
    let ratio = log_ratio(hits as f64, all.saturating_sub(hits) as f64, limit);
    if ratio >= 1000_f64.ln() {
        Evidence::Proof
    } else if ratio >= 10_f64.ln() {
        Evidence::Doubt
    } else {
        Evidence::None
    }
}

/// The logarithm of the mixture's likelihood ratio.
fn log_ratio(hits: f64, misses: f64, limit: f64) -> f64 {
    let odds = limit / (1.0 - limit);
    let logs: Vec<f64> = std::iter::once(1.5)
        .chain((1..ALTERNATIVES).map(|k| 2_f64.powi(k.cast_signed())))
        .map(|factor| {
            let other = odds * factor;
            let rate = other / (1.0 + other);
            // Not 1 - rate, which is nothing where the rate is near 1.
            let none = 1.0 / (1.0 + other);
            hits * (rate / limit).ln() + misses * (none / (1.0 - limit)).ln()
        })
        .collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / f64::from(ALTERNATIVES)).ln()
}

/// Whether something that `hits` of `all` requests had is more than `margin` times as frequent as the
/// same among others: given how often it happened at all, where it happened is a draw by the number of
/// requests (the conditional test of two Poisson rates, Przyborowski and Wilenski 1940). Nothing has to
/// be known about how frequent it is, and few events prove nothing.
pub(super) fn above_others(
    (hits, all): (u64, u64),
    (others, of): (u64, u64),
    margin: f64,
) -> Evidence {
    if all == 0 || of == 0 {
        return Evidence::None;
    }
    let weighed = all as f64 * margin;
    above(hits, hits + others, weighed / (weighed + of as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these that are looked at after every request are ever found too high.
    fn found(rate: f64, limit: f64, requests: u64, of: u64) -> u64 {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut ever = || {
            let mut hits = 0;
            (1..=requests).any(|n| {
                hits += u64::from(rng.f64() < rate);
                above(hits, n, limit) == Evidence::Proof
            })
        };
        (0..of).filter(|_| ever()).count() as u64
    }

    #[test]
    fn a_rate_at_its_limit_is_hardly_ever_found_too_high_however_often_one_looks() {
        assert!(found(0.01, 0.01, 3000, 2000) <= 6);
        assert!(found(0.05, 0.05, 1000, 2000) <= 6);
    }

    #[test]
    fn a_rate_far_above_its_limit_is_found_soon() {
        assert_eq!(found(0.2, 0.01, 150, 300), 300);
        assert_eq!(found(0.05, 0.01, 1500, 300), 300);
        // Nothing but errors: a handful is enough.
        assert_eq!(above(4, 4, 0.01), Evidence::Proof);
        assert_ne!(above(1, 1, 0.01), Evidence::Proof);
    }

    #[test]
    fn one_error_of_few_requests_proves_nothing() {
        assert_ne!(above(1, 50, 0.01), Evidence::Proof);
        assert_ne!(above_others((1, 50), (0, 450), 1.5), Evidence::Proof);
        assert_eq!(above(1, 50, 0.0), Evidence::Proof);
    }

    #[test]
    fn the_same_rate_is_not_worse_and_a_multiple_is() {
        assert_eq!(above_others((10, 1000), (90, 9000), 1.5), Evidence::None);
        assert_eq!(above_others((60, 1000), (90, 9000), 1.5), Evidence::Proof);
        assert_eq!(above_others((7, 100), (0, 900), 1.5), Evidence::Proof);
    }
}
