//! What runs in a cluster cost, and that they end when they have cost enough.

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stderr, stdout};

/// Seconds cost cents: 50m of a core is 36 an hour, a cent a second; memory costs nothing.
const PRICES: &str = "currency: EUR\ncpuHour: 720\nmemoryGiBHour: 0\n";

fn kube() -> Option<Kube> {
    let kube = Kube::new()?;
    let dir = kube.sandbox.home().join(".config/mlctl");
    fs_err::write(dir.join("prices.yaml"), PRICES).expect("prices");
    let settings = fs_err::read_to_string(dir.join("config.yaml")).expect("settings");
    fs_err::write(dir.join("config.yaml"), settings + "prices: prices.yaml\n").expect("settings");
    Some(kube)
}

fn json(kube: &Kube, args: &[&str]) -> serde_json::Value {
    let all: Vec<&str> = args.iter().chain(&["-o", "json"]).copied().collect();
    serde_json::from_str(&stdout(&kube.run(0, all))).expect("JSON")
}

#[test]
fn a_run_ends_when_it_has_cost_enough() {
    let Some(kube) = kube() else { return };
    // Two workers: two cents a second.
    kube.gang(&["sleep 1000", "sleep 1000"], "maxCost: 0.60\n");
    let dry = stdout(&kube.run(0, ["train", "--dry-run"]));
    assert!(dry.contains("an hour  72.00 EUR"), "{dry}");
    assert!(dry.contains("at most  0.60 EUR: its maxCost, after 30s"), "{dry}");
    let run = kube.detach([]);
    // Nobody watches.
    let job = poll("the Job's end", LONG, || {
        let jobs = kube.get("jobs");
        let failed = |job: &serde_json::Value| job["status"]["failed"].as_u64().unwrap_or(0) > 0;
        jobs.into_iter().find(failed)
    });
    assert!(job["status"]["succeeded"].as_u64().unwrap_or(0) == 0, "{job}");
    let why = kube.run(0, ["why", &run]);
    let text = stdout(&why);
    assert!(text.contains("its maxCost is spent: 0.60 EUR at 72.00 EUR an hour"), "{text}");
    assert!(text.contains("raise `maxCost`"), "{text}");
    kube.run(13, ["wait", &run]);
    let cost = json(&kube, &["cost", &run]);
    let spent = cost["all"]["cost"].as_f64().expect("a cost");
    // The pods' own starts count, and the seconds in which the gang ends.
    assert!((0.55..1.50).contains(&spent), "{cost}");
    let status = stdout(&kube.run(0, ["status", &run]));
    assert!(status.contains("  cost      0."), "{status}");
    // Somebody else, elsewhere, sees the same of everybody's runs, and keeps nothing of it.
    let elsewhere = kube.elsewhere();
    let dir = elsewhere.home().join(".config/mlctl");
    fs_err::write(dir.join("prices.yaml"), PRICES).expect("prices");
    let settings = fs_err::read_to_string(dir.join("config.yaml")).expect("settings");
    fs_err::write(dir.join("config.yaml"), settings + "prices: prices.yaml\n").expect("settings");
    let all = elsewhere.run(0, ["cost", "--all-users", "--by", "user", "-o", "json"]);
    let all: serde_json::Value = serde_json::from_str(&stdout(&all)).expect("JSON");
    let seen = all["all"]["cost"].as_f64().expect("a cost");
    assert!((spent - seen).abs() < 0.1, "{spent} {seen}");
    assert!(stderr(&elsewhere.run(0, ["list"])).contains("no runs"));
}

#[test]
fn cleanup_says_what_an_hour_of_it_costs() {
    let Some(kube) = kube() else { return };
    kube.gang(&["sleep 1000"], "startTimeout: 60s\n");
    let run = kube.detach([]);
    kube.running(0);
    let found = json(&kube, &["cleanup", "--running", "--dry-run", &run]);
    assert_eq!(found["frees"]["costPerHour"]["EUR"], 36.0, "{found}");
    let text = stdout(&kube.run(0, ["cleanup", "--running", "--dry-run", &run]));
    assert!(text.contains("36.00 EUR an hour"), "{text}");
    kube.run(0, ["cancel", &run]);
    // Who looks only now still knows for how long its pod was there.
    let status = json(&kube, &["status", &run]);
    assert!(status["cost"]["cost"].as_f64().expect("a cost") > 0.0, "{status}");
}
