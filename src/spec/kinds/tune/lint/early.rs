//! Rules that end trials early, and which options each has.

use super::context::Lint;
use crate::spec::kinds::tune::{EarlyStopping, EarlyStoppingWith, StoppingRule};
use crate::spec::syntax::{Code, Diagnostic, key_path};
use crate::text::list_of;

use StoppingRule::{Asha, Convex, DecayCurve, Hyperband, Median};

const CURVES: &[StoppingRule] = &[Median, DecayCurve, Convex];
const FORETOLD: &[StoppingRule] = &[DecayCurve, Convex];
const HALVING: &[StoppingRule] = &[Asha, Hyperband];

impl Lint<'_> {
    pub(super) fn early(&mut self) {
        let EarlyStopping::With(with) = &self.job.early_stopping else { return };
        let EarlyStoppingWith {
            rule,
            use_elapsed_duration,
            min_trials,
            min_step,
            max_step,
            min_measurements,
            resource,
            min_resource,
            max_resource,
            reduction_factor,
            brackets,
        } = with;
        let options: [(&str, bool, &[StoppingRule]); 10] = [
            ("useElapsedDuration", *use_elapsed_duration, CURVES),
            ("minTrials", min_trials.is_some(), CURVES),
            ("minStep", min_step.is_some(), CURVES),
            ("maxStep", max_step.is_some(), FORETOLD),
            ("minMeasurements", min_measurements.is_some(), FORETOLD),
            ("resource", resource.is_some(), HALVING),
            ("minResource", min_resource.is_some(), HALVING),
            ("maxResource", max_resource.is_some(), HALVING),
            ("reductionFactor", reduction_factor.is_some(), HALVING),
            ("brackets", brackets.is_some(), &[Hyperband]),
        ];
        for (name, given, rules) in options {
            if !given || rules.contains(rule) {
                continue;
            }
            let names: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
            let own: Vec<&str> = options
                .iter()
                .filter(|(_, _, rules)| rules.contains(rule))
                .map(|(name, ..)| *name)
                .collect();
            let help = if own.is_empty() {
                "leave it out, or name another rule".to_owned()
            } else {
                format!("its own options are {}", list_of(&own, "and"))
            };
            self.add(
                Diagnostic::error(
                    Code::StoppingOption,
                    format!("`{name}` is an option of {}", list_of(&names, "and")),
                )
                .at(self.spans.key(&key_path("earlyStopping", name)), "")
                .at(self.spans.value("earlyStopping.type"), "has no such option")
                .help(help),
            );
        }
        let ends = [
            ("minResource", *min_resource, "maxResource", *max_resource),
            ("minStep", *min_step, "maxStep", *max_step),
        ];
        for (low_name, low, high_name, high) in ends {
            if let (Some(low), Some(high)) = (low, high)
                && low >= high
            {
                self.add(
                    Diagnostic::error(Code::StoppingOption, "no trial could be ended early")
                        .at(
                            self.spans.value(&key_path("earlyStopping", low_name)),
                            "not before this",
                        )
                        .at(
                            self.spans.value(&key_path("earlyStopping", high_name)),
                            "whole at this",
                        )
                        .help(format!("write a smaller `{low_name}`")),
                );
            }
        }
    }
}
