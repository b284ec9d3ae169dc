//! `mlctl train --dry-run`: the plan, as a table or in full.

use indexmap::IndexMap;
use serde::Serialize;

use super::train::{plan_of, say_notices};
use crate::cli::{CliError, Context, ErrorKind, LOCAL, exit};
use crate::gang::{ParseNameError, ReplicaId, RunId};
use crate::ops::cost::Estimate;
use crate::plan::{Addresses, ClusterLayout, OutputDirs, Plan, Port, Section, environment, table};
use crate::runtime::{Runtime, SubmitOptions};
use crate::storage::{CodeSurvey, LeftOut, Place, listed};
use crate::ui::human::bytes;
use crate::ui::{Text, sections_text};
use crate::work::train::{LoadedJob, claim_output, travel};

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
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    plan: Plan,
    cost: Estimate,
    /// The code in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_files: Option<CodeSurvey>,
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
        let mut plan = plan_of(context, job, &placeholder(job)?, runtime)?;
        let claimed = claim_output(&job.job, &mut plan, options.claim);
        refused.extend(claimed.err().map(CliError::from));
        let mut code = None;
        let travelling = travel(job, options.large_code).map(|travelling| {
            code = travelling.code;
            travelling.notices
        });
        for checked in [travelling, runtime.check(&plan, options)] {
            match checked {
                Ok(notices) => say_notices(context, notices),
                Err(error) => refused.push(CliError::from(error)),
            }
        }
        plans.push((plan, code));
    }
    let prices = context.prices_or_warn(&runtime.name());
    let masked: Vec<Shown> = plans
        .iter()
        .map(|(plan, code)| Shown {
            cost: Estimate::of(plan, &prices),
            plan: plan.masked(),
            code_files: code.clone(),
        })
        .collect();
    let is_local = runtime.name() == LOCAL;
    let text = || {
        let shown = masked.iter().map(|Shown { plan, cost, code_files }| {
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
            sections.extend(code_files.as_ref().map(code_section));
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

/// What of the code travels, and by which rule the rest stays behind.
pub(super) fn code_section(survey: &CodeSurvey) -> Section {
    let mut rows = vec![vec!["files".to_owned(), survey.files.to_string()]];
    rows.push(vec!["size".into(), bytes(survey.bytes)]);
    rows.extend(survey.left_out.iter().map(|LeftOut { rule, count, paths }| {
        let named = listed(paths);
        let more = count - paths.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        vec!["left out".into(), format!("{named}{more}, by {rule}")]
    }));
    Section { title: "Code".into(), header: Vec::new(), rows }
}

/// The id that a run would have, with a placeholder for what is drawn.
pub(super) fn placeholder(job: &LoadedJob) -> Result<RunId, CliError> {
    let id = format!("{}-xxxxxx", job.job.name);
    id.parse().map_err(|error: ParseNameError| CliError::new(ErrorKind::Usage, error.to_string()))
}
