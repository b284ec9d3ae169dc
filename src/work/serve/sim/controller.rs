//! The controller's loop as it really runs, killed between any two of its steps.

use super::plan::Second;
use super::world::{World, at};
use crate::work::serve::rollout::{Action, CONTROLLER, EndpointState, Measured, actions, decide};

/// More rounds of decisions in one second are without end.
const ROUNDS: usize = 20;

/// One process, with all that it remembers.
pub(super) struct Controller {
    pub(super) born: Second,
    pub(super) measured: Measured,
    state: EndpointState,
    /// Lines of the journal that it has read.
    read: usize,
}

impl Controller {
    fn read(&mut self, world: &World<'_>) {
        for line in &world.lines[self.read..] {
            self.state.fold(line);
        }
        self.read = world.lines.len();
    }
}

impl World<'_> {
    /// A second of the controller, if there is one.
    pub(super) fn control(&mut self) {
        self.late_lines();
        if self.controller.is_none() && self.now >= self.controller_back {
            let state = EndpointState::of(&self.lines);
            if state != self.state {
                self.broken("one state", "a successor reads another state".into());
            }
            let measured = Measured::new(at(self.now));
            self.controller =
                Some(Controller { born: self.now, measured, state, read: self.lines.len() });
            self.log(|_| "a controller begins".into());
            self.watch.controller_born(self.now);
        }
        let Some(mut controller) = self.controller.take() else { return };
        if self.look(&mut controller).is_some() {
            self.controller = Some(controller);
            self.check_quiescent();
        } else {
            self.log(|_| "the controller dies".into());
            self.cover.hit("controller killed");
        }
    }

    /// `None`: it was killed on its way.
    fn look(&mut self, controller: &mut Controller) -> Option<()> {
        controller.read(self);
        let facts = self.facts();
        let readings = self.readings();
        controller.measured.look(&controller.state, &facts, &readings);
        self.check_evidence(controller, &facts, &readings);
        let mut rounds = 0;
        loop {
            let entries = decide(&controller.state, &mut controller.measured, &facts);
            if entries.is_empty() {
                break;
            }
            rounds += 1;
            if rounds > ROUNDS {
                self.broken("quiet", format!("it writes without end: {entries:?}"));
                return Some(());
            }
            let mut entries = entries.into_iter();
            // What was decided before a person's line came in between is judged by its effect alone.
            let mut born = Some(controller.born);
            while let Some(entry) = entries.next() {
                if let Some((_, act)) = self.racing.pop() {
                    self.cover.hit("a person came in between");
                    self.act(&act);
                    born = None;
                }
                if let Some(is_late) = self.dies() {
                    if is_late {
                        let delay = self.rng.i32(0..6);
                        let due = self.controller_back + delay;
                        self.late.push((due, entry));
                        self.late.extend(entries.map(|entry| (due, entry)));
                    }
                    return None;
                }
                self.append(CONTROLLER, entry, born);
            }
            controller.read(self);
        }
        for action in actions(&controller.state, &facts) {
            if self.dies().is_some() {
                return None;
            }
            self.carry_out(&action, &facts);
        }
        Some(())
    }

    /// One step nearer to its death; whether something of it comes late, if this is it.
    fn dies(&mut self) -> Option<bool> {
        let (left, away, is_late) = self.crash.as_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        let (away, is_late) = (*away, *is_late);
        self.crash = None;
        self.controller_back = self.now + 1 + away;
        Some(is_late)
    }

    fn late_lines(&mut self) {
        let now = self.now;
        let (due, later) =
            std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = later;
        for (_, entry) in due {
            self.cover.hit("a late line");
            self.append(CONTROLLER, entry, None);
        }
    }

    fn carry_out(&mut self, action: &Action, facts: &crate::work::serve::rollout::Facts) {
        self.check_action(action, facts);
        match action {
            Action::SetWeights(weights) => {
                self.config = weights.clone();
                for router in self.routers.iter_mut().filter(|router| router.is_up()) {
                    let last = router.next.as_ref().map_or(&router.weights, |(_, next)| next);
                    if last != weights {
                        router.next = Some((self.now + 1 + router.delay, weights.clone()));
                    }
                }
            }
            Action::Scale { revision, replicas } => {
                let digest = self.state.revisions.get(revision).map(|one| one.rules.digest.clone());
                let digest = digest.unwrap_or_else(|| "m0".into());
                let took = self.runtime.scale(revision, &digest, *replicas, self.now);
                self.log(|_| format!("  scale {revision} {replicas}, which is taken: {took}"));
                if !took {
                    self.cover.hit("refused");
                    self.disturb(revision);
                }
            }
            Action::Drain { revision } => {
                self.cover.hit("drained first");
                for router in &mut self.routers {
                    router.drained.insert(revision.clone());
                }
            }
            Action::Replace { revision, count } => {
                self.cover.hit("replaced");
                self.runtime.replace(revision, *count, self.now);
            }
        }
    }
}
