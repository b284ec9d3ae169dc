//! `data`, and claims that folders of this machine stand for.

use crate::support::{Sandbox, stderr, stdout};

fn settings(sandbox: &Sandbox, text: &str) {
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).expect("folder");
    fs_err::write(dir.join("config.yaml"), text).expect("settings");
}

#[test]
fn folders_and_claims_lie_in_the_working_folder() {
    let sandbox = Sandbox::new();
    let claim = sandbox.dir().join("claim");
    sandbox.write("claim/digits/x.csv", "from the claim\n");
    sandbox.write("set/a.csv", "from the folder\n");
    sandbox.write("code/in/set/a.csv", "from the code\n");
    settings(&sandbox, &format!("claims: {{sets: {}}}\n", claim.display()));
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: data\ncode: code\n\
         output: pvc://sets/out\n\
         data: [{uri: ./set, path: in/set}, {uri: pvc://sets/digits, path: digits}]\n\
         command: [sh, -c, 'cat in/set/a.csv digits/x.csv; echo done > $AIP_MODEL_DIR/m']\n",
    );
    sandbox.run(0, ["train"]);
    let log = stdout(&sandbox.run(0, ["logs"]));
    assert!(log.contains("from the folder") && log.contains("from the claim"), "{log}");
    assert!(!log.contains("from the code"), "{log}");
    assert!(sandbox.dir().join("set/a.csv").exists(), "data outlives the working folder");
    assert!(claim.join("out/model/m").exists());
}

#[test]
fn what_is_not_here_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: data\noutput: pvc://results\n\
         queue: team\npodPatch: {spec: {runtimeClassName: nvidia}}\n\
         data: [{uri: pvc://sets, path: in}, {uri: ./none, path: other}]\n\
         command: [sh, -c, 'true']\n",
    );
    let text = stderr(&sandbox.run(5, ["train"]));
    for part in [
        "pvc://sets is a claim of a cluster",
        "`claims: {sets: /some/folder}`",
        "output: pvc://results is a claim of a cluster",
        "none does not exist",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}
