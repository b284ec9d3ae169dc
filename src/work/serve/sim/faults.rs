//! What the adversary does.

use super::plan::Fault;
use super::world::World;
use crate::work::serve::rollout::RevisionId;

impl World<'_> {
    /// Whatever is due.
    pub(super) fn strike(&mut self) {
        while let Some((at, fault)) = self.plan.faults.get(self.struck)
            && *at <= self.now
        {
            self.struck += 1;
            self.log(|_| format!("fault {fault:?}"));
            self.fault(fault);
        }
        if self.now >= self.plan.calm_at {
            self.crash = None;
        }
    }

    fn fault(&mut self, fault: &Fault) {
        let now = self.now;
        match fault {
            Fault::KillController { after, away, late } => {
                self.crash = Some((*after, *away, *late));
            }
            Fault::KillReplica(draw) => self.kill(*draw, 1),
            Fault::KillRevision(draw) => self.kill(*draw, usize::MAX),
            Fault::KillRouter { which, away, renamed } => {
                let index = *which as usize % self.routers.len();
                let router = &mut self.routers[index];
                router.back_at = Some(now + away);
                router.counts.clear();
                // Its clients see that, unless another router takes them.
                router.held.clear();
                if *renamed {
                    router.name.push('+');
                }
                for replica in self.runtime.told.values_mut().flat_map(|told| &mut told.replicas) {
                    replica.long.retain(|one| one.router != index);
                }
                if *away > 0 || *renamed {
                    self.watch.unread(now, now + away);
                }
                self.cover.hit("router killed");
            }
            Fault::SlowRouter { which, delay } => {
                let index = *which as usize % self.routers.len();
                self.routers[index].delay = *delay;
            }
            Fault::Unread { which, length } => {
                let index = *which as usize % self.routers.len();
                let until = &mut self.routers[index].unread_until;
                *until = (*until).max(now + length);
                self.watch.unread(now, now + length);
                self.cover.hit("router unread");
            }
            Fault::Refuses { length } => self.runtime.refuses_until = now + length,
        }
    }

    fn kill(&mut self, draw: u64, most: usize) {
        let living = self.runtime.told.iter().filter(|(_, told)| told.living() > 0);
        let ids: Vec<RevisionId> = living.map(|(id, _)| id.clone()).collect();
        let Some(id) = ids.get(draw as usize % ids.len().max(1)) else { return };
        if let Some(told) = self.runtime.told.get_mut(id) {
            for replica in told.replicas.iter_mut().filter(|one| one.drains.is_none()).take(most) {
                replica.ends_at = self.now;
            }
        }
        self.cover.hit("replica killed");
    }
}
