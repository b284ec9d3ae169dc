//! What is said of a verb or a flag that isn't there leads to what was meant.

use super::{QUICK, far_from_clusters, shell, told};
use crate::support::{Sandbox, stderr, stdout};

/// A study of the training run in another file.
const STUDY: &str = "\
apiVersion: mlctl.dev/v1
kind: TuneJob
name: search
metrics: [{name: loss, goal: minimize}]
parameters: {lr: {double: [0.1, 1]}}
maxTrials: 2
trial: {file: plain.yaml}
";

/// Specs and a script for lines that name them.
fn sandbox() -> Sandbox {
    let sandbox = far_from_clusters();
    sandbox.write("mlctl.yaml", QUICK);
    sandbox.write("list.yaml", &QUICK.replace("{epochs: 5}", "[--epochs, \"5\", --lr=0.1]"));
    sandbox.write("plain.yaml", &QUICK.replace("args: {epochs: 5}\n", ""));
    sandbox.write("train.py", "import sys\nprint(sys.argv)\n");
    sandbox.write("reqs.txt", "flask\n");
    let vertex = "\
displayName: job
jobSpec:
  workerPoolSpecs:
  - machineSpec: {machineType: n1-standard-4}
    replicaCount: 1
    containerSpec: {imageUri: gcr.io/x/y, command: [\"true\"], args: [--epochs=1]}
";
    sandbox.write("vertex.yaml", vertex);
    sandbox
}

#[test]
fn verbs_of_other_tools() {
    let sandbox = sandbox();
    let lines = [
        "mlctl submit mlctl.yaml",
        "mlctl run train.py -- --epochs 5",
        "mlctl create -f mlctl.yaml -n team",
        "mlctl apply -f mlctl.yaml --detach",
        "mlctl ps",
        "mlctl get pods",
        "mlctl delete loc",
        "mlctl rm loc --yes",
        "mlctl stop loc",
        "mlctl kill loc --force",
        "mlctl describe loc -o json",
        "mlctl port-forward digits",
        "mlctl jobs launch mlctl.yaml",
        "mlctl ai custom-jobs create --config vertex.yaml",
        "mlctl ai hp-tuning-jobs describe study",
        "mlctl ai endpoints predict digits --json 1",
        "mlctl job train mlctl.yaml",
        "mlctl sweep study.yaml",
        "mlctl deploy ./model",
        "mlctl ssh loc",
        "mlctl log loc --tail 3",
        "mlctl attach loc",
        "mlctl up",
        "mlctl down digits",
        "mlctl resume",
        "mlctl models delete a@1",
        "mlctl -n team-a ps",
        "mlctl statsu loc",
        "mlctl delet loc",
        "mlctl models shw a",
        "mlctl qqqqqq",
        "mlctl env",
        "mlctl fmt",
        "mlctl rerun loc",
        "mlctl init",
        "mlctl exec loc",
        "mlctl undeploy",
        "mlctl wait a b",
        "mlctl train --args '--a 1' train.py",
        "mlctl help qqqqqq",
        "mlctl help ps",
    ];
    let all: Vec<String> = lines.iter().map(|line| told(&sandbox, line)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// Verbs of two words that other tools have: each line is a mistake, and the line that is advised works.
#[test]
fn verbs_behind_verbs() {
    let sandbox = sandbox();
    sandbox.write("study.yaml", STUDY);
    sandbox.run(0, ["train", "mlctl.yaml"]);
    let mut all = Vec::new();
    for line in [
        "mlctl train list",
        "mlctl tune list",
        "mlctl tune ls -o json",
        "mlctl -n team-a train list",
        "mlctl serve list --state running",
        "mlctl batch-predict list",
        "mlctl batch-predict status loc",
        "mlctl tune logs loc --tail 1",
        "mlctl train ps",
        "mlctl train run mlctl.yaml --dry-run",
        "mlctl train start -f plain.yaml --dry-run",
        "mlctl tune create study.yaml --dry-run",
        "mlctl train why loc",
        "mlctl tune describe",
        "mlctl serve delete digits --yes",
        "mlctl tune nonsense",
        "mlctl serve nonsense",
        "mlctl train list.yml",
    ] {
        let said = told(&sandbox, line);
        let advice =
            said.lines().find_map(|line| line.strip_prefix("hint: ")?.split_once(": mlctl "));
        if let Some((_, advice)) = advice {
            let output = shell(&sandbox, &format!("mlctl {advice}")).output().expect("it runs");
            // There is no study, and no endpoint.
            let works = [Some(0), Some(4)].contains(&output.status.code());
            assert!(works, "{line}: {advice}: {}", stderr(&output));
        }
        all.push(said);
    }
    insta::assert_snapshot!(all.join("\n"));
    // A file or a folder that is called so is the spec.
    sandbox.write("list", QUICK);
    sandbox.run(0, ["train", "list", "--dry-run"]);
    sandbox.write("status/mlctl.yaml", QUICK);
    sandbox.run(0, ["train", "status", "--dry-run"]);
    fs_err::create_dir(sandbox.dir().join("logs")).expect("a folder");
    assert!(told(&sandbox, "mlctl train logs").contains("logs/mlctl.yaml does not exist"));
}

/// What a script needs and nobody installs is said, with the flag that installs it.
#[test]
fn requirements_beside_a_script() {
    let sandbox = sandbox();
    let said = |line: &str| told(&sandbox, &format!("mlctl train {line} --dry-run"));
    assert!(!said("train.py").contains("requirements"));
    sandbox.write("requirements.txt", "# nothing yet\n");
    assert!(!said("train.py").contains("requirements"));
    sandbox.write("requirements.txt", "six==1.17.0\n");
    let flag = "--set setup.python.requirements=requirements.txt";
    for line in ["train.py", "train.py -o json", "./train.py"] {
        let output =
            shell(&sandbox, &format!("mlctl train {line} --dry-run")).output().expect("it runs");
        let (out, err) = (stdout(&output), stderr(&output));
        let hints = err.lines().filter(|line| line.starts_with("hint: requirements.txt beside"));
        assert_eq!(hints.count(), 1, "{err}");
        assert!(err.contains(flag) && !out.contains("hint"), "{out}{err}");
    }
    assert!(!said("-q train.py").contains("beside"), "{}", said("-q train.py"));
    assert!(!said("mlctl.yaml").contains("beside"), "a spec says it itself");
    let with = said(&format!("train.py {flag}"));
    assert!(with.contains("python (requirements.txt)") && !with.contains("beside"), "{with}");
}

/// Each line is a mistake, and the line that is advised does what was meant.
#[test]
fn advice_works() {
    let sandbox = sandbox();
    let lines = [
        "mlctl train mlctl.yaml --epochs 1 --dry-run",
        "mlctl train mlctl.yaml --epochs=1 --new-one 2 --dry-run",
        "mlctl train list.yaml --epochs 1 --lr 2 --fast --dry-run",
        "mlctl train plain.yaml --epochs 1 --dry-run",
        "mlctl train mlctl.yaml --fast --dry-run",
        "mlctl train vertex.yaml --epochs 3 --dry-run",
        "mlctl train train.py --epochs 1 --fast --dry-run",
        "mlctl train train.py --lr -1e-3 --dry-run -- --fast",
        "mlctl train --image python:3 train.py --dry-run",
        "mlctl train train.py --retries 2 --requirements reqs.txt --dry-run",
        "mlctl train python3 train.py --dry-run",
        "mlctl train.py --dry-run",
        "mlctl train --timeout 2h --max-cost 3 --dry-run",
        "mlctl train --replicas 3 --env A=1 --dry-run",
        "mlctl train --display-name x --dryrun",
        "mlctl train --set args.epochs 2 --dry-run",
        "mlctl logs --tail 3 loc worker-0 --help",
        "mlctl train --set args.epochs: 2 --dry-run",
        "mlctl train --set args.epochs:2 --dry-run",
        "mlctl train --label team vision --dry-run",
        "mlctl train --follow --dry-run",
        "mlctl train --dri-run",
        "mlctl validate mlctl.yaml --epochs 3",
        "mlctl list --last 3 --json",
        "mlctl list --status failed",
        "mlctl list --labels team=vision",
        "mlctl cleanup --force",
    ];
    let mut all = Vec::new();
    for line in lines {
        let output = shell(&sandbox, line).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        let said = stderr(&output);
        let advice = said.lines().find_map(|line| line.strip_prefix("hint: write: "));
        let advice = advice.unwrap_or_else(|| panic!("{line}: {said}"));
        all.push(format!("$ {line}\n{said}"));
        let output = shell(&sandbox, advice).output().expect("it runs");
        let said = stdout(&output) + &stderr(&output);
        assert!(output.status.success(), "{advice}: {said}");
    }
    insta::assert_snapshot!(all.join("\n"));
}

/// What people say of a file and of a name, however they are used to say it.
#[test]
fn files_and_names() {
    let sandbox = sandbox();
    // The name of the run, its command and a document's first lines are enough.
    let few = "2>&1 | grep -E '^  (run|all) |^(name|error|hint|---|loc|job)|Not a Name'";
    let lines = [
        "train -f plain.yaml --dry-run",
        "train --file plain.yaml --config list.yaml --dry-run",
        "validate -f plain.yaml -f list.yaml vertex.yaml",
        "convert -f vertex.yaml --name other",
        "convert --config vertex.yaml -f plain.yaml",
        "train --name other --dry-run",
        "train train.py --name other --dry-run",
        "train -f plain.yaml -f list.yaml --name other --dry-run",
        "train -f - -f - --dry-run",
        "train --name 'Not a Name' --dry-run",
        "version -o yaml --context prod",
    ];
    let all = lines
        .map(|line| told(&sandbox, &format!("mlctl {line} {few}")).replace(&format!(" {few}"), ""));
    insta::assert_snapshot!(all.join("\n").replace("exit 0\n", ""));
}
