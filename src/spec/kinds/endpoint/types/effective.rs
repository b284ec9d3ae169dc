//! What an endpoint's fields mean together: shared ones, weights, pods.

use std::collections::HashSet;

use super::endpoint::Endpoint;
use super::replicas::Replicas;
use super::revision::Revision;
use crate::spec::kinds::train::{EnvVar, Role, SecretUse, TrainJob};

/// The share of a revision in the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Name of the revision.
    pub revision: String,
    /// Percent, from 0 to 100.
    pub percent: u32,
}

impl Endpoint {
    /// The revision of this name, as it is written.
    pub fn revision(&self, name: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.name == name)
    }

    /// The revision whose share the rollout moves: the last of several, but none without `rollout`.
    pub fn candidate(&self) -> Option<&Revision> {
        self.rollout.as_ref()?;
        let mut answering = self.revisions.iter().filter(|revision| !self.is_shadow(revision));
        answering.next()?;
        answering.next_back()
    }

    /// Whether a revision gets copies of requests only.
    pub fn is_shadow(&self, revision: &Revision) -> bool {
        self.shadow.as_ref().is_some_and(|shadow| shadow.revision == revision.name)
    }

    /// The model's name in requests.
    pub fn model_name(&self) -> &str {
        self.model_name.as_deref().unwrap_or(&self.name)
    }

    /// The share of every revision before a rollout begins, in the order of the list, as
    /// [`Revision::traffic`] defines it. They add up to 100 in an endpoint that was checked.
    pub fn weights(&self) -> Vec<Weight> {
        let candidate = self.candidate().map(|revision| &revision.name);
        let given = |revision: &Revision| {
            let silent = self.is_shadow(revision) || candidate == Some(&revision.name);
            revision.traffic.or(silent.then_some(0))
        };
        let sum: u32 = self.revisions.iter().filter_map(given).fold(0, u32::saturating_add);
        let open = self.revisions.iter().filter(|revision| given(revision).is_none()).count();
        let rest = if open == 1 { 100_u32.saturating_sub(sum) } else { 0 };
        self.revisions
            .iter()
            .map(|revision| Weight {
                revision: revision.name.clone(),
                percent: given(revision).unwrap_or(rest),
            })
            .collect()
    }

    /// A revision with all that the endpoint says for it: its own fields count first, variables,
    /// Secrets, nodes, tolerations and volumes are added to the endpoint's. `storage.secret` is one of
    /// the Secrets.
    #[must_use]
    pub fn effective(&self, revision: &Revision) -> Revision {
        let own = revision.clone();
        let names: HashSet<&str> = own.env.iter().map(|var| var.name.as_str()).collect();
        let is_kept = |var: &&EnvVar| !names.contains(var.name.as_str());
        let env = self.env.iter().filter(is_kept).chain(&own.env).cloned().collect();
        let of_storage = self
            .storage
            .secret
            .iter()
            .map(|name| SecretUse { name: name.clone(), mount_path: None });
        let secrets =
            self.secrets.iter().cloned().chain(of_storage).chain(own.secrets.clone()).collect();
        let mut node_selector = self.node_selector.clone();
        node_selector.extend(own.node_selector.clone());
        Revision {
            replicas: own.replicas.or(self.replicas),
            server: own.server.or(self.server),
            protocol: own.protocol.or(self.protocol),
            image: own.image.or_else(|| self.image.clone()),
            // Arguments belong to the command that they are written for.
            args: if own.args.is_empty() && own.command.is_none() {
                self.args.clone()
            } else {
                own.args
            },
            command: own.command.or_else(|| self.command.clone()),
            routes: own.routes.or_else(|| self.routes.clone()),
            probes: own.probes.or_else(|| self.probes.clone()),
            warmup: own.warmup.or_else(|| self.warmup.clone()),
            max_concurrency: own.max_concurrency.or(self.max_concurrency),
            grace: own.grace.or(self.grace),
            code: own.code.or_else(|| self.code.clone()),
            setup: own.setup.or_else(|| self.setup.clone()),
            env,
            secrets,
            cpu: own.cpu.or(self.cpu),
            memory: own.memory.or(self.memory),
            accelerators: own.accelerators.or_else(|| self.accelerators.clone()),
            security: own.security.or(self.security),
            node_selector,
            tolerations: self.tolerations.iter().chain(&own.tolerations).cloned().collect(),
            volumes: self.volumes.iter().chain(&own.volumes).cloned().collect(),
            name: own.name,
            model: own.model,
            traffic: own.traffic,
        }
    }

    /// A revision's replicas as a training run of one role, which has the revision's name: the same
    /// fields under the same names, so that what plans and packs training runs does it for servers
    /// too. There are as many replicas as the revision has at least, and one where it may have none.
    /// `command`, `args` and `image` are left open.
    pub fn replicas_of(&self, revision: &Revision) -> TrainJob {
        let Revision {
            name,
            replicas,
            grace,
            code,
            setup,
            env,
            secrets,
            cpu,
            memory,
            accelerators,
            security,
            node_selector,
            tolerations,
            volumes,
            ..
        } = self.effective(revision);
        let replicas = replicas.unwrap_or(Replicas::default()).min().max(1);
        TrainJob {
            name: self.name.clone(),
            labels: self.labels.clone(),
            code,
            setup,
            env,
            secrets,
            cpu,
            memory,
            accelerators,
            roles: [(name, Role { replicas, ..Role::default() })].into(),
            grace,
            security,
            node_selector,
            tolerations,
            volumes,
            priority_class: self.priority_class.clone(),
            service_account: self
                .service_account
                .clone()
                .or_else(|| self.storage.service_account.clone()),
            image_pull_secrets: self.image_pull_secrets.clone(),
            affinity: self.affinity.clone(),
            pod_patch: self.pod_patch.clone(),
            ..TrainJob::default()
        }
    }
}
