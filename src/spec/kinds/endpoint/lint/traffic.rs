//! Shares of the requests: they add up, and memory has room for those who have one.

use super::context::Lint;
use crate::spec::kinds::endpoint::{Revision, Transition};
use crate::spec::syntax::{Code, Diagnostic, index_path};
use crate::text::{list_of, nearest};

impl Lint<'_> {
    pub(super) fn traffic(&mut self) {
        self.shadow();
        self.sum();
        self.sticky();
        self.transition();
    }

    fn sum(&mut self) {
        let endpoint = self.endpoint;
        let weights = endpoint.weights();
        let sum: u64 = weights.iter().map(|weight| u64::from(weight.percent)).sum();
        let given = self.indexes(|revision| revision.traffic.is_some());
        let candidate = endpoint.candidate().map(|revision| revision.name.as_str());
        let open = self.indexes(|revision| {
            let waits = candidate == Some(&revision.name) || endpoint.is_shadow(revision);
            revision.traffic.is_none() && !waits
        });
        if endpoint.revisions.is_empty() || (sum == 100 && open.len() <= 1) {
            return;
        }
        let at = |index: usize, field: &str| {
            self.spans.key(&format!("{}.{field}", index_path("revisions", index)))
        };
        let finding = if open.len() > 1 && sum <= 100 {
            let names: Vec<String> =
                open.iter().map(|index| format!("`{}`", endpoint.revisions[*index].name)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let message = format!("{} have no `traffic`, and only one may", list_of(&names, "and"));
            let finding =
                open.iter().fold(Diagnostic::error(Code::TrafficSum, message), |finding, index| {
                    finding.at(at(*index, "name"), "")
                });
            let rest = 100 - sum;
            finding.help(format!(
                "{rest} % are left: add `traffic: N` to all but one of them, which gets the rest; or \
                 add `rollout: {{}}`, and the last one gets its share step by step"
            ))
        } else {
            let finding = given.iter().fold(
                Diagnostic::error(
                    Code::TrafficSum,
                    format!("`traffic` adds up to {sum}, not to 100"),
                ),
                |finding, index| {
                    let path = format!("{}.traffic", index_path("revisions", *index));
                    finding.at(self.spans.value(&path), "")
                },
            );
            finding.help(if endpoint.revisions.len() == 1 {
                "one revision alone has all requests: leave `traffic` out".to_owned()
            } else if sum < 100 {
                let missing = 100 - sum;
                format!(
                    "{missing} are missing: add them to one of these, or leave one `traffic` out, \
                     and that revision gets the rest"
                )
            } else {
                format!("{} are too many: take them from one of these", sum - 100)
            })
        };
        self.add(finding);
    }

    fn indexes(&self, which: impl Fn(&Revision) -> bool) -> Vec<usize> {
        let revisions = self.endpoint.revisions.iter().enumerate();
        revisions.filter(|(_, revision)| which(revision)).map(|(index, _)| index).collect()
    }

    fn shadow(&mut self) {
        let endpoint = self.endpoint;
        let Some(shadow) = &endpoint.shadow else { return };
        let name = &shadow.revision;
        let span = self.spans.value("shadow.revision");
        let finding = match endpoint.revisions.iter().position(|revision| revision.name == *name) {
            None => {
                let names = endpoint.revisions.iter().map(|revision| revision.name.as_str());
                let help = nearest(name, names.clone()).map_or_else(
                    || {
                        let names: Vec<&str> = names.collect();
                        format!("there are {}", list_of(&names, "and"))
                    },
                    |near| format!("did you mean `{near}`?"),
                );
                Diagnostic::error(Code::BadShadow, format!("there is no revision `{name}`"))
                    .at(span, "")
                    .help(help)
            }
            Some(_) if endpoint.revisions.len() == 1 => Diagnostic::error(
                Code::BadShadow,
                format!("`{name}` is the only revision: nobody would answer"),
            )
            .at(span, "")
            .help("add the revision that answers, or leave `shadow` out"),
            Some(index) if endpoint.revisions[index].traffic.is_some_and(|percent| percent > 0) => {
                let path = format!("{}.traffic", index_path("revisions", index));
                Diagnostic::error(
                    Code::BadShadow,
                    format!("`{name}` answers requests, and would get copies of others"),
                )
                .at(self.spans.value(&path), "it answers")
                .at(span, "nobody sees its answers")
                .help("leave its `traffic` out")
            }
            Some(_) => return,
        };
        self.add(finding);
    }

    fn sticky(&mut self) {
        let Some(sticky) = &self.endpoint.sticky else { return };
        let fields = [("header", sticky.header.is_some()), ("cookie", sticky.cookie.is_some())];
        self.one_of("sticky", &fields, "write `sticky: {header: x-user-id}`, or `{cookie: user}`");
        for (field, name) in [("header", &sticky.header), ("cookie", &sticky.cookie)] {
            // The characters of a token in HTTP (RFC 9110, section 5.6.2).
            let is_token = |name: &str| {
                !name.is_empty()
                    && name
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
            };
            if let Some(name) = name.as_ref().filter(|name| !is_token(name)) {
                self.add(
                    Diagnostic::error(Code::BadHost, format!("`{name}` can't be a {field}'s name"))
                        .at(self.spans.value(&format!("sticky.{field}")), "")
                        .help("use letters, digits, `-` and `_`, for example `x-user-id`"),
                );
            }
        }
    }

    /// `minimalRam` promises that memory never holds two revisions.
    fn transition(&mut self) {
        let endpoint = self.endpoint;
        if endpoint.transition != Transition::MinimalRam {
            return;
        }
        let span = self.spans.value("transition");
        let weights = endpoint.weights();
        let serving = weights.iter().filter(|weight| weight.percent > 0).count();
        let (what, at, help) = if endpoint.rollout.is_some() {
            (
                "a rollout needs the old and the new revision at once",
                self.spans.key("rollout"),
                "leave `rollout` out, or write `transition: availability`",
            )
        } else if endpoint.shadow.is_some() {
            (
                "a shadow needs a second revision",
                self.spans.key("shadow"),
                "leave `shadow` out, or write `transition: availability`",
            )
        } else if serving > 1 {
            (
                "a split of the requests needs both revisions at once",
                self.spans.key("revisions"),
                "give one revision all `traffic`, or write `transition: availability`",
            )
        } else {
            return;
        };
        self.add(
            Diagnostic::error(
                Code::TwoAtOnce,
                format!("`minimalRam` keeps one revision in memory, and {what}"),
            )
            .at(span, "one at a time")
            .at(at, "two at once")
            .help(help),
        );
    }
}
