//! Which revision gets which share of the requests.

use std::collections::BTreeMap;

use mlctl_router::Assignment;
use serde::{Deserialize, Serialize};

use super::RevisionId;

/// Percent of the requests for each revision that gets any. They add up to 100, or nobody gets any: an
/// endpoint that has never had a revision that was ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<RevisionId, u8>", into = "BTreeMap<RevisionId, u8>")]
pub struct Weights(BTreeMap<RevisionId, u8>);

/// Weights that are not of a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the weights add up to {sum}, not to 100")]
pub struct WeightsError {
    /// What they add up to.
    pub sum: u32,
}

impl Weights {
    /// Those of revisions that get something.
    pub fn new(weights: impl IntoIterator<Item = (RevisionId, u8)>) -> Result<Self, WeightsError> {
        let all: BTreeMap<_, _> = weights.into_iter().filter(|(_, weight)| *weight > 0).collect();
        let sum = all.values().map(|weight| u32::from(*weight)).sum();
        if sum == 100 || all.is_empty() { Ok(Self(all)) } else { Err(WeightsError { sum }) }
    }

    /// Percent of the requests that a revision gets.
    pub fn get(&self, revision: &RevisionId) -> u8 {
        self.0.get(revision).copied().unwrap_or_default()
    }

    /// Revisions that get something, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&RevisionId, u8)> {
        self.0.iter().map(|(revision, weight)| (revision, *weight))
    }

    /// Nobody gets anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which callers have which revision by these weights, where they had others before: whoever can keeps
    /// its revision.
    #[must_use]
    pub fn assign(&self, before: &Assignment) -> Assignment {
        let names: Vec<(String, u32)> =
            self.iter().map(|(id, weight)| (id.to_string(), u32::from(weight))).collect();
        let weights: Vec<(&str, u32)> =
            names.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
        before.toward(&weights)
    }

    /// So many percent of the way from these weights to others, in whole percents that add up to 100.
    /// Whoever gains gets at least 1 once the way has begun.
    #[must_use]
    pub fn toward(&self, to: &Self, percent: u8) -> Self {
        if percent >= 100 || self.is_empty() {
            return to.clone();
        }
        if percent == 0 || to.is_empty() {
            return self.clone();
        }
        let part = |difference: u8| u32::from(difference) * u32::from(percent);
        let mut all = self.0.clone();
        let mut gained = 0;
        for (revision, weight) in to.iter() {
            let before = self.get(revision);
            if weight > before {
                let more = part(weight - before).div_ceil(100) as u8;
                gained += u32::from(more);
                all.insert(revision.clone(), before + more);
            }
        }
        // The others give as much, each in the proportion of what it is to lose.
        let losers: Vec<(&RevisionId, u8)> = self
            .iter()
            .map(|(revision, weight)| (revision, weight.saturating_sub(to.get(revision))))
            .filter(|(_, loss)| *loss > 0)
            .collect();
        let mut left: u32 = losers.iter().map(|(_, loss)| u32::from(*loss)).sum();
        for (revision, loss) in losers {
            let share = (gained * u32::from(loss)).div_ceil(left.max(1)).min(u32::from(loss));
            left -= u32::from(loss);
            gained -= share.min(gained);
            if let Some(weight) = all.get_mut(revision) {
                *weight -= share as u8;
            }
        }
        all.retain(|_, weight| *weight > 0);
        Self(all)
    }
}

impl TryFrom<BTreeMap<RevisionId, u8>> for Weights {
    type Error = WeightsError;
    fn try_from(weights: BTreeMap<RevisionId, u8>) -> Result<Self, WeightsError> {
        Self::new(weights)
    }
}

impl From<Weights> for BTreeMap<RevisionId, u8> {
    fn from(weights: Weights) -> Self {
        weights.0
    }
}

/// `v1 90, v2 10`.
impl std::fmt::Display for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return f.write_str("nobody");
        }
        for (place, (revision, weight)) in self.iter().enumerate() {
            write!(f, "{}{revision} {weight}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(all: &[(&str, u8)]) -> Weights {
        Weights::new(all.iter().map(|(name, weight)| (name.parse().unwrap(), *weight))).unwrap()
    }

    #[test]
    fn the_way_leads_from_one_to_the_other() {
        let from = weights(&[("v1", 80), ("v2", 20)]);
        let to = weights(&[("v1.2", 80), ("v2", 20)]);
        assert_eq!(from.toward(&to, 0), from);
        assert_eq!(from.toward(&to, 10), weights(&[("v1", 72), ("v1.2", 8), ("v2", 20)]));
        assert_eq!(from.toward(&to, 100), to);
        let to = weights(&[("v1", 97), ("v3", 3)]);
        assert_eq!(weights(&[("v1", 100)]).toward(&to, 5), weights(&[("v1", 99), ("v3", 1)]));
    }

    #[test]
    fn every_step_of_every_way_is_a_whole() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut draw = || {
            let mut left = 100;
            let mut all = Vec::new();
            for name in ["a", "b", "c"] {
                let weight = rng.u8(0..=left);
                left -= weight;
                all.push((name, weight));
            }
            all.push(("d", left));
            weights(&all)
        };
        for _ in 0..2000 {
            let (from, to) = (draw(), draw());
            for percent in 0..=100 {
                let at = from.toward(&to, percent);
                let again = Weights::new(at.iter().map(|(id, weight)| (id.clone(), weight)));
                assert_eq!(again.as_ref(), Ok(&at), "{from} to {to} at {percent}");
                for (id, weight) in at.iter() {
                    let (a, b) = (from.get(id), to.get(id));
                    assert!((a.min(b)..=a.max(b)).contains(&weight), "{from} to {to} at {percent}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_whole_is_refused() {
        assert_eq!(
            Weights::new([("v1".parse().unwrap(), 90)]).unwrap_err().to_string(),
            "the weights add up to 90, not to 100"
        );
        assert!(serde_json::from_str::<Weights>(r#"{"v1":90}"#).is_err());
    }
}
