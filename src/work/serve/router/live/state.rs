//! A configuration in use, as one value that nothing changes.

use std::sync::Arc;

use http::HeaderValue;

use super::{Past, Replica, Revision, Served};
use crate::route::{RetryBudget, Table};
use crate::{ConfigError, Fault, RouterConfig};

/// Everything that a request looks at. A request keeps the one that it began with, unless it waits.
pub(crate) struct Live {
    /// With the assignment that is used.
    pub(crate) config: Arc<RouterConfig>,
    pub(crate) table: Table,
    /// In the configuration's order.
    pub(crate) served: Vec<Served>,
    pub(crate) budget: Arc<RetryBudget>,
    /// The place of the shadow in `served`.
    pub(crate) shadow: Option<usize>,
}

impl Live {
    /// A configuration on top of the one before: whoever stays keeps connections, figures and
    /// health. Nothing of `before` or `past` has changed if it fails.
    pub(crate) fn new(
        mut config: RouterConfig,
        before: Option<&Self>,
        past: &Past,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let assignment = config.assignment.clone().unwrap_or_else(|| {
            let weights: Vec<(&str, u32)> =
                config.revisions.iter().map(|one| (one.name.as_str(), one.weight)).collect();
            let last = before.and_then(|live| live.config.assignment.clone());
            last.unwrap_or_default().toward(&weights)
        });
        let table = Table::new(&config, &assignment);
        let served = served(&config, before, past)?;
        let budget = match before {
            Some(live) if live.config.retries == config.retries => live.budget.clone(),
            _ => Arc::new(RetryBudget::new(&config.retries)),
        };
        let shadow =
            config.shadow.as_ref().filter(|shadow| shadow.percent > 0.0).and_then(|shadow| {
                config.revisions.iter().position(|revision| revision.name == shadow.revision)
            });
        config.assignment = Some(assignment);
        Ok(Self { config: Arc::new(config), table, served, budget, shadow })
    }

    /// A revision that was looked up in another configuration.
    pub(crate) fn place_of(&self, revision: &Arc<Revision>) -> Option<usize> {
        self.served.iter().position(|served| Arc::ptr_eq(&served.revision, revision))
    }

    /// The replicas of a revision; none if it left.
    pub(crate) fn replicas_of(&self, revision: &Arc<Revision>) -> &[Arc<Replica>] {
        self.place_of(revision).map_or(&[], |place| &self.served[place].replicas)
    }
}

fn served(
    config: &RouterConfig,
    before: Option<&Live>,
    past: &Past,
) -> Result<Vec<Served>, ConfigError> {
    let mut all = Vec::with_capacity(config.revisions.len());
    for (index, wanted) in config.revisions.iter().enumerate() {
        let old =
            before.and_then(|live| live.served.iter().find(|old| old.revision.name == wanted.name));
        let known = old.map(|old| old.revision.clone()).or_else(|| past.revision(&wanted.name));
        let revision = if let Some(revision) = known {
            revision
        } else {
            let header = header(&wanted.name, || format!("revisions[{index}].name"))?;
            Revision::new(&wanted.name, header)
        };
        let mut replicas = Vec::with_capacity(wanted.replicas.len());
        for one in &wanted.replicas {
            let stays = old.and_then(|old| old.replicas.iter().find(|known| known.config == *one));
            let known = stays.cloned().or_else(|| past.replica(&revision, one));
            let replica = if let Some(replica) = known {
                replica
            } else {
                let header = header(&one.id, || format!("revisions[{index}].replicas"))?;
                Replica::new(one.clone(), header)
            };
            replicas.push(replica);
        }
        let most = wanted.max_concurrency.map_or(usize::MAX, |most| most as usize);
        all.push(Served { revision, replicas, weight: wanted.weight, hold: wanted.hold, most });
    }
    Ok(all)
}

/// A name as a header carries it; a checked configuration has no other.
fn header(name: &str, at: impl Fn() -> String) -> Result<HeaderValue, ConfigError> {
    HeaderValue::from_str(name)
        .map_err(|error| ConfigError(vec![Fault { at: at(), reason: error.to_string() }]))
}
