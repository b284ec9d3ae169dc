//! Where metrics are read.

use regex::RegexBuilder;

use super::context::Lint;
use crate::spec::kinds::tune::{Collect, LineFormat, MetricSource};
use crate::spec::syntax::{Code, Diagnostic, index_path};

/// The most memory that one expression may take.
const REGEX_LIMIT: usize = 1 << 20;

impl Lint<'_> {
    pub(super) fn collect(&mut self) {
        let Collect::With(with) = &self.job.collect else {
            if self.job.collect.source() == MetricSource::File {
                self.add(no_path().at(self.spans.value("collect"), ""));
            }
            return;
        };
        let spans = self.spans;
        let source = with.from;
        let of_lines = matches!(source, MetricSource::Stdout | MetricSource::File);
        let of_path = matches!(source, MetricSource::File | MetricSource::Tensorboard);
        if source == MetricSource::File && with.path.is_none() {
            self.add(no_path().at(spans.value("collect.from"), ""));
        }
        if with.path.as_ref().is_some_and(|path| path.trim().is_empty()) {
            self.add(
                Diagnostic::error(Code::EmptyPath, "`collect.path` is empty")
                    .at(spans.value("collect.path"), "")
                    .help("write a path, absolute or in the working folder"),
            );
        }
        let options = [
            (
                "path",
                with.path.is_some() && !of_path,
                "`from: file` and `from: tensorboard` have one",
            ),
            (
                "format",
                with.format != LineFormat::Text && !of_lines,
                "`from: stdout` and `from: file` have one",
            ),
            ("regex", !with.regex.is_empty() && !of_lines, "write `from: stdout` or `from: file`"),
        ];
        for (name, misplaced, help) in options {
            if misplaced {
                self.add(
                    Diagnostic::error(
                        Code::CollectOption,
                        format!("`{name}` is nothing for `{}`", source.as_str()),
                    )
                    .at(spans.key(&format!("collect.{name}")), "")
                    .help(help),
                );
            }
        }
        if of_lines && with.format == LineFormat::Json && !with.regex.is_empty() {
            self.add(
                Diagnostic::error(Code::CollectOption, "JSON is not read by expressions")
                    .at(spans.key("collect.regex"), "one of them")
                    .at(spans.value("collect.format"), "or the other")
                    .help("keep one of the two"),
            );
        }
        for (index, text) in with.regex.iter().enumerate() {
            self.regex(text, &index_path("collect.regex", index));
        }
        for (index, name) in with.also.iter().enumerate() {
            let known = self.job.metrics.iter().any(|metric| metric.name == *name);
            if known || with.also[..index].contains(name) {
                self.add(
                    Diagnostic::warning(
                        Code::DuplicateMetric,
                        format!("the metric `{name}` is recorded anyway"),
                    )
                    .at(spans.value(&index_path("collect.also", index)), "")
                    .help("leave it out here"),
                );
            }
        }
    }

    fn regex(&mut self, text: &str, path: &str) {
        let span = self.spans.value(path);
        let finding = match RegexBuilder::new(text).size_limit(REGEX_LIMIT).build() {
            Err(regex::Error::CompiledTooBig(_)) => {
                Diagnostic::error(Code::BadRegex, "the expression takes too much memory")
                    .help("write it with fewer and smaller repetitions")
            }
            Err(error) => {
                // The last line of it says what; those before repeat the expression.
                let reason = error.to_string();
                let reason = reason.lines().next_back().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ").to_owned();
                Diagnostic::error(Code::BadRegex, format!("no expression that can be used: {reason}"))
                    .help("in quotes of one kind, `'([\\w-]+) is ([0-9.]+)'`, a backslash is written once")
            }
            Ok(regex) if regex.captures_len() < 2 => Diagnostic::error(
                Code::BadRegex,
                "the expression has no group, so it finds no value",
            )
            .help("write groups for name and value: `'([\\w-]+): ([0-9.]+)'`"),
            Ok(_) => return,
        };
        self.add(finding.at(span, ""));
    }
}

fn no_path() -> Diagnostic {
    Diagnostic::error(Code::CollectOption, "nothing says which file the metrics are in")
        .help("write `collect: {from: file, path: metrics.log}`")
}
