//! `mlctl train --dry-run`: the plan, as a table or in full.

use indexmap::IndexMap;
use serde::Serialize;

use super::train::{plan_of, say_notices};
use crate::cli::{CliError, Context, ErrorKind, LOCAL, exit};
use crate::gang::{ParseNameError, ReplicaId, RunId};
use crate::ops::cost::Estimate;
use crate::plan::{Addresses, ClusterLayout, OutputDirs, Plan, Port, environment, table};
use crate::runtime::{Runtime, SubmitOptions};
use crate::storage::Place;
use crate::ui::{Text, sections_text};
use crate::work::train::{LoadedJob, travel};

/// Addresses as a plan shows them: the ports are chosen when the run starts.
struct Preview;

impl Addresses for Preview {
    fn host(&self, _: &ReplicaId) -> String {
        "127.0.0.1".into()
    }
    fn port(&self, _: &ReplicaId, port: Port) -> u16 {
        match port {
            Port::Rendezvous => 2222,
            Port::Master => 29500,
            Port::Gang => 0,
        }
    }
}

/// A plan and what it will cost.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    plan: Plan,
    cost: Estimate,
}

/// Prints the plans of these jobs and what stands against them; nothing is started.
pub(super) fn dry_run(
    context: &Context,
    runtime: &dyn Runtime,
    jobs: &[LoadedJob],
    options: &SubmitOptions,
) -> Result<u8, CliError> {
    let mut plans = Vec::new();
    let mut refused = Vec::new();
    for job in jobs {
        let plan = plan_of(context, job, &placeholder(job)?, runtime)?;
        for checked in [travel(job), runtime.check(&plan, options)] {
            match checked {
                Ok(notices) => say_notices(context, notices),
                Err(error) => refused.push(CliError::from(error)),
            }
        }
        plans.push(plan);
    }
    let prices = context.prices_or_warn(&runtime.name());
    let masked: Vec<Shown> = plans
        .iter()
        .map(|plan| Shown { cost: Estimate::of(plan, &prices), plan: plan.masked() })
        .collect();
    let is_local = runtime.name() == LOCAL;
    let text = || {
        let shown = masked.iter().map(|Shown { plan, cost }| {
            let own = if is_local { "<run folder>/output" } else { "/mlctl/output" };
            // What the agents keep in a bucket commands write to a folder.
            let written = plan.gang().output.as_ref().filter(|_| plan.gang().sync.is_none());
            let base = written.map_or(own, Place::as_str);
            let dirs = OutputDirs::of_primary(base);
            let addresses: &dyn Addresses =
                if is_local { &Preview } else { &ClusterLayout::of(plan) };
            let preview: IndexMap<String, String> =
                environment(plan, plan.gang().primary(), addresses, &dirs).unwrap_or_default();
            let mut sections = table(plan, &preview);
            sections.push(cost.section(plan));
            sections_text(&context.printer, &sections)
        });
        let texts = shown.collect::<Vec<_>>();
        Text::lines(texts.into_iter().flat_map(|text| [text, Text::default()]))
    };
    match &masked[..] {
        [one] => context.emit(one, text)?,
        many => context.emit(&many, text)?,
    }
    match refused.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(exit::OK),
    }
}

/// The id that a run would have, with a placeholder for what is drawn.
pub(super) fn placeholder(job: &LoadedJob) -> Result<RunId, CliError> {
    let id = format!("{}-xxxxxx", job.job.name);
    id.parse().map_err(|error: ParseNameError| CliError::new(ErrorKind::Usage, error.to_string()))
}
