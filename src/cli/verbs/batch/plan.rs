//! `mlctl batch-predict --dry-run`: what would be read, cut and run.

use indexmap::IndexMap;
use serde::Serialize;

use super::survey::Surveyed;
use crate::cli::verbs::dry_run::placeholder;
use crate::cli::verbs::train::{prices_for_limit, say_notices};
use crate::cli::{CliError, Context, exit};
use crate::ops::cost::Estimate;
use crate::plan::{Plan, Section, table};
use crate::runtime::{Runtime, SubmitOptions};
use crate::ui::human::bytes;
use crate::ui::{Text, sections_text};
use crate::work::batch::{Progress, count_rows, plan_in};
use crate::work::train::travel;

/// A job as it would be submitted, and what it will cost.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    plan: Plan,
    job: Job,
    cost: Estimate,
}

/// What is read and cut.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    /// The version of the registry of models.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    inputs: usize,
    bytes: u64,
    shards: usize,
    /// `None` where they are not known before they are read.
    rows: Option<u64>,
    committed_shards: usize,
}

impl Job {
    fn section(&self, output: &str) -> Section {
        let rows = self.rows.map_or("not known before they are read".to_owned(), |n| n.to_string());
        let rows = [
            ("inputs", format!("{} ({})", self.inputs, bytes(self.bytes))),
            ("rows", rows),
            ("shards", self.shards.to_string()),
            ("done already", format!("{} shards", self.committed_shards)),
            ("results", output.to_owned()),
        ];
        let model = self.model.iter().map(|model| ("model", model.clone()));
        let rows = model.chain(rows);
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]).collect();
        Section { title: "Batch".into(), header: Vec::new(), rows }
    }
}

/// Prints these jobs and what stands against them; nothing is started or written.
pub(super) fn dry_run(
    context: &Context,
    runtime: &dyn Runtime,
    jobs: &[Surveyed],
    options: &SubmitOptions,
) -> Result<u8, CliError> {
    let prices = context.prices_or_warn(&runtime.name());
    let mut all = Vec::new();
    let mut refused = Vec::new();
    for job in jobs {
        let Surveyed { batch, stores, document, progress } = job;
        let run = placeholder(&batch.workers)?;
        let plan: Plan =
            plan_in(batch, document, &run, runtime, || prices_for_limit(context, runtime))?;
        let travelling = travel(&batch.workers, options.large_code);
        for checked in [travelling.map(|found| found.notices), runtime.check(&plan, options)] {
            match checked {
                Ok(notices) => say_notices(context, notices),
                Err(error) => refused.push(CliError::from(error)),
            }
        }
        let rows = context.handle()?.block_on(count_rows(stores, document))?;
        let shown = Job {
            model: document.registered.clone(),
            inputs: document.inputs.len(),
            bytes: document.inputs.iter().map(|input| input.size).sum(),
            shards: document.shards.len(),
            rows,
            committed_shards: match progress {
                Progress::Fresh => 0,
                Progress::Begun { committed } => *committed,
                Progress::Complete(_) => document.shards.len(),
            },
        };
        let cost = Estimate::of(&plan, &prices);
        all.push(Shown { plan: plan.masked(), job: shown, cost });
    }
    let text = || {
        let shown = all.iter().map(|Shown { plan, job, cost }| {
            let output = plan.batch().map_or("", |batch| batch.output.as_str());
            let mut sections = vec![job.section(output)];
            sections.extend(table(plan, &IndexMap::new()));
            sections.push(cost.section(plan));
            sections_text(&context.printer, &sections)
        });
        let texts = shown.collect::<Vec<_>>();
        Text::lines(texts.into_iter().flat_map(|text| [text, Text::default()]))
    };
    match &all[..] {
        [one] => context.emit(one, text)?,
        many => context.emit(&many, text)?,
    }
    match refused.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(exit::OK),
    }
}
