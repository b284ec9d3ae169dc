//! `algorithm` and `earlyStopping`: the nearest that mlctl has.

use super::system::settings;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::tune::{Algorithm, EarlyStopping, EarlyStoppingWith, StoppingRule};
use crate::spec::syntax::{Entry, Node, Spans};

pub(super) const ALGORITHM: Table = &[
    ("algorithmName", Use::Kept("algorithm")),
    (
        "algorithmSettings",
        Use::Changed("those that mean something here: `seed` and the like; others are told"),
    ),
];

/// How values are chosen.
#[derive(Default)]
pub(super) struct Search {
    pub(super) algorithm: Algorithm,
    pub(super) seed: Option<u32>,
    /// Hyperband, which is a rule that ends trials early here.
    pub(super) halving: Option<Halving>,
}

/// Katib's Hyperband.
pub(super) struct Halving {
    pub(super) rule: EarlyStoppingWith,
    /// The parameter that is given out as a resource, and the most of it.
    pub(super) resource: Option<(String, i64)>,
}

/// Reads an `algorithm`.
pub(super) fn search(findings: &mut Findings, entry: &Entry, spans: &mut Spans) -> Search {
    let fields = findings.fields(&entry.value, "algorithm", ALGORITHM);
    spans.insert("algorithm", Located::new((), entry).place);
    let Some(node) = fields.get("algorithmName") else {
        if entry.value.as_map().is_some() {
            findings.missing(&entry.value, "algorithm.algorithmName");
        }
        return Search::default();
    };
    let Some(name) = findings.text(node, "algorithmName") else { return Search::default() };
    spans.insert("algorithm", Located::new((), entry).place);
    let settings = settings(findings, fields.get("algorithmSettings"));
    let mut used = vec!["random_state", "seed"];
    let number = |names: &[&str]| {
        let (_, node) = settings.iter().find(|(name, _)| names.contains(&name.as_str()))?;
        node.as_text()?.trim().parse::<u32>().ok()
    };
    let seed = number(&["random_state", "seed"]);
    let mut halving = None;
    let algorithm = match name {
        "random" => Algorithm::Random,
        "grid" => Algorithm::Grid,
        "bayesianoptimization" => Algorithm::Bayesian,
        "sobol" => Algorithm::Quasirandom,
        "tpe" | "multivariate-tpe" | "cmaes" => {
            let message = format!("mlctl's Bayesian search takes the place of `{name}`");
            findings.instead(node, message, "it is a Gaussian process, which needs fewer trials");
            Algorithm::Bayesian
        }
        "hyperband" => {
            used.extend(["eta", "r_l", "resource_name"]);
            let most = number(&["r_l"]);
            let text = |name: &str| settings.iter().find(|(known, _)| known == name)?.1.as_text();
            let resource =
                text("resource_name").zip(most).map(|(name, most)| (name.to_owned(), most.into()));
            let message = "trials are ended at rungs, in place of being started again with more";
            let help = "each is given all of the resource; the metric is reported with its step";
            findings.instead(node, message.to_owned(), help);
            let rule = EarlyStoppingWith {
                rule: StoppingRule::Hyperband,
                max_resource: most.filter(|most| *most > 1).map(u64::from),
                reduction_factor: number(&["eta"]).filter(|eta| (2..=100).contains(eta)),
                ..EarlyStoppingWith::default()
            };
            spans.insert("earlyStopping", Located::new((), entry).place);
            halving = Some(Halving { rule, resource });
            Algorithm::Random
        }
        "enas" | "darts" => {
            let message = format!("`{name}`: mlctl searches no architectures");
            let help = "tune the numbers that describe the network, such as layers and units";
            findings.refuse(node, message, help);
            Algorithm::Bayesian
        }
        "pbt" => {
            let help = "take `random` with `hyperband`, or `tpe`; trials that go on from another \
                        one's checkpoint are not made";
            findings.refuse(node, "`pbt`: mlctl breeds no populations".to_owned(), help);
            Algorithm::Bayesian
        }
        _ => {
            let known = "random, grid, bayesianoptimization, tpe, multivariate-tpe, cmaes, sobol \
                         or hyperband";
            findings.wrong_type(node, "algorithmName", known);
            Algorithm::Bayesian
        }
    };
    left(findings, &settings, &used);
    Search { algorithm, seed, halving }
}

/// Settings that have no counterpart.
fn left(findings: &mut Findings, settings: &[(String, &Node)], used: &[&str]) {
    for (name, node) in settings.iter().filter(|(name, _)| !used.contains(&name.as_str())) {
        let message = format!("the setting `{name}` is left out");
        findings.instead(node, message, "mlctl's search finds its own settings");
    }
}

/// Reads an `earlyStopping`.
pub(super) fn early_stopping(
    findings: &mut Findings,
    entry: &Entry,
    spans: &mut Spans,
) -> EarlyStopping {
    let fields = findings.fields(&entry.value, "earlyStopping", ALGORITHM);
    spans.insert("earlyStopping", Located::new((), entry).place);
    let Some(node) = fields.get("algorithmName") else {
        if entry.value.as_map().is_some() {
            findings.missing(&entry.value, "earlyStopping.algorithmName");
        }
        return EarlyStopping::default();
    };
    if node.as_text() != Some("medianstop") {
        findings.wrong_type(node, "earlyStopping.algorithmName", "medianstop");
        return EarlyStopping::default();
    }
    let settings = settings(findings, fields.get("algorithmSettings"));
    let mut number = |name: &str, usual: u32| {
        let Some((_, node)) = settings.iter().find(|(known, _)| known == name) else {
            return usual;
        };
        findings.count(node, name).unwrap_or(usual)
    };
    // Katib's own defaults.
    let min_trials = Some(number("min_trials_required", 3));
    let min_step = Some(number("start_step", 4).into());
    left(findings, &settings, &["min_trials_required", "start_step"]);
    let rule = StoppingRule::Median;
    EarlyStopping::With(EarlyStoppingWith {
        rule,
        min_trials,
        min_step,
        ..EarlyStoppingWith::default()
    })
}
