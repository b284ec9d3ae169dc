//! When parameters count.

use super::context::Lint;
use super::overlap::Conditions;
use crate::spec::kinds::tune::space::{Domain, domain};
use crate::spec::kinds::tune::{Choices, Parameter};
use crate::spec::syntax::{Code, Diagnostic, index_path, key_path};
use crate::text::nearest;

impl Lint<'_> {
    pub(super) fn conditions(&mut self) {
        let job = self.job;
        for (name, parameter) in &job.parameters {
            for (index, variant) in parameter.variants().iter().enumerate() {
                let base = key_path(&self.variant_path(name, index), "when");
                for (parent, choices) in &variant.when {
                    self.condition(name, parent, choices, &key_path(&base, parent));
                }
            }
        }
        self.cycles();
        let conditions = Conditions::of(&job.parameters);
        for (name, parameter) in &job.parameters {
            let variants = parameter.variants();
            for second in 1..variants.len() {
                let first = (0..second).find(|first| {
                    let both = [*first, second].map(|index| &variants[index]);
                    both.iter().all(|variant| !variant.when.is_empty())
                        && conditions.overlap(both[0], both[1])
                });
                if let Some(first) = first {
                    self.add(
                        Diagnostic::error(
                            Code::ConditionsOverlap,
                            format!("two variants of `{name}` may count at once"),
                        )
                        .at(self.variant_span(name, second), "this one")
                        .at(self.variant_span(name, first), "and this one")
                        .help("give them different values of the same parent in `when`"),
                    );
                }
            }
        }
    }

    fn condition(&mut self, name: &str, parent: &str, choices: &Choices, path: &str) {
        let parameters = &self.job.parameters;
        let wrong = |message: String| Diagnostic::error(Code::BadCondition, message);
        let key = self.spans.key(path);
        let Some(found) = parameters.get(parent) else {
            let names = parameters.keys().map(String::as_str).filter(|other| *other != name);
            let help = nearest(parent, names).map_or_else(
                || "a condition names another parameter and values of it: `when: {optimizer: [sgd]}`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.add(wrong(format!("there is no parameter `{parent}`")).at(key, "").help(help));
            return;
        };
        if parent == name {
            // Said of all circles.
            return;
        }
        let domains: Vec<Domain> =
            found.variants().iter().filter_map(|variant| domain(variant).ok()).collect();
        if domains.len() < found.variants().len() {
            // What is wrong with the parent is said there.
            return;
        }
        if domains.iter().any(|domain| matches!(domain, Domain::Double(..))) {
            self.add(
                wrong(format!("`{parent}` is a `double`, whose single values nobody meets"))
                    .at(key, "")
                    .help("a condition is on an `integer`, `discrete` or `categorical` parameter"),
            );
            return;
        }
        if choices.words().is_empty() {
            self.add(
                wrong(format!("`{name}` would never count: the list of values is empty"))
                    .at(self.spans.value(path), "")
                    .help(format!("name values of `{parent}`")),
            );
        }
        for (index, word) in choices.words().iter().enumerate() {
            let is_possible = |domain: &Domain| {
                domain.read(word.as_str()).is_some_and(|value| domain.contains(&value))
            };
            if domains.iter().any(is_possible) {
                continue;
            }
            let path = match choices {
                Choices::One(_) => path.to_owned(),
                Choices::Several(_) => index_path(path, index),
            };
            let allowed = domains.iter().map(Domain::describe).collect::<Vec<_>>().join(", or ");
            self.add(
                wrong(format!("`{parent}` is never `{word}`"))
                    .at(self.spans.value(&path), "")
                    .help(format!("it is {allowed}")),
            );
        }
    }

    fn cycles(&mut self) {
        let parameters = &self.job.parameters;
        let parents = |name: &str| -> Vec<String> {
            let variants = parameters.get(name).map(Parameter::variants).unwrap_or_default();
            variants.iter().flat_map(|variant| variant.when.keys().cloned()).collect()
        };
        let mut told: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for name in parameters.keys() {
            // All that this one depends on, near and far.
            let mut above = parents(name);
            let mut at = 0;
            while at < above.len() {
                for parent in parents(&above[at]) {
                    if !above.contains(&parent) {
                        above.push(parent);
                    }
                }
                at += 1;
            }
            if above.contains(name) && !told.contains(name) {
                told.extend(above);
                found.push(name.clone());
            }
        }
        for name in found {
            let variants = parameters[&name].variants();
            let index = variants.iter().position(|variant| !variant.when.is_empty()).unwrap_or(0);
            let path = key_path(&self.variant_path(&name, index), "when");
            self.add(
                Diagnostic::error(Code::ConditionCycle, format!("`{name}` depends on itself"))
                    .at(self.spans.key(&path), "")
                    .help("one of the parameters in this circle must count always"),
            );
        }
    }
}
