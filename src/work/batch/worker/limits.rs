//! Whether more rows have failed than the job allows.

use crate::plan::BatchPlan;

/// A part of failed rows says nothing before so many rows are done.
const ENOUGH: u64 = 100;

/// What a job allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    most: Option<u64>,
    fraction: Option<f64>,
}

/// What is known of a job's rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Rows that are done.
    pub(super) rows: u64,
    /// Those of them that have failed.
    pub(super) failed: u64,
    /// Bytes of the input in which the rows are that are done.
    pub(super) bytes: u64,
    /// Bytes of the whole input.
    pub(super) all_bytes: u64,
}

impl Limits {
    pub(super) fn of(plan: &BatchPlan) -> Self {
        Self { most: plan.max_failed, fraction: plan.max_failed_fraction }
    }

    /// Whether anything is limited.
    pub(super) fn any(self) -> bool {
        self.most.is_some() || self.fraction.is_some()
    }

    /// Why the job must end; `None` while it need not. How many rows the whole job has is estimated
    /// from those that are done: many failures at its begin are not yet a large part of all.
    pub(super) fn over(self, seen: Seen, finished: bool) -> Option<String> {
        let Seen { rows, failed, bytes, all_bytes } = seen;
        if let Some(most) = self.most
            && failed > most
        {
            return Some(format!("{failed} rows have failed, and at most {most} may (maxFailed)"));
        }
        let fraction = self.fraction?;
        let all = if finished {
            rows as f64
        } else if rows < ENOUGH || bytes == 0 {
            return None;
        } else {
            rows as f64 * (all_bytes as f64 / bytes as f64).max(1.0)
        };
        (failed as f64 > fraction * all).then(|| {
            let of = if finished { "" } else { "about " };
            format!(
                "{failed} of {of}{all:.0} rows have failed, and at most {} % may (maxFailedFraction)",
                fraction * 100.0
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(most: Option<u64>, fraction: Option<f64>, seen: [u64; 4], finished: bool) -> bool {
        let [rows, failed, bytes, all_bytes] = seen;
        let seen = Seen { rows, failed, bytes, all_bytes };
        Limits { most, fraction }.over(seen, finished).is_some()
    }

    #[test]
    fn a_number_counts_at_once_and_a_part_against_all_rows() {
        assert!(
            !over(Some(3), None, [3, 3, 1, 9], false) && over(Some(3), None, [4, 4, 1, 9], false)
        );
        assert!(over(Some(0), None, [9, 1, 1, 1], true) && !over(None, None, [9, 9, 1, 1], true));
        // 150 of 200 rows failed, in a tenth of the input: 7.5 % of all so far.
        assert!(!over(None, Some(0.1), [200, 150, 10, 100], false));
        assert!(over(None, Some(0.07), [200, 150, 10, 100], false));
        assert!(!over(None, Some(0.0), [50, 1, 10, 100], false));
        assert!(over(None, Some(0.0), [50, 1, 100, 100], true));
        assert!(!over(None, Some(0.02), [50, 1, 100, 100], true));
    }
}
