//! `mlctl cost` on this machine, where nothing costs anything, and what it says of price files.

use crate::support::{Sandbox, stderr, stdout};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: small
labels: {team: vision}
cpu: 1
memory: 64Mi
command: [sleep, '0.5']
";

fn settings(sandbox: &Sandbox, name: &str, text: &str) {
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).unwrap();
    fs_err::write(dir.join(name), text).unwrap();
}

#[test]
fn here_it_is_zero_and_the_hours() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", SPEC);
    sandbox.run(0, ["train"]);
    sandbox.run(0, ["train", "--label", "team=audio"]);
    let text = stdout(&sandbox.run(0, ["cost", "--by", "label=team", "-o", "json"]));
    let cost: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sums = cost["sums"].as_array().unwrap();
    let keys: Vec<&str> = sums.iter().map(|sum| sum["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["audio", "vision"]);
    assert_eq!(cost["all"]["cost"], 0.0);
    for sum in sums {
        let hours = sum["replicaHours"].as_f64().unwrap();
        assert!((0.5 / 3600.0..0.1).contains(&hours), "{text}");
        assert_eq!(sum["cpuHours"].as_f64().unwrap(), hours, "one core");
    }
    let table = stdout(&sandbox.run(0, ["cost"]));
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 4, "{table}");
    assert!(rows[0].starts_with("RUN ") && rows[3].starts_with("in all "), "{table}");
    assert!(cost.get("timeZone").is_none());
    // Whose days these are is said.
    let days = stdout(&sandbox.run(0, ["cost", "--by", "day"]));
    assert!(days.starts_with("DAY (UTC) "), "{days}");
    let text = stdout(&sandbox.run(0, ["cost", "--by", "day", "-o", "json"]));
    assert!(text.contains("\"timeZone\": \"UTC\""), "{text}");
    let none = sandbox.run(0, ["cost", "--name", "other"]);
    assert_eq!(stderr(&none), "no run has held anything in this time\n");
}

#[test]
fn a_limit_of_cost_ends_nothing_here() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", &format!("{SPEC}maxCost: 0.01\n"));
    let output = sandbox.run(0, ["train"]);
    assert!(stderr(&output).contains("runs on this machine cost nothing"), "{}", stderr(&output));
    let dry = stdout(&sandbox.run(0, ["train", "--dry-run"]));
    assert!(dry.contains("Cost\n  an hour  nothing: it is this machine"), "{dry}");
}

#[test]
fn everybodys_costs_need_a_cluster() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(2, ["cost", "--all-users"]);
    assert!(stderr(&output).contains("--context CONTEXT"), "{}", stderr(&output));
}

/// What `--template` prints can be used as it is; what can't be is told with its place.
#[test]
fn price_files() {
    let sandbox = Sandbox::new();
    settings(&sandbox, "config.yaml", "prices: prices.yaml\nrunnerImage: localhost/mlctl:1\n");
    sandbox.write(
        "mlctl.yaml",
        &format!("{SPEC}maxCost: 5\nimage: localhost/a\naccelerators: {{type: nvidia-t4}}\n"),
    );
    for cloud in ["gcp", "aws", "azure"] {
        let template = stdout(&sandbox.run(0, ["cost", "--template", cloud]));
        settings(&sandbox, "prices.yaml", &template);
        let manifests = stdout(&sandbox.run(0, ["render"]));
        assert!(manifests.contains("costLimit"), "{cloud}: {manifests}");
    }
    settings(&sandbox, "prices.yaml", "cpuHour: 1\nmemoryGiBHour: 1\nacceleratorHours: {t4: 1}\n");
    let wrong = stderr(&sandbox.run(2, ["render"]));
    assert!(wrong.contains("there is no accelerator `t4`; did you mean `nvidia-t4`?"), "{wrong}");
    fs_err::remove_file(sandbox.home().join(".config/mlctl/prices.yaml")).unwrap();
    let missing = stderr(&sandbox.run(2, ["render"]));
    assert!(missing.contains("prices.yaml") && missing.contains("--template gcp"), "{missing}");
    settings(&sandbox, "config.yaml", "runnerImage: localhost/mlctl:1\n");
    let unknown = stderr(&sandbox.run(3, ["render"]));
    assert!(unknown.contains("`maxCost` needs to know what things cost here"), "{unknown}");
}
