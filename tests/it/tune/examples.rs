//! The examples of studies, with real trials.

use super::support::{report, states};
use crate::support::{Sandbox, heavy};

#[test]
fn a_classifier_of_scikit_learn() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("sklearn");
    sandbox.run(0, ["tune", "sklearn/tune.yaml", "--max-trials", "10"]);
    let report = report(&sandbox);
    assert_eq!(states(&report), ["succeeded"; 10]);
    let best = &report["trials"][report["best"][0].as_u64().unwrap() as usize - 1];
    assert!(best["values"]["accuracy"].as_f64().unwrap() > 0.97, "{best}");
}

#[test]
fn a_network_of_tensorflow() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("digits");
    sandbox.run(0, ["tune", "digits/tune.yaml", "--max-trials", "3"]);
    let report = report(&sandbox);
    let best = &report["trials"][report["best"][0].as_u64().unwrap() as usize - 1];
    assert!(best["values"]["val_accuracy"].as_f64().unwrap() > 0.9, "{best}");
    assert_eq!(report["trials"][0]["found"], "baseline");
    assert_eq!(report["trials"][0]["curve"].as_array().unwrap().len(), 12);
}
