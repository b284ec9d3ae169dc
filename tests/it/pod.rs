//! The agent as pods run it: real processes in namespaces of their own, around folders like a pod's.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mlctl::agent::pod::{CodeFile, PodDocument, downward};
use mlctl::agent::read_termination;
use mlctl::gang::Outcome;
use mlctl::plan::{ClusterLayout, Plan, PlanContext, RuntimeDefaults};
use mlctl::spec::TrainJob;

use crate::support::{Sandbox, skip, stderr, stdout};

const SPEC: &str = "
apiVersion: mlctl.dev/v1
kind: TrainJob
name: parity
framework: tensorflow
image: localhost/busybox:1
code: .
command: [bin/dump.sh]
args: {epochs: '3', at: '$(COLOUR)-$(MLCTL_REPLICA)-$(WITH)-$$(COLOUR)-$(PATH)'}
env:
  - {name: COLOUR, value: red}
  - {name: API_KEY, value: s3cret-value}
  - {name: WITH, value: '$(COLOUR) $(API_KEY) $(LATER) $$'}
  - {name: LATER, value: x}
roles:
  chief: {replicas: 1, cpu: 100m, memory: 64Mi}
  worker: {replicas: 1, cpu: 100m, memory: 64Mi}
";

/// Writes the whole environment and the arguments where the test finds them.
const DUMP: &str = "#!/bin/sh
mkdir -p \"$HOME/dumps\"
printf '%s\\n' \"$*\" > \"$HOME/dumps/$MLCTL_REPLICA.args\"
env -0 > \"$HOME/dumps/$MLCTL_REPLICA\"
";

/// Pods in one network: each with a /dev of its own, names by /etc/hosts.
const PODS: &str = r#"
set -eu
ip link set lo up
mount --bind "$ROOT/hosts" /etc/hosts
for index in $INDEXES; do
    unshare --mount sh -euc '
        dev=$ROOT/dev-$0
        mkdir "$dev"
        mount -t tmpfs none "$dev"
        for name in null zero random urandom; do
            : > "$dev/$name"
            mount --bind "/dev/$name" "$dev/$name"
        done
        mkdir "$dev/shm"
        : > "$dev/termination-log"
        mount --rbind "$dev" /dev
        code=0
        env -i HOME="$HOME" PATH="$PATH" USER="$USER" LANG="$LANG" XDG_CACHE_HOME="$XDG_CACHE_HOME" \
            JOB_COMPLETION_INDEX=$0 MLCTL_AGENT_POD_UID=pod-$0 \
            MLCTL_AGENT_JOB="$JOB" MLCTL_AGENT_JOB_UID=job MLCTL_AGENT_INDEX=$0 \
            MLCTL_AGENT_FAILURES= MLCTL_AGENT_IGNORED= MLCTL_AGENT_MEMORY_LIMIT=67108864 $IMAGE_ENV \
            "$MLCTL" agent --pod "$ROOT/pod-$0/config/pod.json" > "$ROOT/log-$0" 2>&1 || code=$?
        cp /dev/termination-log "$ROOT/end-$0"
        exit $code
    ' $index &
    pids="${pids:-} $!"
done
code=0
for pid in $pids; do wait $pid || code=$?; done
exit $code
"#;

/// A command in namespaces where it may do what root may, and where nothing that it starts stays.
fn in_namespaces(command: &[&str]) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork"]);
    unshare.args(["--kill-child", "--mount-proc"]).args(command).env_clear();
    // Debian's users lack the folders of chroot.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    unshare.env("PATH", path);
    unshare
}

/// Not every machine lets everybody make namespaces.
fn namespaces_are_there() -> bool {
    let there = in_namespaces(&["true"]).output().is_ok_and(|output| output.status.success());
    if !there {
        skip("no namespaces can be made here");
    }
    there
}

fn variables(path: &Path) -> BTreeMap<String, String> {
    let text = fs_err::read_to_string(path).unwrap();
    text.split_terminator('\0')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// All addresses within a JSON text made the same.
fn without_addresses(text: &str) -> serde_json::Value {
    fn visit(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) if text.contains(':') => "ADDRESS".clone_into(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(visit),
            serde_json::Value::Object(map) => map.values_mut().for_each(visit),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap();
    visit(&mut value);
    value
}

struct Pods {
    root: PathBuf,
    layout: ClusterLayout,
}

impl Pods {
    /// Runs all of them to their end. `image_env` is what an image sets.
    fn run(&self, sandbox: &Sandbox, path: &str, image_env: &str) -> Output {
        let indexes: Vec<_> =
            (0..self.layout.jobs[0].replicas.len()).map(|index| index.to_string()).collect();
        in_namespaces(&["sh", "-c", PODS])
            .env("ROOT", &self.root)
            .env("JOB", &self.layout.jobs[0].name)
            .env("INDEXES", indexes.join(" "))
            .env("IMAGE_ENV", format!("PATH={path} {image_env}"))
            .env("MLCTL", env!("CARGO_BIN_EXE_mlctl"))
            .env("HOME", sandbox.home())
            .env("XDG_CACHE_HOME", crate::support::cache())
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap()
    }

    fn log(&self, index: usize) -> String {
        fs_err::read_to_string(self.root.join(format!("log-{index}"))).unwrap_or_default()
    }
}

/// Makes what a pod's volumes hold, once for each pod. Every file of the code is in two parts.
fn make_pods(sandbox: &Sandbox, spec: &str, code: &[(&str, &str)]) -> Pods {
    let job: TrainJob = serde_saphyr::from_str(spec).unwrap();
    let mut plan: Plan = mlctl::work::train::plan(
        &job,
        &PlanContext {
            run: "parity-abc123".parse().unwrap(),
            runtime_defaults: RuntimeDefaults::CLUSTER,
            code_base: sandbox.dir(),
        },
    )
    .unwrap();
    let secrets = plan.take_secrets(&BTreeSet::new());
    let layout = ClusterLayout::of(&plan);
    let root = tempfile::Builder::new().tempdir_in(sandbox.home()).unwrap().keep();
    for index in 0..layout.jobs[0].replicas.len() {
        let pod = root.join(format!("pod-{index}"));
        for dir in ["config", "secret", "code", "work", "home"] {
            fs_err::create_dir_all(pod.join(dir)).unwrap();
        }
        let document = PodDocument {
            schema_version: 1,
            plan: plan.clone(),
            layout: layout.clone(),
            links: Vec::new(),
            nonce: "abcdef".into(),
            output: root.join("output").to_string_lossy().into_owned(),
            code: code
                .iter()
                .enumerate()
                .map(|(number, (path, _))| CodeFile {
                    path: (*path).into(),
                    executable: path.starts_with("bin/"),
                    parts: vec![format!("{number}.0"), format!("{number}.1")],
                    link: None,
                })
                .collect(),
        };
        let text = serde_json::to_string(&document).unwrap();
        assert!(!text.contains("s3cret-value"));
        fs_err::write(pod.join("config/pod.json"), text).unwrap();
        fs_err::write(pod.join("secret/token"), "a token of the test").unwrap();
        for (role, values) in &secrets {
            let text = serde_json::to_string(values).unwrap();
            fs_err::write(pod.join(format!("secret/env.{role}")), text).unwrap();
        }
        for (number, (_, text)) in code.iter().enumerate() {
            let (first, second) = text.split_at(text.len() / 2);
            fs_err::write(pod.join(format!("code/{number}.0")), first).unwrap();
            fs_err::write(pod.join(format!("code/{number}.1")), second).unwrap();
        }
    }
    let job = &layout.jobs[0].name;
    let service = &layout.service;
    let hosts = format!("127.0.0.1 localhost {job}-0.{service} {job}-1.{service}\n");
    fs_err::write(root.join("hosts"), hosts).unwrap();
    Pods { root, layout }
}

#[test]
fn a_command_sees_the_same_in_a_pod_and_here() {
    if !namespaces_are_there() {
        return;
    }
    let sandbox = Sandbox::new();
    let dumps = sandbox.home().join("dumps");
    sandbox.write("mlctl.yaml", SPEC);
    let script = sandbox.write("bin/dump.sh", DUMP);
    fs_err::set_permissions(script, PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.run(0, ["train"]);
    let local = dumps.with_file_name("dumps-local");
    fs_err::rename(&dumps, &local).unwrap();

    let pods = make_pods(&sandbox, SPEC, &[("bin/dump.sh", DUMP)]);
    let path = std::env::var("PATH").unwrap();
    let output = pods.run(&sandbox, &path, "TF_CONFIG=of-the-image");
    let said = || format!("{}\n{}\n{}", stderr(&output), pods.log(0), pods.log(1));
    assert!(output.status.success(), "{}", said());

    for (index, replica) in ["chief-0", "worker-0"].into_iter().enumerate() {
        let here = variables(&local.join(replica));
        let there = variables(&dumps.join(replica));
        let names = |env: &BTreeMap<String, String>| env.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&here), names(&there));
        for (name, value) in &here {
            match name.as_str() {
                "TF_CONFIG" | "CLUSTER_SPEC" => {
                    assert_eq!(without_addresses(value), without_addresses(&there[name]), "{name}");
                    assert!(there[name].contains("parity-abc123-1.parity-abc123:2222"));
                }
                "MASTER_ADDR" => assert_eq!(there[name], "parity-abc123-0.parity-abc123"),
                "MASTER_PORT" => assert_eq!(there[name], "29500"),
                "MLCTL_RUN" => assert_eq!(there[name], "parity-abc123"),
                "MLCTL_HOSTS" => assert_eq!(
                    there[name],
                    "parity-abc123-0.parity-abc123\nparity-abc123-1.parity-abc123"
                ),
                // Folders.
                "PWD" | "OLDPWD" => {}
                "AIP_MODEL_DIR" | "AIP_CHECKPOINT_DIR" | "AIP_TENSORBOARD_LOG_DIR" => {
                    assert!(there[name].ends_with('/') && Path::new(&there[name]).is_dir());
                }
                "CLOUD_ML_HP_METRIC_FILE" => {
                    let names = [value, &there[name]].map(|file| Path::new(file).file_name());
                    assert_eq!(names[0], names[1]);
                    assert!(Path::new(&there[name]).parent().is_some_and(Path::is_dir));
                }
                _ => assert_eq!(*value, there[name], "{name}"),
            }
        }
        assert_eq!(there["API_KEY"], "s3cret-value");
        assert_eq!(there["WITH"], "red s3cret-value $(LATER) $");
        let args =
            |dir: &Path| fs_err::read_to_string(dir.join(format!("{replica}.args"))).unwrap();
        assert_eq!(args(&local), args(&dumps));
        let at = format!("--at=red-{replica}-red s3cret-value $(LATER) $-$(COLOUR)-$(PATH)");
        assert_eq!(args(&local), format!("--epochs=3 {at}\n"));
        let end = read_termination(&pods.root.join(format!("end-{index}"))).unwrap();
        assert_eq!(end.verdict.unwrap().outcome, Outcome::Succeeded);
        assert_eq!(
            (end.replica.to_string().as_str(), end.pod_uid),
            (replica, format!("pod-{index}"))
        );
    }
    let model = |replica: &str| variables(&dumps.join(replica))["AIP_MODEL_DIR"].clone();
    assert_eq!(model("chief-0"), format!("{}/output/model/", pods.root.display()));
    assert_eq!(model("worker-0"), format!("{}/pod-1/work/model/", pods.root.display()));
}

#[test]
fn a_pod_that_can_not_be_says_why() {
    let sandbox = Sandbox::new();
    let pods = make_pods(&sandbox, SPEC, &[]);
    let document = pods.root.join("pod-0/config/pod.json");
    let agent = |index: &str| {
        sandbox
            .mlctl(["agent", "--pod"])
            .arg(&document)
            .env(downward::POD_UID, "p")
            .env(downward::JOB, "parity-abc123")
            .env(downward::JOB_UID, "j")
            .env(downward::INDEX, index)
            .output()
            .unwrap()
    };
    // The gang can't be: its Job ends at once.
    let nobody = agent("7");
    assert_eq!(nobody.status.code(), Some(42), "{}", stderr(&nobody));
    assert!(stderr(&nobody).contains("index 7 of Job parity-abc123"), "{}", stderr(&nobody));
    // A volume that isn't there may be there in the next pod.
    fs_err::remove_file(pods.root.join("pod-0/secret/token")).unwrap();
    let token = agent("0");
    assert_eq!(token.status.code(), Some(40), "{}", stderr(&token));
    assert!(stderr(&token).contains("secret/token"), "{}", stderr(&token));
}

#[test]
fn the_program_installs_itself_where_nothing_else_is() {
    let sandbox = Sandbox::new();
    let root = sandbox.dir().join("root");
    for dir in ["proc", "install"] {
        fs_err::create_dir_all(root.join(dir)).unwrap();
    }
    fs_err::copy(env!("CARGO_BIN_EXE_mlctl"), root.join("mlctl")).unwrap();
    let here = sandbox.run(0, ["agent-install".as_ref(), root.join("here").as_os_str()]);
    assert_eq!((stdout(&here), stderr(&here)), (String::new(), String::new()));
    let mode = fs_err::metadata(root.join("here/mlctl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o555);
    if !cfg!(target_env = "musl") {
        skip("the program under test is not static");
        return;
    }
    if !namespaces_are_there() {
        return;
    }
    // An image with this one file, as the runner image is.
    let script = "mount -t proc proc \"$ROOT/proc\"
        chroot \"$ROOT\" /mlctl agent-install /install && chroot \"$ROOT\" /install/mlctl --version";
    let output = in_namespaces(&["sh", "-euc", script]).env("ROOT", &root).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("mlctl "));
}

const PYTHON: &str = "
apiVersion: mlctl.dev/v1
kind: TrainJob
name: python
image: localhost/python:1
code: .
setup: {python: {requirements: requirements.txt}}
command: [python, train.py]
env: [{name: PIP_NO_INDEX, value: '1'}]
";

/// A folder with programs, none of them `python`.
fn programs(sandbox: &Sandbox) -> String {
    let dir = sandbox.dir().join("bin");
    fs_err::create_dir_all(&dir).unwrap();
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = stdout(&asked.unwrap()).trim().to_owned();
    fs_err::os::unix::fs::symlink(python, dir.join("python3")).unwrap();
    dir.to_string_lossy().into_owned()
}

#[test]
fn an_images_python_is_used_as_it_is_where_nothing_is_missing() {
    if !namespaces_are_there() {
        return;
    }
    let sandbox = Sandbox::new();
    let path = programs(&sandbox);
    sandbox.write("site/demo.py", "NAME = 'the demo of the image'\n");
    sandbox.write(
        "site/demo-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nProvides-Extra: more\nRequires-Dist: absent; extra == 'more'\n",
    );
    let site = format!("PYTHONPATH={}", sandbox.dir().join("site").display());
    let train = "import demo, sys\nprint(demo.NAME, sys.executable)\n";
    let run = |requirements: &str| {
        let code = [("requirements.txt", requirements), ("train.py", train)];
        let pods = make_pods(&sandbox, PYTHON, &code);
        let output = pods.run(&sandbox, &path, &site);
        (output.status.code(), pods)
    };

    let (code, pods) = run("# a comment\ndemo == 1.0  # and another\n");
    assert_eq!(code, Some(0), "{}", pods.log(0));
    let cache = pods.root.join("pod-0/work/cache");
    let expected = format!("the demo of the image {}/bin/python\n", cache.display());
    assert!(pods.log(0).contains(&expected), "{}", pods.log(0));
    assert!(!cache.join("venvs").exists());

    // What is missing is fetched into an environment that sees the image's packages; here it can't be.
    for (requirements, missing) in [
        ("demo==2.0\n", "demo==2.0 is not what is installed: 1.0"),
        ("demo[more]\n", "is not installed"),
    ] {
        let (code, pods) = run(requirements);
        let log = pods.log(0);
        assert_eq!(code, Some(42), "{log}");
        assert!(log.contains("the image lacks something: ") && log.contains(missing), "{log}");
        let end = read_termination(&pods.root.join("end-0")).unwrap();
        let reason = end.verdict.unwrap().reason;
        assert!(reason.contains("put what is needed into the image"), "{reason}");
    }
}
