use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::agent::{AgentRuntime, Code};
use crate::plan::{
    ClusterLayout, MetricsPlan, Plan, PlanContext, RuntimeDefaults, STUDY_VERSION, Withheld,
};
use crate::spec::CollectWith;
use crate::store::fixture::tasks;
use crate::work::train::plan;

mod code;

const SPEC: &str = "
apiVersion: mlctl.dev/v1
kind: TrainJob
name: digits
framework: tensorflow
image: localhost/tf:1
command: [python, train.py]
env: [{name: EPOCHS, value: '3'}, {name: API_KEY, value: masked}]
roles:
  chief: {replicas: 1, cpu: 2, memory: 1Gi}
  worker: {replicas: 2, cpu: 2, memory: 1Gi}
  ps: {replicas: 1, cpu: 2, memory: 1Gi}
  evaluator: {replicas: 1, cpu: 1, memory: 2Gi}
";

fn plan_of(spec: &str) -> Plan {
    let job = serde_saphyr::from_str(spec).unwrap();
    let context = PlanContext {
        run: "digits-abc123".into(),
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: "/home/me".into(),
    };
    plan(&job, &context).unwrap()
}

/// A pod's folders, in a folder of the test.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new(plan: &Plan, output: &str, code: Vec<CodeFile>) -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        let document = PodDocument {
            schema_version: DOCUMENT_VERSION,
            plan: plan.clone(),
            layout: ClusterLayout::of(plan),
            nonce: "n0".into(),
            output: output.into(),
            code,
            links: Vec::new(),
        };
        folders.write("config/pod.json", &serde_json::to_string(&document).unwrap());
        folders.write("secret/env.chief", r#"{"API_KEY":"real"}"#);
        folders
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    fn configure(&self, job: &str, index: &str) -> Result<Pod, PodError> {
        let variables: BTreeMap<String, String> = [
            (downward::POD_UID, "pod-1"),
            (downward::JOB, job),
            (downward::JOB_UID, "job-1"),
            (downward::INDEX, index),
            (downward::FAILURES, "1"),
            ("JOB_COMPLETION_INDEX", index),
            ("PATH", "/bin"),
            ("HOME", "/"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        configure(&self.path("config/pod.json"), container(&variables, |_| true))
    }
}

fn container(
    variables: &BTreeMap<String, String>,
    is_writable: fn(&Path) -> bool,
) -> Container<'_> {
    Container { variables, folder: Path::new("/app"), listen_host: "[::]", is_writable }
}

#[test]
fn each_pod_knows_its_replica() {
    let plan = plan_of(SPEC);
    let folders = Folders::new(&plan, "s3://bucket/digits", Vec::new());
    // The evaluator's pods have another shape, so it has a Job of its own.
    for (job, index, replica) in [
        ("digits-abc123-chief", "0", "chief-0"),
        ("digits-abc123-chief", "1", "worker-0"),
        ("digits-abc123-chief", "2", "worker-1"),
        ("digits-abc123-chief", "3", "ps-0"),
        ("digits-abc123-evaluator", "0", "evaluator-0"),
    ] {
        let Pod { config, environment } = folders.configure(job, index).unwrap();
        assert_eq!(config.replica.to_string(), replica);
        assert_eq!(config.runtime, AgentRuntime::Pod);
        assert_eq!((config.pod_uid.as_str(), config.generation), ("pod-1", 1));
        assert_eq!(config.primary_address, "digits-abc123-chief-0.digits-abc123:2230");
        assert_eq!(config.listen_address, "[::]:2230");
        // Several Jobs have several uids.
        assert_eq!(config.gang.job_uid, "digits-abc123");
        assert_eq!(config.env["EPOCHS"], "3");
        assert!(config.env["TF_CONFIG"].contains("digits-abc123-chief-1.digits-abc123:2222"));
        assert!(config.unset_env.iter().any(|name| name == "JOB_COMPLETION_INDEX"));
        assert_eq!(config.memory_limit, Some(if replica == "evaluator-0" { 2 } else { 1 } << 30));
        let own = folders.path("work/model");
        let leads = replica == "chief-0";
        let model =
            if leads { "s3://bucket/digits/model/" } else { &format!("{}/", own.display()) };
        assert_eq!(config.env["AIP_MODEL_DIR"], model);
        assert_eq!(config.env["AIP_CHECKPOINT_DIR"], "s3://bucket/digits/checkpoints/");
        assert_eq!(config.make_dirs, if leads { vec![] } else { vec![own] });
        assert_eq!(config.own_ports, if leads { vec![2222, 29500] } else { vec![2222] });
        let inherited: BTreeMap<_, _> = environment.into_iter().collect();
        assert_eq!(inherited["HOME"], folders.path("home").to_string_lossy());
        assert_eq!(inherited["USER"], "mlctl");
        // Without code of its own a command starts where its image says.
        assert_eq!(config.code, Some(Code::Image("/app".into())));
        // The secret's value is the role's own; where there is none the plan's text stays.
        assert_eq!(inherited.get("API_KEY").map(String::as_str), leads.then_some("real"));
        assert_eq!(config.env.contains_key("API_KEY"), !leads);
    }
}

#[test]
fn the_primary_alone_reads_the_metrics_of_a_trial() {
    let mut plan = plan_of(SPEC);
    let metrics = MetricsPlan { names: vec!["loss".into()], collect: CollectWith::default() };
    plan.head.schema_version = STUDY_VERSION;
    plan.gang_mut().metrics = Some(metrics.clone());
    let folders = Folders::new(&plan, "/o", Vec::new());
    for (index, wanted) in [("0", Some(metrics)), ("1", None)] {
        let config = folders.configure("digits-abc123-chief", index).unwrap().config;
        assert_eq!(config.metrics, wanted);
    }
}

#[test]
fn the_agent_of_a_task_leads_itself() {
    let plan = tasks("digits-abc123", 3);
    let folders = Folders::new(&plan, "/o", Vec::new());
    let config = folders.configure("digits-abc123", "2").unwrap().config;
    assert_eq!(config.replica.to_string(), "worker-2");
    let members: Vec<String> =
        config.gang.members.iter().map(|member| member.replica.to_string()).collect();
    assert_eq!(members, ["worker-2"]);
    assert!(config.peers.is_empty(), "{:?}", config.peers);
    assert_eq!(config.gang.final_codes, [21]);
    assert_eq!((&*config.env["RANK"], &*config.env["WORLD_SIZE"]), ("2", "3"));
}

#[test]
fn a_lone_job_is_known_by_its_uid() {
    let plan = plan_of(&SPEC.replace("cpu: 1, memory: 2Gi", "cpu: 2, memory: 1Gi"));
    let folders = Folders::new(&plan, "/mlctl/output/x", Vec::new());
    let pod = folders.configure("digits-abc123", "4").unwrap();
    assert_eq!(pod.config.replica.to_string(), "evaluator-0");
    assert_eq!(pod.config.gang.job_uid, "job-1");
    assert_eq!(
        pod.config.make_dirs[1..],
        [PathBuf::from("/mlctl/output/x/checkpoints"), "/mlctl/output/x/logs".into()]
    );
}

/// What a plan masks in its documents comes by the run's Secret.
#[test]
fn a_command_with_a_secret_runs_as_it_is() {
    let spec = SPEC.replacen(
        "command: [",
        "setup: {shell: 'x --token xyzxyz'}\ncommand: [--key=xyzxyz, ",
        1,
    );
    let plan = plan_of(&spec);
    let chief = plan.gang().roles.iter().find(|role| role.name == "chief").unwrap();
    let masked = plan.masked();
    assert!(!serde_json::to_string(&masked).unwrap().contains("xyzxyz"));
    let folders = Folders::new(&masked, "/o", Vec::new());
    let withheld = serde_json::to_string(&Withheld::of(&plan, chief)).unwrap();
    folders.write("secret/withheld.chief", &withheld);
    let config = folders.configure("digits-abc123-chief", "0").unwrap().config;
    assert_eq!((&config.command, &config.setup), (&chief.command, &plan.gang().setup));
    assert!(Withheld::of(&plan_of(SPEC), &plan_of(SPEC).gang().roles[0]).is_empty());
}

#[test]
fn a_home_that_the_image_knows_stays() {
    let folders = Folders::new(&plan_of(SPEC), "/o", Vec::new());
    let home = |home: &str, usable: bool| {
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in [
            (downward::POD_UID, "p"),
            (downward::JOB, "digits-abc123-chief"),
            (downward::JOB_UID, "j"),
            (downward::INDEX, "0"),
            ("HOME", home),
        ] {
            variables.insert(name.into(), value.into());
        }
        let usable: fn(&Path) -> bool = if usable { |_| true } else { |_| false };
        let document = folders.path("config/pod.json");
        let pod = configure(&document, container(&variables, usable)).unwrap();
        pod.environment.into_iter().find(|(name, _)| name == "HOME").unwrap().1
    };
    assert_eq!(home("/root", true), "/root");
    for (inherited, usable) in [("/root", false), ("/", true), ("", true)] {
        assert_eq!(Path::new(&home(inherited, usable)), folders.path("home"));
    }
}

/// Whatever else a newer document holds or lacks.
#[test]
fn a_newer_document_is_refused_in_words() {
    let folders = Folders::new(&plan_of(SPEC), "/o", Vec::new());
    let newer = DOCUMENT_VERSION + 1;
    let document = format!(r#"{{"schemaVersion":{newer},"plan":"elsewhere"}}"#);
    folders.write("config/pod.json", &document);
    let error = folders.configure("digits-abc123-chief", "0").unwrap_err();
    let PodError::Newer { found, known: DOCUMENT_VERSION, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*found, newer);
    assert!(error.is_final(), "the next pod has the same image");
    let said = error.to_string();
    let found = format!("format {newer}");
    let known = format!("knows {DOCUMENT_VERSION}:");
    for word in ["pod.json", &found, &known, "`runnerImage`", "`mlctl cluster image`"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    folders.write("config/pod.json", r#"{"schemaVersion":1}"#);
    let error = folders.configure("digits-abc123-chief", "0").unwrap_err();
    assert!(matches!(error, PodError::Malformed { .. }), "{error}");
}

#[test]
fn a_pod_that_is_nobody_says_so() {
    let folders = Folders::new(&plan_of(SPEC), "/o", Vec::new());
    for (job, index) in [("digits-abc123-chief", "4"), ("digits-abc123", "0")] {
        let error = folders.configure(job, index).unwrap_err();
        assert!(matches!(error, PodError::Nobody { .. }) && error.is_final(), "{error}");
    }
    fs_err::remove_file(folders.path("config/pod.json")).unwrap();
    assert!(!folders.configure("digits-abc123", "0").unwrap_err().is_final());
}
