//! When trials and studies end before they are whole.

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::vertex::scheduling::duration;
use crate::spec::kinds::tune::{
    EarlyStopping, EarlyStoppingWith, NoProgress, NoProgressFor, Stopping, StoppingRule,
};
use crate::spec::syntax::{Code, Diagnostic, Entry, Spans};
use crate::text::Span;

pub(in crate::spec::foreign::vertex) const CURVE: Table =
    &[("useElapsedDuration", Use::Changed("steps count by time where it is true"))];
pub(in crate::spec::foreign::vertex) const CONVEX: Table = &[
    ("useElapsedDuration", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("useSeconds", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("maxStepCount", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("maxNumSteps", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("minStepCount", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("minNumSteps", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("minMeasurementCount", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("autoregressiveOrder", Use::Changed("the rule `curve` of `earlyStopping`")),
    ("learningRateParameterName", Use::Left("the curve alone says how a trial goes on")),
    ("updateAllStoppedTrials", Use::Left("a stopped trial keeps the values that it has reported")),
];
pub(in crate::spec::foreign::vertex) const CONFIG: Table = &[
    ("shouldStopAsap", Use::Left("`mlctl cancel` ends a study at once")),
    ("minimumRuntimeConstraint", Use::Within),
    ("maximumRuntimeConstraint", Use::Within),
    ("minNumTrials", Use::Kept("stopping.minTrials")),
    ("maxNumTrials", Use::Kept("maxTrials")),
    ("maxNumTrialsNoProgress", Use::Kept("stopping.noProgress.trials")),
    ("maxDurationNoProgress", Use::Kept("stopping.noProgress.duration")),
];
pub(in crate::spec::foreign::vertex) const CONSTRAINT: Table = &[
    ("maxDuration", Use::Changed("a time of `stopping`")),
    ("endTime", Use::Left("write how long the study may take: `maxDuration`")),
];

/// The rules of the API, each with its field.
const RULES: [(&str, StoppingRule); 4] = [
    ("decayCurveStoppingSpec", StoppingRule::DecayCurve),
    ("medianAutomatedStoppingSpec", StoppingRule::Median),
    ("convexAutomatedStoppingSpec", StoppingRule::Convex),
    ("convexStopConfig", StoppingRule::Convex),
];

/// The one rule that a study has.
pub(super) fn early_stopping(
    findings: &mut Findings,
    study: &Fields<'_>,
    spans: &mut Spans,
) -> EarlyStopping {
    let given: Vec<(&Entry, StoppingRule)> =
        RULES.iter().filter_map(|(name, rule)| Some((study.entry(name)?, *rule))).collect();
    let Some((entry, rule)) = given.first().copied() else { return EarlyStopping::default() };
    if let Some((other, _)) = given.get(1) {
        findings.add(
            Diagnostic::error(Code::VertexTwice, "a study has one rule that ends trials early")
                .at(other.key.span, "one of them")
                .at(entry.key.span, "or the other"),
        );
    }
    spans.insert("earlyStopping", Located::new((), entry).place);
    let table = if rule == StoppingRule::Convex { CONVEX } else { CURVE };
    let fields = findings.fields(&entry.value, &entry.key.text, table);
    let mut number = |names: [&str; 2]| {
        let entry = names.iter().find_map(|name| fields.entry(name))?;
        let count = findings.count(&entry.value, names[0])?;
        Some(count).filter(|count| *count > 0)
    };
    let max_step = number(["maxStepCount", "maxNumSteps"]);
    let min_step = number(["minStepCount", "minNumSteps"]);
    let min_measurements = number(["minMeasurementCount", "autoregressiveOrder"]);
    let elapsed = fields.entry("useElapsedDuration").or_else(|| fields.entry("useSeconds"));
    let elapsed = elapsed.and_then(|entry| findings.flag(&entry.value, &entry.key.text));
    let with = EarlyStoppingWith {
        rule,
        use_elapsed_duration: elapsed.unwrap_or_default(),
        max_step: max_step.map(u64::from),
        min_step: min_step.map(u64::from),
        min_measurements,
        ..EarlyStoppingWith::default()
    };
    if with == (EarlyStoppingWith { rule, ..EarlyStoppingWith::default() }) {
        EarlyStopping::Rule(rule)
    } else {
        EarlyStopping::With(with)
    }
}

/// What `studyStoppingConfig` says.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) stopping: Stopping,
    pub(super) max_duration: Option<Span>,
    pub(super) max_trials: Option<u32>,
}

/// Reads a `studyStoppingConfig`.
pub(super) fn stopping(findings: &mut Findings, entry: &Entry, spans: &mut Spans) -> Ends {
    spans.insert("stopping", Located::new((), entry).place);
    let fields = findings.fields(&entry.value, "studyStoppingConfig", CONFIG);
    let mut number = |name: &str, path: &str| {
        let entry = fields.entry(name)?;
        spans.insert(path, Located::new((), entry).place);
        findings.count(&entry.value, name).filter(|count| *count > 0)
    };
    let min_trials = number("minNumTrials", "stopping.minTrials");
    let max_trials = number("maxNumTrials", "maxTrials");
    let trials = number("maxNumTrialsNoProgress", "stopping.noProgress");
    let not_zero = |time: Located<Span>| Some(time.value).filter(|time| !time.0.is_zero());
    let time = duration(findings, fields.entry("maxDurationNoProgress"), "maxDurationNoProgress");
    let time = time.and_then(not_zero);
    let no_progress = match (trials, time) {
        (None, None) => None,
        (Some(trials), None) => Some(NoProgress::Trials(trials)),
        (trials, duration) => Some(NoProgress::For(NoProgressFor { trials, duration })),
    };
    let mut constraint = |name: &str, path: &str| {
        let entry = fields.entry(name)?;
        spans.insert(path, Located::new((), entry).place);
        let own = findings.fields(&entry.value, name, CONSTRAINT);
        duration(findings, own.entry("maxDuration"), name).and_then(not_zero)
    };
    let min_duration = constraint("minimumRuntimeConstraint", "stopping.minDuration");
    let max_duration = constraint("maximumRuntimeConstraint", "maxDuration");
    let stopping = Stopping { no_progress, target: None, min_trials, min_duration };
    Ends { stopping, max_duration, max_trials }
}
