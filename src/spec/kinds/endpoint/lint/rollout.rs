//! Steps and limits of a rollout.

use super::context::Lint;
use crate::spec::kinds::endpoint::Rollout;
use crate::spec::syntax::{Code, Diagnostic, index_path};

impl Lint<'_> {
    pub(super) fn rollout(&mut self) {
        let Some(rollout) = &self.endpoint.rollout else { return };
        if let Some(steps) = &rollout.steps {
            self.steps(steps);
        }
        let Rollout { interval, max_error_rate, max_latency, max_wait, .. } = rollout;
        self.not_zero(*interval, "rollout.interval", "each step would be over at once");
        self.not_zero(*max_wait, "rollout.maxWait", "each step would be given up at once");
        if rollout.max_wait() < rollout.interval() {
            self.add(
                Diagnostic::error(
                    Code::RolloutLimit,
                    format!(
                        "a step is looked at for {}, and given up after {}",
                        rollout.interval(),
                        rollout.max_wait()
                    ),
                )
                .at(self.spans.key("rollout.interval"), "looked at")
                .at(self.spans.key("rollout.maxWait"), "given up")
                .help("`maxWait` is as long as `interval` or longer"),
            );
        }
        if let Some(rate) = max_error_rate
            && rate.percent() >= 100.0
        {
            self.add(
                Diagnostic::error(Code::RolloutLimit, "every answer may be an error")
                    .at(self.spans.value("rollout.maxErrorRate"), "never broken")
                    .help(
                        "write for example `1%`, or leave it out to compare with the others alone",
                    ),
            );
        }
        let ascending =
            [("p50", max_latency.p50), ("p95", max_latency.p95), ("p99", max_latency.p99)];
        for (name, limit) in ascending {
            let path = format!("rollout.maxLatency.{name}");
            self.not_zero(limit, &path, "no answer is so fast");
        }
        let given: Vec<_> =
            ascending.iter().filter_map(|(name, limit)| Some((*name, (*limit)?))).collect();
        for pair in given.windows(2) {
            let [(below, low), (above, high)] = [pair[0], pair[1]];
            if low > high {
                let path = |name: &str| format!("rollout.maxLatency.{name}");
                self.add(
                    Diagnostic::error(
                        Code::RolloutLimit,
                        format!(
                            "`{below}` may be {low}, and `{above}`, which is never less, {high}"
                        ),
                    )
                    .at(self.spans.value(&path(below)), "")
                    .at(self.spans.value(&path(above)), "")
                    .help(format!("write a longer time for `{above}`, or leave `{below}` out")),
                );
            }
        }
        if !rollout.compares_to_stable() && max_error_rate.is_none() && given.is_empty() {
            self.add(
                Diagnostic::error(Code::RolloutLimit, "nothing could stop this rollout")
                    .at(self.spans.value("rollout.compareToStable"), "not compared")
                    .help("add `maxErrorRate: 1%` or `maxLatency: {p99: 250ms}`, or leave it out"),
            );
        }
    }

    fn steps(&mut self, steps: &[u32]) {
        let path = |index| index_path("rollout.steps", index);
        let finding = if steps.is_empty() {
            Diagnostic::error(Code::RolloutSteps, "a rollout has no step")
                .at(self.spans.key("rollout.steps"), "")
        } else if let Some(index) = steps.iter().position(|step| !(1..=100).contains(step)) {
            Diagnostic::error(
                Code::RolloutSteps,
                format!("a step is a share from 1 to 100 percent, not {}", steps[index]),
            )
            .at(self.spans.value(&path(index)), "")
        } else if let Some(index) = steps.windows(2).position(|pair| pair[0] >= pair[1]) {
            let [one, next] = [steps[index], steps[index + 1]];
            let what = if one == next { "are the same" } else { "go down" };
            Diagnostic::error(Code::RolloutSteps, format!("the steps {one} and {next} {what}"))
                .at(self.spans.value(&path(index + 1)), "not above the one before")
        } else if steps.last().is_some_and(|last| *last < 100) {
            let last = steps.last().copied().unwrap_or_default();
            Diagnostic::error(
                Code::RolloutSteps,
                format!("the rollout ends at {last} %, and never at all requests"),
            )
            .at(self.spans.value(&path(steps.len() - 1)), "the last one is 100")
            .help(format!(
                "add 100; for a lasting split leave `rollout` out and write `traffic: {last}`"
            ))
        } else {
            return;
        };
        let finding = match finding.help {
            Some(_) => finding,
            None => finding.help("write ascending shares that end at 100: `steps: [10, 50, 100]`"),
        };
        self.add(finding);
    }
}
