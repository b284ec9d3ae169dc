//! How many trials, for how long, and when it is enough.

use super::context::Lint;
use crate::spec::kinds::tune::space::Space;
use crate::spec::kinds::tune::{Algorithm, NoProgress};
use crate::spec::syntax::{Code, Diagnostic};

impl Lint<'_> {
    pub(super) fn limits(&mut self) {
        self.counts();
        self.stopping();
        let job = self.job;
        let times = [
            ("maxDuration", job.max_duration),
            ("stopping.minDuration", job.stopping.min_duration),
        ];
        if let Some((field, _)) = times.iter().find(|(_, time)| time.is_some_and(|t| t.0.is_zero()))
        {
            self.add(
                Diagnostic::error(Code::ZeroTimeout, format!("`{field}` is zero"))
                    .at(self.spans.value(field), "")
                    .help("leave it out for no limit"),
            );
        }
        for (index, study) in job.warm_start.iter().enumerate() {
            let path = crate::spec::syntax::index_path("warmStart", index);
            let twice = job.warm_start[..index].contains(study);
            if twice || study.trim().is_empty() {
                let message = if twice {
                    format!("the study `{study}` is named twice")
                } else {
                    "an empty text is no study".to_owned()
                };
                self.add(
                    Diagnostic::error(Code::BadStudyId, message)
                        .at(self.spans.value(&path), "")
                        .help("name studies by their ids, as `mlctl list` shows them, each once"),
                );
            }
        }
    }

    fn counts(&mut self) {
        let job = self.job;
        let spans = self.spans;
        let Some(most) = job.max_trials else { return };
        if let Some(parallel) = job.parallel_trials.filter(|parallel| *parallel > most) {
            self.add(
                Diagnostic::warning(
                    Code::ManyAtOnce,
                    format!("{parallel} trials at once, of {most} in all"),
                )
                .at(spans.value("parallelTrials"), "all of them run at once")
                .at(spans.value("maxTrials"), "")
                .help("fewer at once leave the search something to learn from"),
            );
        }
        if job.max_failed_trials.is_some_and(|failed| failed > most) {
            self.add(
                Diagnostic::error(Code::TooManyFailures, "more trials may fail than there are")
                    .at(spans.value("maxFailedTrials"), "")
                    .at(spans.value("maxTrials"), "all trials")
                    .help(format!("write at most {most}, or leave it out")),
            );
        }
        let baselines = job.baseline.len();
        if u32::try_from(baselines).is_ok_and(|count| count > most) {
            self.add(
                Diagnostic::warning(
                    Code::ManyAtOnce,
                    format!("`baseline` has {baselines} sets, and there are {most} trials"),
                )
                .at(spans.key("baseline"), "not all are tried")
                .at(spans.value("maxTrials"), ""),
            );
        }
        if job.algorithm == Algorithm::Grid
            && let Some(points) = Space::of(&job.parameters).ok().and_then(|s| s.grid_points())
            && points > u64::from(most)
        {
            self.add(
                Diagnostic::warning(
                    Code::GridCut,
                    format!("the grid has {points} points, of which {most} are tried"),
                )
                .at(spans.value("maxTrials"), "")
                .help("leave `maxTrials` out for all of them"),
            );
        }
    }

    fn stopping(&mut self) {
        let job = self.job;
        let stopping = &job.stopping;
        let spans = self.spans;
        if stopping.target.is_some() && job.metrics.len() > 1 {
            self.add(
                Diagnostic::error(Code::StoppingOption, "a target is the value of one metric")
                    .at(spans.value("stopping.target"), "of which one?")
                    .at(spans.key("metrics"), "several metrics")
                    .help("leave it out; `noProgress` works with several metrics"),
            );
        }
        if let Some(NoProgress::For(both)) = &stopping.no_progress
            && both.trials.is_none()
            && both.duration.is_none()
        {
            self.add(
                Diagnostic::error(Code::StoppingOption, "`noProgress` says nothing")
                    .at(spans.key("stopping.noProgress"), "")
                    .help("write `noProgress: 10` (trials), or `{trials: 10, duration: 2h}`"),
            );
        }
        if let (Some(least), Some(most)) = (stopping.min_trials, job.max_trials)
            && least > most
        {
            self.add(
                Diagnostic::error(Code::StoppingOption, "the study ends before it may end")
                    .at(spans.value("stopping.minTrials"), "not before so many trials")
                    .at(spans.value("maxTrials"), "all trials")
                    .help(format!("write at most {most}")),
            );
        }
        if let (Some(least), Some(most)) = (stopping.min_duration, job.max_duration)
            && least > most
        {
            self.add(
                Diagnostic::error(Code::StoppingOption, "the study ends before it may end")
                    .at(spans.value("stopping.minDuration"), "not before")
                    .at(spans.value("maxDuration"), "ends then")
                    .help(format!("write at most {most}")),
            );
        }
        let floors = stopping.min_trials.is_some() || stopping.min_duration.is_some();
        if floors && stopping.no_progress.is_none() && stopping.target.is_none() {
            self.add(
                Diagnostic::warning(
                    Code::StoppingOption,
                    "nothing ends the study before its last trial",
                )
                .at(spans.key("stopping"), "only says when it may not end")
                .help("add `noProgress: 10` or `target: 0.99`"),
            );
        }
    }
}
