//! The strategy against the framework and against the roles.

use super::context::Lint;
use crate::spec::kinds::train::{Framework, Strategy};
use crate::spec::syntax::{Code, Diagnostic};

impl Lint<'_> {
    pub(crate) fn strategy(&mut self) {
        let Some(strategy) = self.job.strategy else { return };
        let span = self.spans.value("strategy");
        if let Some(wanted) = framework_of(strategy)
            && wanted != self.job.framework
        {
            let (wanted, given) = (word(wanted), word(self.job.framework));
            let mut finding = Diagnostic::error(
                Code::StrategyFramework,
                format!("this strategy is {wanted}'s, the framework is {given}"),
            )
            .at(span, format!("needs `framework: {wanted}`"));
            if self.spans.get("framework").is_some() {
                finding = finding.at(self.spans.value("framework"), "the framework");
            }
            self.add(finding.help(format!("write `framework: {wanted}`, or leave `strategy` out")));
            return;
        }
        match strategy {
            Strategy::ParameterServer => self.parameter_server(),
            Strategy::MultiWorkerMirrored => self.multi_worker(),
            Strategy::Mirrored | Strategy::CentralStorage => {
                if self.training_replicas() > 1 {
                    self.add(
                        Diagnostic::error(
                            Code::StrategyRoles,
                            "this strategy works within one replica",
                        )
                        .at(span, "several replicas would each train alone")
                        .at(self.spans.key("roles"), "more than one replica")
                        .help(
                            "use one replica with several accelerators, or `strategy: \
                                multiWorkerMirrored`",
                        ),
                    );
                }
            }
            Strategy::None => {
                if self.training_replicas() > 1 && self.job.framework != Framework::None {
                    self.add(
                        Diagnostic::warning(
                            Code::StrategyRoles,
                            "several replicas and no strategy",
                        )
                        .at(span, "each replica trains a model of its own")
                        .at(self.spans.key("roles"), "more than one replica")
                        .help("use one replica, or name the strategy that the code uses"),
                    );
                }
            }
            Strategy::Ddp | Strategy::Fsdp => {}
        }
    }

    fn parameter_server(&mut self) {
        let has = |name: &str| self.job.roles.contains_key(name);
        let missing: Vec<&str> =
            ["chief", "worker", "ps"].into_iter().filter(|name| !has(name)).collect();
        if missing.is_empty() {
            return;
        }
        let roles: Vec<String> =
            missing.iter().map(|name| format!("{name}: {{replicas: 1}}")).collect();
        self.add(
            Diagnostic::error(
                Code::StrategyRoles,
                format!("ParameterServerStrategy without {}", missing.join(" and ")),
            )
            .at(self.spans.value("strategy"), "needs a chief, workers and ps")
            .help(format!("add below `roles:`: `{}`", roles.join(", "))),
        );
    }

    fn multi_worker(&mut self) {
        let span = self.spans.value("strategy");
        if let Some((_, ps)) = self.role("ps") {
            self.add(
                Diagnostic::error(
                    Code::StrategyRoles,
                    "MultiWorkerMirroredStrategy has no parameter servers",
                )
                .at(ps, "nobody would ever talk to it")
                .at(span, "workers only, optionally a chief")
                .help("leave `ps` out, or write `strategy: parameterServer`"),
            );
        } else if self.training_replicas() == 1 {
            self.add(
                Diagnostic::warning(
                    Code::StrategyRoles,
                    "MultiWorkerMirroredStrategy with one replica",
                )
                .at(span, "TF_CONFIG is left out for a single replica")
                .help(
                    "the code then runs as on one machine; add workers: `roles: {worker: \
                        {replicas: 2}}`",
                ),
            );
        }
    }

    /// Replicas of all roles but the evaluator, which no strategy counts.
    fn training_replicas(&self) -> u64 {
        let evaluators = self.job.roles.get("evaluator").map_or(0, |role| u64::from(role.replicas));
        self.total() - evaluators
    }
}

fn framework_of(strategy: Strategy) -> Option<Framework> {
    match strategy {
        Strategy::Mirrored
        | Strategy::MultiWorkerMirrored
        | Strategy::ParameterServer
        | Strategy::CentralStorage => Some(Framework::Tensorflow),
        Strategy::Ddp | Strategy::Fsdp => Some(Framework::Pytorch),
        Strategy::None => None,
    }
}

fn word(framework: Framework) -> &'static str {
    match framework {
        Framework::Tensorflow => "tensorflow",
        Framework::Pytorch => "pytorch",
        Framework::Jax => "jax",
        Framework::None => "none",
    }
}
