//! Knative's autoscaler for one revision.

use std::time::Duration;

use jiff::Timestamp;

use super::{Averages, ScaleRules, age};
use crate::work::serve::guard::{Guard, keeps};

/// At most so many times as many replicas in one step.
const UP: f64 = 1000.0;
/// At most so many times fewer replicas in one step.
const DOWN: f64 = 2.0;
/// The panic window asking for so many times the ready replicas begins a panic.
const PANIC: f64 = 2.0;

/// What is measured of one revision, and whether it panics. Kept in memory only: a controller that has
/// just begun takes nothing away before it has measured for a whole window.
#[derive(Clone, Debug)]
pub struct Scaler {
    born: Timestamp,
    loads: Averages,
    /// When there was load last.
    active: Timestamp,
    /// When the panic was last found justified.
    panic_since: Option<Timestamp>,
    /// The most replicas that were wanted in this panic.
    panic_peak: u32,
}

/// How many replicas a revision is to have by its load, before any bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// How many.
    pub replicas: u32,
    /// Why, for the journal.
    pub reason: String,
}

impl Scaler {
    /// One that begins to measure now. `ready`: how many replicas there are. Where there is more than
    /// one it begins in panic, as Knative's does, so that a new controller takes none away unmeasured.
    pub fn new(now: Timestamp, ready: u32) -> Self {
        let is_running = ready > 1 && keeps(Guard::FreshHolds);
        Self {
            born: now,
            loads: Averages::default(),
            active: now,
            panic_since: is_running.then_some(now),
            panic_peak: if is_running { ready } else { 0 },
        }
    }

    /// The load of the time since the last sample, in the unit of the rules' target, all replicas and
    /// routers together.
    pub fn add(&mut self, now: Timestamp, load: f64, rules: &ScaleRules) {
        let load = if load.is_finite() { load.max(0.0) } else { 0.0 };
        if load > 0.0 {
            self.active = now;
        }
        self.loads.add(now, load, rules.window);
    }

    /// There was a request, though no sample shows it: one that was shorter than the samples' distance.
    pub(crate) fn stay_awake(&mut self, now: Timestamp) {
        self.active = now;
    }

    /// The averages over the stable and the panic window.
    pub fn load(&self, now: Timestamp, rules: &ScaleRules) -> (f64, f64) {
        (self.loads.over(now, rules.window), self.loads.over(now, rules.panic_window()))
    }

    /// Whether it has measured for a whole window.
    pub fn is_settled(&self, now: Timestamp, rules: &ScaleRules) -> bool {
        age(now, self.born) >= rules.window
    }

    /// Whether it has replicas for a sudden rise, of which none is taken away.
    pub fn is_panicking(&self) -> bool {
        self.panic_since.is_some()
    }

    /// How long there has been no load, as far as is known.
    pub fn idle(&self, now: Timestamp) -> Duration {
        age(now, self.active)
    }

    /// How many replicas are to be there, when so many are ready. May begin or end a panic.
    pub fn wanted(&mut self, now: Timestamp, ready: u32, rules: &ScaleRules) -> Wanted {
        let (stable, panic) = self.load(now, rules);
        let count = ready.max(1);
        let most =
            if keeps(Guard::UpLimit) { (f64::from(count) * UP).ceil() as u32 } else { u32::MAX };
        let least =
            if keeps(Guard::DownLimit) { (f64::from(ready) / DOWN).floor() as u32 } else { 0 };
        let by_stable = rules.target.replicas(stable).clamp(least.min(most), most);
        let asked = rules.target.replicas(panic);
        let by_panic = asked.clamp(least.min(most), most);
        let is_over = f64::from(asked) / f64::from(count) >= PANIC && keeps(Guard::PanicRises);
        if is_over {
            self.panic_since = Some(now);
        } else if self.panic_since.is_some_and(|since| age(now, since) >= rules.window)
            && keeps(Guard::PanicEnds)
        {
            self.panic_since = None;
            self.panic_peak = 0;
        }
        let unit = match rules.target {
            super::Target::Concurrency(_) => "requests at once",
            super::Target::RequestsPerSecond(_) => "requests in a second",
            super::Target::Cpu(_) => "% of a replica's CPU",
        };
        let each = crate::text::number(rules.target.per_replica());
        let said = |average: f64, window: Duration| {
            let average = crate::text::number(average);
            let seconds = window.as_secs();
            format!("{average} {unit} on average over {seconds} s, {each} for each replica")
        };
        if self.panic_since.is_none() {
            // What is left of an average is no reason to let the last replica go.
            let some = u32::from(stable > 0.0);
            let replicas = by_stable.max(some);
            return Wanted { replicas, reason: said(stable, rules.window) };
        }
        let replicas = by_panic.max(by_stable);
        if keeps(Guard::PanicNeverDown) {
            self.panic_peak = self.panic_peak.max(replicas);
        } else {
            self.panic_peak = replicas;
        }
        let reason = format!("a sudden rise: {}", said(panic, rules.panic_window()));
        Wanted { replicas: self.panic_peak, reason }
    }

    /// Whether the last replica may go: no load for a whole window and the grace behind it.
    pub fn may_sleep(&self, now: Timestamp, rules: &ScaleRules) -> bool {
        let wait = if keeps(Guard::ZeroWaits) {
            rules.window + rules.scale_to_zero_after
        } else {
            rules.window / 2
        };
        self.idle(now) >= wait && !self.is_panicking() && keeps(Guard::ZeroComes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::serve::scale::Target;

    fn rules() -> ScaleRules {
        ScaleRules {
            target: Target::Concurrency(10.0),
            window: Duration::from_mins(1),
            scale_to_zero_after: Duration::from_secs(30),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    /// Samples of every second, and what is wanted after the last one.
    fn after(scaler: &mut Scaler, seconds: std::ops::Range<i64>, load: f64, ready: u32) -> u32 {
        let mut wanted = 0;
        for second in seconds {
            scaler.add(at(second), load, &rules());
            wanted = scaler.wanted(at(second), ready, &rules()).replicas;
        }
        wanted
    }

    #[test]
    fn seventy_percent_of_the_target_is_what_a_replica_gets() {
        let mut scaler = Scaler::new(at(0), 1);
        assert_eq!(after(&mut scaler, 0..60, 7.0, 1), 1);
        assert_eq!(after(&mut scaler, 60..120, 7.7, 1), 2);
        assert_eq!(after(&mut scaler, 120..180, 70.0, 2), 10);
    }

    #[test]
    fn a_sudden_rise_is_answered_within_the_panic_window_and_not_taken_back_in_panic() {
        let mut scaler = Scaler::new(at(0), 1);
        assert_eq!(after(&mut scaler, 0..60, 5.0, 1), 1);
        assert_eq!(after(&mut scaler, 60..66, 100.0, 1), 15);
        assert!(scaler.is_panicking());
        // Nothing for 59 seconds: the replicas stay.
        assert_eq!(after(&mut scaler, 66..124, 0.0, 15), 15);
        // Then one step down is at most a half.
        assert_eq!(after(&mut scaler, 124..140, 0.0, 15), 7);
    }

    #[test]
    fn a_new_controller_takes_nothing_away_for_a_window() {
        let mut scaler = Scaler::new(at(0), 8);
        assert_eq!(after(&mut scaler, 0..60, 1.0, 8), 8);
        assert_eq!(after(&mut scaler, 60..62, 1.0, 8), 4);
    }

    #[test]
    fn the_last_one_goes_after_the_window_and_the_grace() {
        let mut scaler = Scaler::new(at(0), 1);
        after(&mut scaler, 0..10, 1.0, 1);
        after(&mut scaler, 10..99, 0.0, 1);
        assert!(!scaler.may_sleep(at(98), &rules()));
        assert!(scaler.may_sleep(at(99), &rules()));
    }
}
