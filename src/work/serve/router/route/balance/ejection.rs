//! When a replica gets no requests because it failed.

use std::time::{Duration, Instant};

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ejection {
    /// How many failures in a row eject.
    pub(crate) failures: u32,
    /// How long the first pause is; each further one is twice as long.
    pub(crate) pause: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
}

impl Default for Ejection {
    fn default() -> Self {
        let (pause, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        Self { failures: 5, pause, longest }
    }
}

impl Ejection {
    /// Whether one more of a revision's replicas may be ejected: at most half of them are at once.
    /// When more fail, it is no single replica that is broken, and those that are left would only
    /// break by what the others no longer take.
    pub(crate) const fn allows(ejected: usize, replicas: usize) -> bool {
        (ejected + 1) * 2 <= replicas
    }
}

/// Of one replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    /// Failures since the last success.
    failures: u32,
    ejected: Option<Ejected>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ejected {
    until: Instant,
    pause: Duration,
    /// A request is on its way that will tell.
    probing: bool,
}

impl Health {
    /// Whether it gets no requests, but perhaps a probe.
    pub(crate) const fn is_ejected(&self) -> bool {
        self.ejected.is_some()
    }

    /// Whether a request may go there now: always unless it is ejected; then one, when its pause is
    /// over.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        self.ejected.is_none_or(|ejected| !ejected.probing && now >= ejected.until)
    }

    /// A request goes there. Returns whether it is a probe, which is to be given back when it has
    /// ended.
    pub(crate) const fn begin(&mut self) -> bool {
        let Some(ejected) = &mut self.ejected else { return false };
        ejected.probing = true;
        true
    }

    /// A request ended without anything being known of the replica: its caller went away.
    pub(crate) const fn abandon(&mut self, probe: bool) {
        if let (Some(ejected), true) = (&mut self.ejected, probe) {
            ejected.probing = false;
        }
    }

    /// A request was answered.
    pub(crate) const fn succeed(&mut self) {
        self.failures = 0;
        self.ejected = None;
    }

    /// A request failed. `allowed` is [`Ejection::allows`]. Returns whether this ejected it.
    ///
    /// Requests that were on their way when it was ejected don't make its pause longer: only the
    /// probe that comes after the pause does.
    pub(crate) fn fail(
        &mut self,
        rule: &Ejection,
        allowed: bool,
        probe: bool,
        now: Instant,
    ) -> bool {
        self.failures = self.failures.saturating_add(1);
        if let Some(ejected) = &mut self.ejected {
            if probe {
                let pause = ejected.pause.saturating_mul(2).min(rule.longest);
                *ejected = Ejected { until: now + pause, pause, probing: false };
            }
            return false;
        }
        let ejects = allowed && self.failures >= rule.failures;
        if ejects {
            let pause = rule.pause.min(rule.longest);
            self.ejected = Some(Ejected { until: now + pause, pause, probing: false });
        }
        ejects
    }
}
