//! A run that was followed as programs read it: the same of `train` and `wait`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::cli::{CliError, Context, ErrorKind};
use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::Plan;
use crate::run::{RunView, WhyReport, output_of};
use crate::store::RunPaths;
use crate::ui::Text;

/// What has become of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunDocument<'a> {
    schema_version: u32,
    run: &'a RunId,
    state: RunState,
    exit_code: u8,
    /// The step of the primary's last metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    /// What the primary has reported last.
    metrics: BTreeMap<&'a str, f64>,
    /// The folder or URL of all that it has written; absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// Where its model is.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The version of the registry that its model has become, `NAME@N`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pushed: Option<String>,
    /// Why it is in its state; absent where it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<&'a WhyReport>,
}

impl<'a> RunDocument<'a> {
    /// A run as it was seen last.
    pub(super) fn of(
        view: &'a RunView,
        plan: Option<&Plan>,
        paths: &RunPaths,
        exit_code: u8,
    ) -> Self {
        let primary = view.primary();
        let metrics = primary.into_iter().flat_map(|primary| &primary.metrics);
        let kept = output_of(plan, paths, view.state);
        Self {
            schema_version: 1,
            run: &view.run,
            state: view.state,
            exit_code,
            step: primary.and_then(|primary| primary.step),
            metrics: metrics.map(|(name, value)| (name.as_str(), *value)).collect(),
            output: kept.output,
            model: kept.model,
            pushed: None,
            why: None,
        }
    }

    /// The document with what else its verb says. A name that both have is the document's.
    pub(super) fn beside(&self, more: Option<&WhyReport>) -> Result<Map<String, Json>, CliError> {
        let internal =
            |error: serde_json::Error| CliError::new(ErrorKind::Internal, error.to_string());
        let mut all = Map::new();
        for part in [Some(serde_json::to_value(self)), more.map(serde_json::to_value)] {
            if let Some(Json::Object(part)) = part.transpose().map_err(internal)? {
                part.into_iter().for_each(|(name, value)| {
                    all.entry(name).or_insert(value);
                });
            }
        }
        Ok(all)
    }

    /// Keeps it for the end of the command.
    pub(super) fn emit(&self, context: &Context) -> Result<(), CliError> {
        context.emit(self, Text::default)
    }
}
