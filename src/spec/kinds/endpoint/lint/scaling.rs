//! What makes replicas more or fewer, and whether anything can.

use super::context::Lint;
use crate::spec::kinds::endpoint::{Replicas, Revision, Scaling, ScalingTarget};
use crate::spec::syntax::{Code, Diagnostic, index_path};

impl Lint<'_> {
    pub(super) fn scaling(&mut self) {
        let Some(scaling) = &self.endpoint.scaling else { return };
        let Scaling { target, window, scale_to_zero_after } = scaling;
        self.not_zero(*window, "scaling.window", "nothing to average");
        self.not_zero(*scale_to_zero_after, "scaling.scaleToZeroAfter", "gone at once");
        let ScalingTarget { concurrency, requests_per_second, cpu } = target;
        let fields = [
            ("concurrency", concurrency.is_some()),
            ("requestsPerSecond", requests_per_second.is_some()),
            ("cpu", cpu.is_some()),
        ];
        let is_written = self.spans.get("scaling.target").is_some();
        if is_written {
            self.one_of("scaling.target", &fields, "write `target: {concurrency: 8}`");
        }
        for (field, value) in
            [("concurrency", *concurrency), ("requestsPerSecond", *requests_per_second)]
        {
            if value.is_some_and(|value| value <= 0.0) {
                self.too_small(field, "8");
            }
        }
        if cpu.is_some_and(|cpu| cpu.percent() <= 0.0) {
            self.too_small("cpu", "60%");
        }
        if cpu.is_some() {
            self.by_cpu();
        }
        self.to_zero(cpu.is_some());
        self.nothing_scales();
    }

    fn too_small(&mut self, field: &str, example: &str) {
        self.add(
            Diagnostic::error(
                Code::BadScaling,
                format!("a replica that carries nothing by `{field}` never has enough others"),
            )
            .at(self.spans.value(&format!("scaling.target.{field}")), "")
            .help(format!("write more than nothing, for example `{field}: {example}`")),
        );
    }

    /// A part of the cores that are asked for is nothing without them.
    fn by_cpu(&mut self) {
        for (index, revision) in self.endpoint.revisions.iter().enumerate() {
            if self.endpoint.effective(revision).cpu.is_some() {
                continue;
            }
            let name = &revision.name;
            self.add(
                Diagnostic::error(
                    Code::BadScaling,
                    format!("`{name}` asks for no cores, of which `cpu` could be a part"),
                )
                .at(self.spans.value(&format!("{}.name", index_path("revisions", index))), "")
                .at(self.spans.value("scaling.target.cpu"), "a part of what it asks for")
                .help("add `cpu: 2`, or scale by `concurrency` or `requestsPerSecond`"),
            );
        }
    }

    fn bounds(&self, revision: &Revision) -> Replicas {
        revision.replicas.or(self.endpoint.replicas).unwrap_or_default()
    }

    fn to_zero(&mut self, by_cpu: bool) {
        let revisions = &self.endpoint.revisions;
        let ends = revisions.iter().position(|revision| self.bounds(revision).min() == 0);
        let after = self.spans.get("scaling.scaleToZeroAfter").is_some();
        let finding = match ends {
            Some(index) if by_cpu => {
                let own = format!("{}.replicas", index_path("revisions", index));
                let path = if self.spans.get(&own).is_some() { own.as_str() } else { "replicas" };
                Diagnostic::error(
                    Code::ScaleToZero,
                    "nothing scales to zero by `cpu`: without a replica there is no load to see",
                )
                .at(self.spans.value(&format!("{path}.min")), "")
                .at(self.spans.key("scaling.target.cpu"), "")
                .help("write `min: 1`, or scale by `concurrency` or `requestsPerSecond`")
            }
            None if after && !revisions.is_empty() => Diagnostic::error(
                Code::ScaleToZero,
                "no revision may have no replicas, so nothing goes after this time",
            )
            .at(self.spans.key("scaling.scaleToZeroAfter"), "")
            .help("write `replicas: {min: 0, max: 4}`, or leave it out"),
            _ => return,
        };
        self.add(finding);
    }

    /// A target where every revision has one number of replicas.
    fn nothing_scales(&mut self) {
        let revisions = &self.endpoint.revisions;
        let is_fixed = |revision: &Revision| {
            let bounds = self.bounds(revision);
            bounds.min() >= bounds.max()
        };
        if !revisions.is_empty() && revisions.iter().all(is_fixed) {
            self.add(
                Diagnostic::warning(
                    Code::BadScaling,
                    "no revision scales: each has one number of replicas",
                )
                .at(self.spans.key("scaling"), "without effect")
                .help("write `replicas: {min: 1, max: 4}`, at the top level for all revisions"),
            );
        }
    }
}
