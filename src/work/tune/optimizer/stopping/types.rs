//! What is known of trials, and the rules.

use crate::Direction;

/// A trial's intermediate values.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its number in the study, from 0 on.
    pub number: u64,
    /// When (in steps, epochs or seconds: the same for all trials) and how good, in order of time.
    pub readings: Vec<(f64, f64)>,
    /// Whether it ran to its end.
    pub complete: bool,
}

impl Curve {
    /// The same with less being better, and without readings that are not finite.
    pub(super) fn minimised(&self, direction: Direction) -> Self {
        let sign = if direction == Direction::Maximise { -1.0 } else { 1.0 };
        let mut readings: Vec<(f64, f64)> = self
            .readings
            .iter()
            .filter(|(at, value)| at.is_finite() && value.is_finite())
            .map(|(at, value)| (*at, sign * value))
            .collect();
        readings.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { readings, ..self.clone() }
    }

    /// The last reading.
    pub(super) fn last(&self) -> Option<(f64, f64)> {
        self.readings.last().copied()
    }

    /// The best value up to a time.
    pub(super) fn best_by(&self, at: f64) -> Option<f64> {
        self.readings.iter().filter(|r| r.0 <= at).map(|r| r.1).min_by(f64::total_cmp)
    }
}

/// When to stop a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rule {
    /// Never.
    #[default]
    None,
    /// If its best value so far is worse than the median of the running averages that the complete
    /// trials had by then (Vertex AI's median stopping; Golovin et al. 2017, section 3.2.2).
    Median {
        /// Complete trials that must be there.
        least_trials: usize,
        /// No decision before this time.
        from: f64,
    },
    /// If it will probably not end better than the best trial, as curves of several shapes through its
    /// readings have it (Vertex AI's decay curve; the shapes are of Domhan et al. 2015).
    DecayCurve {
        /// When a trial ends; where unknown, when the longest complete trial did.
        end: Option<f64>,
        /// Stop below this probability; 0.05 is a good one.
        probability: f64,
        /// Readings that must be there.
        least_readings: usize,
    },
    /// If it would not become the best even at its present rate of improvement, which a convex curve
    /// never exceeds later (Vertex AI's convex stopping).
    Convex {
        /// When a trial ends; where unknown, when the longest complete trial did.
        end: Option<f64>,
        /// Readings that must be there.
        least_readings: usize,
    },
    /// If, at one of several times, each a factor after the one before, it is not among the best share
    /// of the trials that came so far (ASHA: Li et al. 2020).
    Asha(Halving),
    /// The same in several brackets that begin to judge at different times (Hyperband: Li et al. 2018).
    Hyperband(Halving),
}

/// When trials are compared, and how many go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Halving {
    /// The first time at which trials are compared.
    pub least: f64,
    /// When a trial ends.
    pub most: f64,
    /// One of so many goes on, and so many times later they are compared again; 3 or 4.
    pub factor: f64,
}

/// What to do with a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Let it run.
    Continue,
    /// Stop it.
    Stop(Reason),
}

/// Why a trial is stopped. Values are as they count: negated where more is better.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Its best value is worse than the median of the others' averages.
    BelowMedian {
        /// Its best value.
        best: f64,
        /// The median.
        median: f64,
    },
    /// It is unlikely to end as the best.
    Unlikely {
        /// How likely.
        probability: f64,
    },
    /// Even its present rate of improvement would not make it the best.
    TooSlow {
        /// Where that rate leads.
        reaches: f64,
        /// The best that another trial ended with.
        best: f64,
    },
    /// Too many are better at a time of comparison.
    Outranked {
        /// That time.
        at: f64,
        /// Its rank there, from 1 on.
        rank: usize,
        /// How many were compared.
        of: usize,
    },
}
