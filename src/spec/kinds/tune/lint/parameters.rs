//! What each parameter may be.

use super::context::Lint;
use crate::spec::kinds::tune::space::{Domain, DomainFault, domain};
use crate::spec::kinds::tune::{Algorithm, Parameter, Pass, Variant};
use crate::spec::syntax::{Code, Diagnostic, is_variable, key_path};

impl Lint<'_> {
    pub(super) fn parameters(&mut self) {
        let job = self.job;
        if job.parameters.is_empty() {
            self.add(
                Diagnostic::error(Code::NoParameters, "there is nothing to tune")
                    .at(self.spans.key("parameters"), "")
                    .help(
                        "write `parameters: {learning_rate: {double: [1e-5, 1e-1], scale: log}}`",
                    ),
            );
        }
        for (name, parameter) in &job.parameters {
            self.parameter_name(name);
            if parameter.variants().is_empty() {
                self.add(
                    Diagnostic::error(Code::ParameterType, format!("`{name}` has no variant"))
                        .at(self.spans.key(&key_path("parameters", name)), "")
                        .help("write what it may be, for example `{double: [0.5, 0.99]}`"),
                );
            }
            for (index, variant) in parameter.variants().iter().enumerate() {
                match domain(variant) {
                    Ok(domain) => self.grid(name, index, &domain),
                    Err(fault) => self.fault(name, index, variant, &fault),
                }
            }
            self.unconditional(name, parameter);
        }
    }

    fn parameter_name(&mut self, name: &str) {
        let span = self.spans.key(&key_path("parameters", name));
        let bare = name.trim_start_matches('-');
        let wrong = |c: char| c.is_whitespace() || c.is_control() || "={}$".contains(c);
        let finding = if bare.is_empty() || name.contains(wrong) {
            Diagnostic::error(
                Code::BadParameterName,
                format!("`{name}` can't be a parameter's name"),
            )
            .help("a trial gets it as `--name=value`: use letters, digits, `_`, `-` and `.`")
        } else if bare != name {
            Diagnostic::error(Code::BadParameterName, format!("`{name}` would become `--{name}`"))
                .help(format!("write `{bare}`: the dashes are added"))
        } else if self.job.pass == Pass::Environment && !is_variable(name) {
            Diagnostic::error(
                Code::BadParameterName,
                format!("`{name}` can't be a variable's name"),
            )
            .help("with `pass: environment` use letters, digits and `_`, and no digit first")
        } else {
            return;
        };
        self.add(finding.at(span, ""));
    }

    fn grid(&mut self, name: &str, index: usize, domain: &Domain) {
        if self.job.algorithm != Algorithm::Grid || domain.len().is_some() {
            return;
        }
        let path = key_path(&self.variant_path(name, index), "double");
        self.add(
            Diagnostic::error(Code::GridOfDoubles, format!("a grid has no end over `{name}`"))
                .at(self.spans.key(&path), "any number of values")
                .at(self.spans.value("algorithm"), "tries all of them")
                .help("write the values that are tried: `{discrete: [0.001, 0.01, 0.1]}`, or take another algorithm"),
        );
    }

    fn fault(&mut self, name: &str, index: usize, variant: &Variant, fault: &DomainFault) {
        let base = self.variant_path(name, index);
        let field = |field: &str| key_path(&base, field);
        let own = [
            ("double", variant.double.is_some()),
            ("integer", variant.integer.is_some()),
            ("discrete", variant.discrete.is_some()),
            ("categorical", variant.categorical.is_some()),
        ];
        let own = own.iter().find(|(_, given)| *given).map_or("double", |(name, _)| name);
        let spans = self.spans;
        let finding = |code: Code| Diagnostic::error(code, format!("`{name}`: {fault}"));
        let finding = match fault {
            DomainFault::NoType => finding(Code::ParameterType)
                .at(self.variant_span(name, index), "")
                .help("write `double: [low, high]`, `integer: [low, high]`, `discrete: [...]` or `categorical: [...]`"),
            DomainFault::TwoTypes(first, second) => finding(Code::ParameterType)
                .at(spans.key(&field(second)), "one of them")
                .at(spans.key(&field(first)), "or the other")
                .help("keep one of the two; variants with conditions of their own are a list"),
            DomainFault::NotTwo(_) => finding(Code::BadRange)
                .at(spans.value(&field(own)), "")
                .help(format!("write `{own}: [low, high]`; single values are `discrete: [...]`")),
            DomainFault::Reversed { low, high } => finding(Code::BadRange)
                .at(spans.value(&field(own)), "")
                .help(format!("write `{own}: [{high}, {low}]`")),
            DomainFault::Empty => finding(Code::BadRange)
                .at(spans.value(&field(own)), "")
                .help("name the values that are possible"),
            DomainFault::Twice(_) => finding(Code::BadRange)
                .at(spans.value(&field(own)), "")
                .help("name each value once: all of them are equally likely"),
            DomainFault::NotPositive(_) => finding(Code::BadRange)
                .at(spans.value(&field(own)), "must be above zero")
                .at(spans.value(&field("scale")), "a logarithm")
                .help("begin the range above zero, or leave `scale` out"),
            DomainFault::NoScale => finding(Code::ParameterType)
                .at(spans.value(&field("scale")), "")
                .help("leave `scale` out; numbers in order are `discrete`"),
        };
        self.add(finding);
    }

    /// Several variants, of which one counts always.
    fn unconditional(&mut self, name: &str, parameter: &Parameter) {
        let variants = parameter.variants();
        let always = variants.iter().position(|variant| variant.when.is_empty());
        if let Some(index) = always.filter(|_| variants.len() > 1) {
            self.add(
                Diagnostic::error(
                    Code::ConditionsOverlap,
                    format!("`{name}` has several variants, and this one counts always"),
                )
                .at(self.variant_span(name, index), "")
                .help("say when it counts: `when: {optimizer: [sgd]}`"),
            );
        }
    }
}
