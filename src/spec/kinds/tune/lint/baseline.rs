//! Sets of parameters that are tried first.

use super::context::Lint;
use crate::spec::kinds::tune::space::{Misplaced, Space};
use crate::spec::syntax::{Code, Diagnostic, index_path, key_path};
use crate::text::nearest;

impl Lint<'_> {
    pub(super) fn baselines(&mut self) {
        let job = self.job;
        // What is wrong with the space is said there.
        let Ok(space) = Space::of(&job.parameters) else { return };
        for (index, set) in job.baseline.iter().enumerate() {
            let base = index_path("baseline", index);
            for misplaced in space.read(set).err().unwrap_or_default() {
                let path = |name: &str| key_path(&base, name);
                let message = misplaced.to_string();
                let finding = Diagnostic::error(Code::BadBaseline, message);
                let finding = match &misplaced {
                    Misplaced::Unknown(name) => {
                        let names = job.parameters.keys().map(String::as_str);
                        let help = match nearest(name, names) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => {
                                "leave it out: what is the same in all trials stands in the trial"
                                    .into()
                            }
                        };
                        finding.at(self.spans.key(&path(name)), "").help(help)
                    }
                    Misplaced::Outside { name, .. } => finding
                        .at(self.spans.value(&path(name)), "outside of the space")
                        .help("change the value, or widen the parameter"),
                    Misplaced::Inactive(name) => finding
                        .at(self.spans.key(&path(name)), "")
                        .help("leave it out, or add the values that its `when` asks for"),
                };
                self.add(finding);
            }
            if let Some(first) = job.baseline[..index].iter().position(|other| other == set) {
                self.add(
                    Diagnostic::warning(Code::BadBaseline, "the same set is tried twice")
                        .at(self.spans.value(&base), "again here")
                        .at(self.spans.value(&index_path("baseline", first)), "first here"),
                );
            }
        }
    }
}
