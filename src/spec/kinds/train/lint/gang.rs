//! The roles as a gang: how many, which ones, and whether the run can ever end.

use std::time::Duration;

use super::context::Lint;
use crate::gang::{Completion, MAX_REPLICAS};
use crate::spec::kinds::train::Framework;
use crate::spec::syntax::key_path;
use crate::spec::syntax::{Code, Diagnostic};
use crate::text::{nearest, one_slip_from};

/// More restarts than this are as good as no limit.
const MANY_RETRIES: u32 = 100;
const TENSORFLOW_ROLES: [&str; 4] = ["chief", "worker", "ps", "evaluator"];

impl Lint<'_> {
    pub(crate) fn gang(&mut self) {
        let total = self.total();
        if total > u64::from(MAX_REPLICAS) {
            self.add(
                Diagnostic::error(Code::TooManyReplicas, format!("{total} replicas in one run"))
                    .at(self.spans.key("roles"), format!("at most {MAX_REPLICAS}"))
                    .help("use fewer replicas with more accelerators each"),
            );
        }
        match self.job.framework {
            Framework::Tensorflow => self.tensorflow_roles(),
            Framework::Pytorch | Framework::Jax => {
                self.ranks();
                self.unusual_roles();
            }
            Framework::None => self.unusual_roles(),
        }
        self.completion();
        self.times();
        self.retries();
    }

    fn tensorflow_roles(&mut self) {
        let mut unknown = false;
        for name in self.job.roles.keys() {
            if TENSORFLOW_ROLES.contains(&name.as_str()) {
                continue;
            }
            unknown = true;
            let help = if name == "master" {
                "TensorFlow 2 calls it `chief`".to_owned()
            } else if let Some(near) = nearest(name, TENSORFLOW_ROLES) {
                format!("did you mean `{near}`?")
            } else {
                "TensorFlow knows the roles chief, worker, ps and evaluator".to_owned()
            };
            self.add(
                Diagnostic::error(Code::UnknownRole, format!("TensorFlow knows no role `{name}`"))
                    .at(self.spans.key(&key_path("roles", name)), "not in TF_CONFIG")
                    .help(help),
            );
        }
        for (name, why) in [
            ("chief", "one replica leads the others"),
            ("evaluator", "TF_CONFIG has room for one evaluator"),
        ] {
            if let Some((role, _)) = self.role(name)
                && role.replicas > 1
            {
                let path = key_path(&key_path("roles", name), "replicas");
                let finding = Diagnostic::error(
                    Code::RoleIsSingle,
                    format!("{} replicas of `{name}`: there can be one", role.replicas),
                )
                .at(self.spans.value(&path), why);
                self.add(finding.help(if name == "chief" {
                    "write `replicas: 1` and add the others as `worker`"
                } else {
                    "write `replicas: 1`"
                }));
            }
        }
        let has = |name: &str| self.job.roles.contains_key(name);
        // A role of a wrong name may be the one that trains.
        let trains = unknown || has("chief") || has("worker");
        if let Some((_, span)) = self.role("evaluator")
            && !trains
        {
            self.add(
                Diagnostic::error(Code::NobodyTrains, "an evaluator without anything that trains")
                    .at(span, "waits for checkpoints for ever")
                    .help("add a `worker` or a `chief`, or call the role `worker`"),
            );
        }
        if let Some((_, span)) = self.role("ps") {
            if !trains {
                self.add(
                    Diagnostic::error(
                        Code::NobodyTrains,
                        "parameter servers without anything that trains",
                    )
                    .at(span, "waits for requests for ever")
                    .help("add a `chief` and at least one `worker`"),
                );
            } else if !has("chief") && self.job.strategy.is_none() {
                self.add(
                    Diagnostic::warning(Code::NoCoordinator, "parameter servers without a chief")
                        .at(span, "a ps never ends by itself")
                        .help(
                            "ParameterServerStrategy needs a `chief` that coordinates; without one \
                             worker 0 is the primary and has to end by itself",
                        ),
                );
            }
        }
    }

    /// Every replica of PyTorch and JAX is a rank, whatever its role is called.
    fn ranks(&mut self) {
        for name in ["ps", "evaluator"] {
            if let Some((_, span)) = self.role(name) {
                self.add(
                    Diagnostic::warning(
                        Code::RoleIsARank,
                        format!("`{name}` means nothing to this framework"),
                    )
                    .at(span, "its replicas are ranks like all others")
                    .help(
                        "every rank takes part in each collective: leave the role out, or run \
                        it as a job of its own",
                    ),
                );
            }
        }
    }

    /// Any name makes a role here, so a typo of a usual one is another role. `workers` and
    /// `worker-big` are names that somebody chose.
    fn unusual_roles(&mut self) {
        let job = self.job;
        for name in job.roles.keys() {
            let usual = || TENSORFLOW_ROLES.into_iter().filter(|usual| usual.len() > 2);
            if usual().any(|usual| name.to_lowercase().starts_with(usual)) {
                continue;
            }
            let Some(near) = one_slip_from(name, usual()) else { continue };
            self.add(
                Diagnostic::warning(Code::UnusualRole, format!("`{name}` looks like `{near}`"))
                    .at(self.spans.key(&key_path("roles", name)), "a role of its own")
                    .help(format!(
                        "did you mean `{near}`? If not, leave it: a role may have any name"
                    )),
            );
        }
    }

    fn completion(&mut self) {
        let serves = self.role("ps").filter(|_| self.job.framework == Framework::Tensorflow);
        if let (Some((_, ps)), Some(Completion::All)) = (serves, self.job.completion) {
            self.add(
                Diagnostic::error(Code::NeverComplete, "`completion: all` with parameter servers")
                    .at(self.spans.value("completion"), "waits for every replica")
                    .at(ps, "blocks in `server.join()` for ever, and so do the workers")
                    .help("leave `completion` out: the run is a success when the chief ends"),
            );
        }
    }

    fn times(&mut self) {
        let job = self.job;
        for (field, value) in [("timeout", job.timeout), ("startTimeout", job.start_timeout)] {
            if value.is_some_and(|span| span.0 == Duration::ZERO) {
                self.add(
                    Diagnostic::error(
                        Code::ZeroTimeout,
                        format!("`{field}` is over before anything starts"),
                    )
                    .at(self.spans.value(field), "")
                    .help(format!("leave `{field}` out for the default")),
                );
            }
        }
        if let (Some(timeout), Some(start)) = (job.timeout, job.start_timeout)
            && timeout.0 < start.0
        {
            self.add(
                Diagnostic::warning(
                    Code::TimeoutTooShort,
                    "`timeout` is shorter than `startTimeout`",
                )
                .at(self.spans.value("timeout"), format!("ends the run after {timeout}"))
                .at(self.spans.value("startTimeout"), format!("allows {start} to start"))
                .help("`timeout` counts from the first start on: give it more than `startTimeout`"),
            );
        }
    }

    fn retries(&mut self) {
        let retries = &self.job.retries;
        let budgets = [
            ("userError", retries.user_error),
            ("outOfMemory", retries.out_of_memory),
            ("transientSignal", retries.transient_signal),
            ("startup", retries.startup),
            ("infrastructure", retries.infrastructure),
            ("preemption", retries.preemption),
        ];
        for (class, count) in budgets {
            if count > MANY_RETRIES {
                self.add(
                    Diagnostic::warning(
                        Code::ManyRetries,
                        format!("{count} restarts for `{class}`"),
                    )
                    .at(self.spans.value(&key_path("retries", class)), "as good as without end")
                    .help("a run that fails for good keeps its machines until the budget is spent"),
                );
            }
        }
    }
}
