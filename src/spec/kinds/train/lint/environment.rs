//! Variables: those that mlctl sets, those given twice, those that look like secrets.

use std::collections::{HashMap, HashSet};

use super::command::MAX_ARGUMENT;
use super::context::Lint;
use super::shell::{is_set, reference};
use crate::spec::check::is_secret_name;
use crate::spec::kinds::train::{EnvVar, Framework};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{index_path, key_path};

/// Why a variable is not the user's to set.
struct Reserved {
    error: bool,
    why: &'static str,
    help: &'static str,
}

/// What is known of variables when one of them is looked at; there may be thousands.
struct Known<'a> {
    /// Those of the job that stand before it, or before those of its role.
    declared: HashSet<&'a str>,
    /// Paths of values that came from the environment.
    from_env: HashSet<&'a str>,
}

impl Lint<'_> {
    pub(crate) fn environments(&mut self) {
        let from_env = self.from_env.iter().map(String::as_str).collect();
        let mut known = Known { declared: HashSet::new(), from_env };
        for scope in self.scopes() {
            let base = key_path(&scope.path, "env");
            // Those of a role come after all of the job.
            known.declared.clear();
            if !scope.path.is_empty() {
                known.declared.extend(self.job.env.iter().map(|var| var.name.as_str()));
            }
            let mut seen: HashMap<&str, String> = HashMap::new();
            for (index, var) in scope.env.iter().enumerate() {
                let path = index_path(&base, index);
                if let Some(first) = seen.insert(&var.name, path.clone()) {
                    let finding = Diagnostic::error(
                        Code::DuplicateEnv,
                        format!("the variable `{}` is given twice", var.name),
                    )
                    .at(self.spans.value(&key_path(&path, "name")), "again here")
                    .at(self.spans.value(&key_path(&first, "name")), "first here");
                    self.add(finding.help("keep one of the two"));
                }
                self.variable(var, &path, &known);
                known.declared.insert(&var.name);
            }
        }
    }

    /// One variable.
    fn variable(&mut self, var: &EnvVar, path: &str, known: &Known<'_>) {
        let name = var.name.as_str();
        let name_span = self.spans.value(&key_path(path, "name"));
        let value_path = key_path(path, "value");
        let value_span = self.spans.value(&value_path);
        if name.is_empty() || name.contains(['=', '\0']) || name.contains(char::is_whitespace) {
            self.add(
                Diagnostic::error(Code::BadEnvName, format!("`{name}` can't be a variable's name"))
                    .at(name_span, "")
                    .help("use letters, digits and `_`"),
            );
        }
        if let Some(reserved) = self.reserved(name) {
            let finding = if reserved.error { Diagnostic::error } else { Diagnostic::warning };
            self.add(
                finding(Code::ReservedEnv, format!("`{name}` is set by mlctl"))
                    .at(name_span, reserved.why)
                    .help(reserved.help),
            );
        }
        if let Some(value) = &var.value
            && name.len() + "=".len() + value.len() > MAX_ARGUMENT
        {
            self.too_long(value_span, "variable");
            return;
        }
        match (&var.value, &var.value_from) {
            (Some(_), Some(_)) => self.add(
                Diagnostic::error(Code::TwoValues, format!("`{name}` has `value` and `valueFrom`"))
                    .at(value_span, "one of them")
                    .at(self.spans.key(&key_path(path, "valueFrom")), "or the other")
                    .help("keep one of the two"),
            ),
            (None, None) => self.add(
                Diagnostic::warning(
                    Code::NoValue,
                    format!("`{name}` has no value and will be empty"),
                )
                .at(name_span, "")
                .help("add `value: ...`, or `value: \"\"` if that is meant"),
            ),
            (Some(value), None) => {
                let is_declared = |name: &str| is_set(name) || known.declared.contains(name);
                let literal = !known.from_env.contains(value_path.as_str()) && !value.is_empty();
                // In a script or a document it is for whoever reads that.
                let is_script = value.contains('\n');
                if literal && is_secret_name(name) && !value.starts_with('$') {
                    self.add(
                        literal_secret(name, self.foreign).at(value_span, "readable in this file"),
                    );
                } else if let Some(written) =
                    reference(value, is_declared).filter(|_| literal && !is_script)
                {
                    self.add(
                        Diagnostic::warning(
                            Code::NotExpanded,
                            format!("nothing replaces `{written}` here"),
                        )
                        .at(value_span, "the program gets it as it is written")
                        .help(if self.foreign {
                            EXPAND_FOREIGN
                        } else {
                            "`${NAME}` is replaced from your environment at submission, `$(NAME)` by a \
                             variable that is declared before"
                        }),
                    );
                }
                self.gcs_path(&value_path, value);
            }
            (None, Some(_)) => {}
        }
    }

    fn reserved(&self, name: &str) -> Option<Reserved> {
        let framework = self.job.framework;
        let several = self.total() > 1;
        let rendezvous = |of| {
            (framework == of && several).then_some(Reserved {
                error: true,
                why: "differs between the replicas",
                help: "leave it out; `framework: none` gives no rendezvous, then it is yours",
            })
        };
        match name {
            "TF_CONFIG" => rendezvous(Framework::Tensorflow),
            "RANK" | "WORLD_SIZE" | "LOCAL_RANK" | "NODE_RANK" | "MASTER_ADDR" | "MASTER_PORT"
            | "PET_NNODES" | "PET_NODE_RANK" | "PET_MASTER_ADDR" | "PET_MASTER_PORT"
            | "PET_RDZV_ENDPOINT" | "PET_RDZV_ID" | "PET_RDZV_BACKEND" => {
                rendezvous(Framework::Pytorch)
            }
            // Other systems have a field for it, which the variable is here.
            "PET_NPROC_PER_NODE" if framework == Framework::Pytorch && !self.foreign => {
                Some(Reserved {
                    error: false,
                    why: "follows from `accelerators.count`",
                    help: "leave it out unless the processes are not one per accelerator",
                })
            }
            "JAX_COORDINATOR_ADDRESS" | "JAX_NUM_PROCESSES" | "JAX_PROCESS_ID" => {
                rendezvous(Framework::Jax)
            }
            "CLUSTER_SPEC" | "JOB_COMPLETION_INDEX" => Some(Reserved {
                error: true,
                why: "differs between the replicas",
                help: "leave it out, or use another name",
            }),
            "AIP_MODEL_DIR" | "AIP_CHECKPOINT_DIR" | "AIP_TENSORBOARD_LOG_DIR" => Some(Reserved {
                error: true,
                why: "follows from `output`",
                help: "set `output`: the folders below it are `model/`, `checkpoints/` and `logs/`",
            }),
            "CUDA_VISIBLE_DEVICES" => Some(Reserved {
                error: false,
                why: "chosen when the replica gets its accelerators",
                help: "ask for accelerators instead: `accelerators: {type: nvidia, count: 1}`",
            }),
            _ if name.starts_with("MLCTL_") => Some(Reserved {
                error: true,
                why: "`MLCTL_` variables are its own",
                help: "use another name",
            }),
            _ => None,
        }
    }
}

/// `${VAR}` is this format's own; another system's file is taken as it is written.
const EXPAND_FOREIGN: &str = "another system's file is taken as it is: fill it in (envsubst), or `mlctl \
                              convert` it and write `value: ${NAME}` there";

fn literal_secret(name: &str, foreign: bool) -> Diagnostic {
    let first = if foreign { "`mlctl convert` this file, then " } else { "" };
    Diagnostic::warning(Code::LiteralSecret, format!("`{name}` looks like a secret")).help(format!(
        "{first}take it from your environment with `value: ${{{name}}}`, or from a Secret: \
         `valueFrom: {{secretKeyRef: {{name: ..., key: ...}}}}`"
    ))
}
