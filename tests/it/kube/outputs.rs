//! An output that outlives its pods is one run's at a time.

use super::support::Kube;
use crate::support::{both, stderr};

#[test]
fn a_claim_is_gone_on_with_or_emptied_only_where_that_is_asked_for() {
    let Some(kube) = Kube::new() else { return };
    kube.claim("results");
    let script = "echo found $(ls $AIP_CHECKPOINT_DIR); touch ${AIP_CHECKPOINT_DIR}step-$STEP";
    kube.gang(&[script], "output: pvc://results/same\nenv: [{name: STEP, value: one}]\n");
    let train = |code: i32, step: &str, more: &[&str]| {
        let step = format!("env[0].value={step}");
        let args = ["train", "--set", &step];
        kube.run(code, args.iter().chain(more).copied())
    };
    train(0, "one", &[]);
    let refused = stderr(&train(10, "two", &[]));
    for told in ["was filled by run gang-", "--resume", "--overwrite"] {
        assert!(refused.contains(told), "{refused}");
    }
    assert!(both(&train(0, "two", &["--resume"])).contains("found step-one"));
    let anew = both(&train(0, "three", &["--overwrite"]));
    assert!(anew.contains("found") && !anew.contains("found step"), "{anew}");
    assert_eq!(kube.in_claim("results", "ls same/checkpoints").trim(), "step-three");
}
