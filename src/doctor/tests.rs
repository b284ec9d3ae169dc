use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::agent::ProbeReport;
use crate::spec::Security;

fn levels(findings: &[Finding]) -> Vec<(&str, Level)> {
    findings.iter().map(|finding| (finding.check.as_str(), finding.level)).collect()
}

/// Whatever isn't ok says why and how it is mended.
fn explained(findings: &[Finding]) {
    for finding in findings {
        let is_trouble = matches!(finding.level, Level::Warn | Level::Fail);
        assert_eq!(is_trouble, finding.why.is_some(), "{finding:?}");
        assert_eq!(is_trouble, finding.mend.is_some(), "{finding:?}");
    }
}

#[test]
fn the_first_failure_decides() {
    let place = Place::Cluster;
    let slow = Finding::warn(place, "a", "slow").of(Trouble::Unreachable);
    assert_eq!(trouble(std::slice::from_ref(&slow)), None);
    let full = Finding::fail(place, "b", "full");
    let denied = Finding::fail(place, "c", "denied").of(Trouble::Refused);
    assert_eq!(trouble(&[slow, full.clone(), denied.clone()]), Some(Trouble::Start));
    assert_eq!(trouble(&[denied, full]), Some(Trouble::Refused));
}

#[test]
fn clocks_are_judged_by_how_far_they_are_off() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let judged = |seconds: i64| {
        let finding = clock_by_server(now, now + SignedDuration::from_secs(seconds));
        explained(std::slice::from_ref(&finding));
        (finding.level, finding.what)
    };
    assert_eq!(judged(29).0, Level::Ok);
    assert_eq!(judged(-31), (Level::Warn, "is 31 s behind the API server's".into()));
    assert_eq!(judged(3600), (Level::Fail, "is 60 min ahead of the API server's".into()));
    let memory = |past: &[(&str, Timestamp)]| clock_by_memory(past, now).level;
    assert_eq!(memory(&[]), Level::Skip);
    assert_eq!(memory(&[("it", now - SignedDuration::from_hours(9))]), Level::Ok);
    assert_eq!(memory(&[("it", now + SignedDuration::from_secs(60))]), Level::Warn);
    assert_eq!(memory(&[("it", now), ("a run", now + SignedDuration::from_hours(2))]), Level::Fail);
}

#[test]
fn permissions_name_the_verb_and_the_role() {
    let lack = |activity: &str, is_vital: bool| MissingPermission {
        activity: activity.into(),
        is_vital,
        missing: vec!["create jobs.batch".into()],
        role: "submitter".into(),
    };
    let all = permissions("ada", "ml", 30, &[]);
    assert_eq!(levels(&all), [("permissions", Level::Ok)]);
    let some = permissions("ada", "ml", 30, &[lack("exec", false)]);
    assert_eq!(levels(&some), [("permissions", Level::Warn)]);
    let most = [lack("train", true), lack("a", false), lack("b", false), lack("c", false)];
    let most = permissions("ada", "ml", 30, &most);
    explained(&most);
    assert_eq!(levels(&most), [("permissions", Level::Fail), ("permissions", Level::Warn)]);
    assert_eq!(most[0].what, "train lacks create jobs.batch");
    assert_eq!(most[1].what, "a, b, c lack some, too");
    assert_eq!(trouble(&most), Some(Trouble::Refused));
}

#[test]
fn quotas_that_are_full_or_nearly_so() {
    let judged = |hard: &[(&str, &str)], used: &[(&str, &str)]| {
        let amounts = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
            all.iter().map(|(name, amount)| ((*name).into(), (*amount).into())).collect()
        };
        let facts = QuotaFacts { name: "small".into(), hard: amounts(hard), used: amounts(used) };
        let findings = quota("ml", &[facts]);
        explained(&findings);
        findings[0].level
    };
    assert_eq!(judged(&[("pods", "10")], &[("pods", "10")]), Level::Fail);
    assert_eq!(judged(&[("pods", "10")], &[("pods", "9")]), Level::Warn);
    assert_eq!(judged(&[("pods", "10")], &[("pods", "1")]), Level::Ok);
    assert_eq!(judged(&[("requests.cpu", "4")], &[("requests.cpu", "3900m")]), Level::Fail);
    assert_eq!(judged(&[("limits.memory", "1Gi")], &[("limits.memory", "1023Mi")]), Level::Fail);
    let gpu = "requests.nvidia.com/gpu";
    assert_eq!(judged(&[(gpu, "8")], &[(gpu, "8")]), Level::Warn, "CPU runs still start");
    assert_eq!(levels(&quota("ml", &[])), [("quota", Level::Ok)]);
    assert_eq!(
        ["500m", "2", "1Ki", "1e3", "x"].map(crate::text::quantity),
        [Some(0.5), Some(2.0), Some(1024.0), Some(1000.0), None]
    );
}

#[test]
fn versions_and_namespaces() {
    let of = |minor: Option<u32>| {
        let number = minor.map(|minor| (1, minor));
        version(&ServerFacts { version: "v".into(), number, server: "s".into() }).level
    };
    assert_eq!([of(Some(30)), of(Some(31)), of(None)], [Level::Fail, Level::Ok, Level::Warn]);
    let at = |enforce: Option<&str>, security| {
        let enforce = enforce.map(str::to_owned);
        namespace(&NamespaceFacts { name: "ml".into(), enforce, is_going: false }, security).level
    };
    assert_eq!(at(None, Security::Root), Level::Ok);
    assert_eq!(at(Some("baseline"), Security::Root), Level::Ok);
    assert_eq!(at(Some("restricted"), Security::Restricted), Level::Ok);
    assert_eq!(at(Some("restricted"), Security::Openshift), Level::Ok);
    assert_eq!(at(Some("restricted"), Security::Baseline), Level::Fail);
    let going = NamespaceFacts { name: "ml".into(), enforce: None, is_going: true };
    assert_eq!(namespace(&going, Security::Restricted).level, Level::Fail);
    let queues =
        |queues: Option<Vec<String>>| kueue("ml", &KueueFacts { is_installed: true, queues }).level;
    assert_eq!(kueue("ml", &KueueFacts::default()).level, Level::Skip);
    assert_eq!(
        [queues(None), queues(Some(vec![])), queues(Some(vec!["q".into()]))],
        [Level::Skip, Level::Warn, Level::Ok]
    );
}

#[test]
fn nodes_without_a_device_plugin_are_named() {
    let amounts = |amount: u64| BTreeMap::from([("nvidia.com/gpu".to_owned(), amount)]);
    let node = |name: &str| NodeFacts {
        name: name.into(),
        takes_pods: true,
        architecture: "amd64".into(),
        ..NodeFacts::default()
    };
    let marks = [("nvidia.com/gpu.present", "true"), ("cloud.google.com/gke-accelerator", "x")];
    for (key, value) in marks {
        let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        assert_eq!(labelled(&labels), Some("nvidia.com/gpu"));
    }
    let amd64 = ["amd64".to_owned()];
    let bare = NodeFacts { labelled: Some("nvidia.com/gpu"), ..node("bare") };
    let good = NodeFacts { capacity: amounts(8), allocatable: amounts(8), ..bare.clone() };
    let dead = NodeFacts { capacity: amounts(8), allocatable: amounts(0), ..node("dead") };
    let judged = |all: &[NodeFacts]| {
        let findings = nodes(all, &amd64);
        explained(&findings);
        findings
    };
    let fine = judged(&[good.clone(), good]);
    assert_eq!(levels(&fine), [("nodes", Level::Ok), ("accelerators", Level::Ok)]);
    assert_eq!(fine[1].what, "16 nvidia.com/gpu");
    let broken = judged(&[bare, dead]);
    assert_eq!(broken[1].what, "bare should have nvidia.com/gpu and no device plugin runs");
    assert_eq!(broken[2].what, "dead had nvidia.com/gpu and hands none out");
    assert_eq!(nodes(&[node("arm")], &["arm64".to_owned()])[0].level, Level::Fail);
    let closed = NodeFacts { takes_pods: false, ..node("closed") };
    assert_eq!(nodes(&[closed], &amd64)[0].level, Level::Fail);
}

#[test]
fn claims_and_classes() {
    let claim = |phase: &str, class: Option<&str>| ClaimFacts {
        name: "models".into(),
        phase: phase.into(),
        class: class.map(str::to_owned),
    };
    let class = ClassFacts { name: "slow".into(), is_default: true, waits_for_pod: true };
    let judged = |one: ClaimFacts| {
        let findings = claims("ml", &[one], Some(std::slice::from_ref(&class)));
        explained(&findings);
        findings[0].level
    };
    assert_eq!(judged(claim("Bound", None)), Level::Ok);
    assert_eq!(judged(claim("Lost", None)), Level::Warn);
    assert_eq!(judged(claim("Pending", Some("other"))), Level::Warn);
    assert_eq!(judged(claim("Pending", None)), Level::Ok, "it waits for its first pod");
    assert_eq!(levels(&claims("ml", &[], Some(&[]))), [("claims", Level::Skip)]);
    assert_eq!(levels(&claims("ml", &[], None)), [("claims", Level::Ok)]);
}

#[test]
fn pull_secrets_show_registries_and_nothing_else() {
    let kind = "kubernetes.io/dockerconfigjson";
    let good = br#"{"auths": {"registry.example.com": {"auth": "aHVudGVyMg=="}}}"#;
    let found = pull_secret(kind, Some(good));
    assert_eq!(found, PullSecret::Usable(vec!["registry.example.com".into()]));
    assert!(matches!(pull_secret("Opaque", Some(good)), PullSecret::Type(_)));
    for broken in [None, Some(&b"hunter2"[..]), Some(b"{}"), Some(br#"{"auths": {}}"#)] {
        let found = pull_secret(kind, broken);
        let PullSecret::Broken(why) = &found else { panic!("{found:?}") };
        assert!(!why.contains("hunter2"), "{why}");
        explained(&pull_secrets("ml", "default", &[("regcred".into(), found)]));
    }
    let said = "Unable to retrieve some image pull secrets (regcred); attempting to pull the image";
    let absent = no_pull_secret("ml", said);
    assert_eq!(absent.level, Level::Warn);
    let command = "create secret docker-registry regcred --namespace ml ";
    assert!(absent.mend.as_ref().is_some_and(|mend| mend.contains(command)), "{absent:?}");
    let missing = pull_secrets("ml", "default", &[("regcred".into(), PullSecret::Missing)]);
    assert_eq!(levels(&missing), [("pull secrets", Level::Warn)]);
    assert_eq!(levels(&pull_secrets("ml", "default", &[])), [("pull secrets", Level::Ok)]);
}

#[test]
fn the_probe_tells_how_far_it_came() {
    let images = ProbeImages { runner: "r/mlctl:1".into(), user: Some("r/tf:1".into()) };
    let judged = |end: ProbeEnd| {
        let findings = probe("ml", &images, &end);
        explained(&findings);
        findings
    };
    let quota = judged(ProbeEnd::NotMade("exceeded quota: small".into()));
    assert_eq!(quota[0].mend.as_deref(), Some("mlctl cleanup --namespace ml"));
    assert_eq!(quota.len(), 4, "what was not proved is told");
    let user = ProbeEnd::NotPulled { image: "r/tf:1".into(), message: "401".into() };
    assert_eq!(
        levels(&judged(user)),
        [("runner image", Level::Ok), ("image", Level::Fail), ("dns", Level::Skip)]
    );
    let message = "exec /mlctl: exec format error".to_owned();
    let foreign = judged(ProbeEnd::NotRun { image: "r/mlctl:1".into(), message });
    assert!(foreign[0].why.as_ref().unwrap().contains("architecture"), "{foreign:?}");
    judged(ProbeEnd::NotPlaced("0/2 nodes".into()));
    judged(ProbeEnd::Late("it is being pulled".into()));
    let name = "kubernetes.default.svc";
    let report = ProbeReport {
        resolved: BTreeMap::from([(name.into(), vec!["10.96.0.1".into()])]),
        nameservers: vec!["10.96.0.10".into()],
        ..ProbeReport::default()
    };
    let fine = judged(ProbeEnd::Ran { node: "node1".into(), report: report.clone() });
    assert!(fine.iter().all(|finding| finding.level == Level::Ok) && fine.len() == 4, "{fine:?}");
    let failed = BTreeMap::from([(name.into(), "Try again".into())]);
    let report = ProbeReport { failed, resolved: BTreeMap::new(), ..report };
    let dead = judged(ProbeEnd::Ran { node: "node1".into(), report });
    assert_eq!(levels(&dead).last(), Some(&("dns", Level::Fail)));
}

#[test]
fn laptops() {
    let there = |environments, number| PythonFacts::There {
        path: "/usr/bin/python3".into(),
        version: "3".into(),
        number,
        environments,
    };
    let folder_with = |written: Result<(), String>, free| {
        folder(
            "state",
            "XDG_STATE_HOME",
            &FolderFacts { path: "/s".into(), written, mend: None, free },
        )
    };
    let broken = || "no".to_owned();
    let all = [
        (python(&PythonFacts::Missing("python3".into())), Level::Fail),
        (python(&PythonFacts::Broken("python3".into(), broken())), Level::Fail),
        (python(&there(Environments::NoVenv, (3, 12))), Level::Fail),
        (python(&there(Environments::NoPip(broken()), (3, 12))), Level::Fail),
        (python(&there(Environments::Whole, (3, 8))), Level::Warn),
        (python(&there(Environments::Whole, (3, 10))), Level::Ok),
        (python(&there(Environments::Brought("here".into()), (3, 10))), Level::Ok),
        (framework("torch", "torch", &FrameworkFacts::Missing), Level::Skip),
        (framework("torch", "torch", &FrameworkFacts::Broken(broken())), Level::Warn),
        (framework("torch", "torch", &FrameworkFacts::Slow), Level::Warn),
        (framework("torch", "torch", &imported(Some(0))), Level::Warn),
        (framework("torch", "torch", &imported(Some(2))), Level::Ok),
        (framework("torch", "torch", &imported(None)), Level::Ok),
        (gpus(&GpuFacts::NoProgram(0)), Level::Skip),
        (gpus(&GpuFacts::NoProgram(1)), Level::Warn),
        (gpus(&GpuFacts::Broken(broken())), Level::Fail),
        (gpus(&GpuFacts::There { names: vec![], driver: String::new(), shown: None }), Level::Warn),
        (
            gpus(&GpuFacts::There { names: vec!["L4".into()], driver: "550".into(), shown: None }),
            Level::Ok,
        ),
        (ports(&Ok(34)), Level::Ok),
        (ports(&Err(broken())), Level::Fail),
        (folder_with(Err(broken()), Some(1 << 40)), Level::Fail),
        (folder_with(Ok(()), Some(1 << 20)), Level::Fail),
        (folder_with(Ok(()), Some(100 << 20)), Level::Warn),
        (folder_with(Ok(()), Some(1 << 40)), Level::Ok),
        (state(&Ok((3, vec![]))), Level::Ok),
        (state(&Ok((3, vec![broken()]))), Level::Warn),
        (state(&Err(broken())), Level::Fail),
        (settings("/c".as_ref(), Some("no"), None), Level::Fail),
    ];
    for (finding, level) in all {
        assert_eq!(finding.level, level, "{finding:?}");
        explained(&[finding]);
    }
}

#[test]
fn a_python_that_can_not_make_environments_says_so_in_one_line() {
    let facts = |environments| PythonFacts::There {
        path: "/usr/bin/python3".into(),
        version: "3.13.5".into(),
        number: (3, 13),
        environments,
    };
    let brought = python(&facts(Environments::Brought("uv".into())));
    let message =
        "python: 3.13.5 at /usr/bin/python3, makes environments with pip from uv (no ensurepip)";
    assert_eq!(brought.line(), message);
    let refused = python(&facts(Environments::NoPip("there is no apt-get".into())));
    assert_eq!(
        refused.line(),
        "python: 3.13.5 at /usr/bin/python3 can't make environments: it lacks ensurepip, and pip \
         comes from nowhere else: there is no apt-get; specs with `setup.python` don't start; \
         others do; mend: sudo apt-get install python3-venv   # or your system's own"
    );
}

fn imported(gpus: Option<usize>) -> FrameworkFacts {
    FrameworkFacts::There { version: "2.0".into(), gpus }
}
