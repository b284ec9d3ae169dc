//! What of a job's code travels, beside what its ignore files say.

use std::path::{Component, Path, PathBuf};

use super::LoadedJob;
use crate::plan::Plan;
use crate::spec::TrainJob;
use crate::storage::{CodeRules, Place};

/// Stands in an output's path for the run's id.
const RUN: &str = "{run}";

impl LoadedJob {
    /// The rules by which this job's code travels.
    pub fn code_rules(&self) -> CodeRules {
        let own = self.own_rules.clone();
        own.unwrap_or_else(|| code_rules(&self.job, &self.base))
    }

    /// Puts the rules that this job's code has of its own into its plan, which has those of its spec.
    pub fn rule(&self, plan: &mut Plan) {
        if let Some(own) = &self.own_rules {
            plan.gang_mut().code_rules.clone_from(own);
        }
    }
}

/// What runs of this spec write is no code of the next one: the output, and where a part of its path
/// is another one for each run, the folder around that.
pub(super) fn code_rules(spec: &TrainJob, base: &Path) -> CodeRules {
    let output = spec.output.as_ref();
    output.map_or_else(CodeRules::default, |output| rules_beside(spec, output.place(), base))
}

/// The rules for the code of a spec whose runs write to `output`.
pub fn rules_beside(spec: &TrainJob, output: &Place, base: &Path) -> CodeRules {
    CodeRules { output: output_within(spec, output, base), ..CodeRules::default() }
}

fn output_within(spec: &TrainJob, output: &Place, base: &Path) -> Option<PathBuf> {
    let path = |place: &Place| match place.without_file_scheme().starting_at(base) {
        Place::Path(path) => Some(path.as_path().to_path_buf()),
        Place::Claim(_) | Place::Object(_) => None,
    };
    let (code, output) = (path(spec.code.as_ref()?)?, path(output)?);
    let is_same = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(RUN);
    let output: PathBuf = output.components().take_while(is_same).collect();
    // The code's folder by another name is still that.
    let real = |path: &Path| fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    (output != code && real(&output) != real(&code)).then_some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_left_out_up_to_where_it_is_a_runs_own() {
        let of = |code: &str, output: &str| {
            let spec = TrainJob {
                code: Some(code.into()),
                output: Some(serde_json::from_value(output.into()).unwrap()),
                ..TrainJob::default()
            };
            code_rules(&spec, Path::new("/p")).output
        };
        for (code, output, left) in [
            (".", "./runs/{run}", Some("/p/runs")),
            (".", "out/{run}/x", Some("/p/out")),
            (".", "out/a-{run}", Some("/p/out")),
            ("src", "src/out", Some("/p/src/out")),
            (".", "./out", Some("/p/out")),
            (".", "{run}", None),
            (".", ".", None),
            (".", "gs://b/{run}", None),
        ] {
            assert_eq!(of(code, output).as_deref(), left.map(Path::new), "{code} {output}");
        }
    }
}
