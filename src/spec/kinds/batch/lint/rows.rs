//! From rows to instances, and from predictions to rows.

use super::context::Lint;
use crate::spec::kinds::batch::{BatchFormat, InstanceType, ResultFormat};
use crate::spec::syntax::{Code, Diagnostic};

impl Lint<'_> {
    pub(super) fn rows(&mut self) {
        let instances = &self.job.instances;
        let format = self.job.input.format();
        let (included, excluded) = (&instances.included_fields, &instances.excluded_fields);
        if !included.is_empty() && !excluded.is_empty() {
            self.add(
                Diagnostic::error(
                    Code::InstanceFields,
                    "`includedFields` and `excludedFields` exclude each other",
                )
                .at(self.spans.key("instances.includedFields"), "one of them")
                .at(self.spans.key("instances.excludedFields"), "or the other")
                .help("keep one of the two"),
            );
        }
        let has_fields =
            !included.is_empty() || !excluded.is_empty() || instances.key_field.is_some();
        let nameless = matches!(
            format,
            BatchFormat::FileList | BatchFormat::TfRecord | BatchFormat::TfRecordGzip
        );
        if nameless && has_fields {
            self.add(
                Diagnostic::error(
                    Code::InstanceFields,
                    "the rows of this format have no fields to choose from",
                )
                .at(self.spans.key("instances"), "")
                .help("leave the fields out; JSON Lines and CSV have fields"),
            );
        } else if instances.kind == Some(InstanceType::Array)
            && format == BatchFormat::Jsonl
            && included.is_empty()
        {
            self.add(
                Diagnostic::error(
                    Code::InstanceFields,
                    "an array of an object's fields needs their order",
                )
                .at(self.spans.value("instances.type"), "")
                .help(
                    "add `includedFields: [...]`; leave `type` out where lines are arrays already",
                ),
            );
        }
        let key = instances.key_field.as_ref();
        if let Some(key) = key.filter(|key| included.contains(key) || excluded.contains(key)) {
            self.add(
                Diagnostic::error(
                    Code::InstanceFields,
                    format!("`{key}` is the key, which is never sent"),
                )
                .at(self.spans.value("instances.keyField"), "")
                .help("leave it out of the other lists"),
            );
        }
        let columns = format == BatchFormat::Csv || key.is_some() || !included.is_empty();
        if self.job.output.format() == ResultFormat::Csv && !columns {
            self.add(
                Diagnostic::error(Code::OutputFormat, "CSV results need to know their columns")
                    .at(self.spans.value("output.format"), "")
                    .help(
                        "name them by `instances: {keyField: ...}` or `includedFields`, read CSV, or \
                         write `format: jsonl`",
                    ),
            );
        }
    }
}
