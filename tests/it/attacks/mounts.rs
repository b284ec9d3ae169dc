//! Mounts over what mlctl's own agent needs in a pod.

use crate::support::{Sandbox, stderr, stdout};

/// Every way to write mlctl's own folder, something in it, or something around it.
const PATHS: [&str; 14] = [
    "/mlctl",
    "//mlctl",
    "//mlctl/bin",
    "/mlctl//bin",
    "/mlctl/./bin",
    "/./mlctl/bin",
    "/mlctl/bin/",
    "/mlctl/",
    "///mlctl///secret",
    "/mlctl/bin/mlctl",
    "/mlctl/.",
    "//dev/termination-log",
    "/dev/",
    "/./",
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let dir = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&dir).expect("folder");
    fs_err::write(dir.join("config.yaml"), "runnerImage: r.example/mlctl:1\n").expect("settings");
    sandbox
}

#[track_caller]
fn refused(sandbox: &Sandbox, more: &str, words: &str) {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: m\nimage: a\ncommand: [x]\n\
                output: pvc://o\n";
    sandbox.write("mlctl.yaml", &format!("{head}{more}"));
    let output = sandbox.mlctl(["render"]).output().expect("mlctl");
    assert!(matches!(output.status.code(), Some(3 | 5)), "{more}: {}", stderr(&output));
    let said = stderr(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words), "{more}: {}", stderr(&output));
}

#[test]
fn nothing_is_mounted_over_the_agent() {
    let sandbox = sandbox();
    for path in PATHS {
        for more in [
            format!("volumes: [{{name: v, mountPath: '{path}', emptyDir: {{}}}}]\n"),
            format!("secrets: [{{name: s, mountPath: '{path}'}}]\n"),
            format!("data: [{{uri: pvc://c, path: '{path}'}}]\n"),
            format!("data: [{{uri: s3://b/x, path: '{path}'}}]\n"),
        ] {
            refused(&sandbox, &more, path);
        }
        let mount = format!(
            "podPatch: {{spec: {{volumes: [{{name: v, emptyDir: {{}}}}], containers: [{{name: main, \
             volumeMounts: [{{name: v, mountPath: '{path}'}}]}}]}}}}\n"
        );
        refused(&sandbox, &mount, "main");
    }
    let dots = "volumes: [{name: v, mountPath: /x/../mlctl, emptyDir: {}}]\n";
    refused(&sandbox, dots, "/x/../mlctl");
}

/// The output of a checkout's spec is mounted below `/gcs` by its URL, which may try to leave it.
#[test]
fn an_outputs_url_leads_nowhere_else() {
    let sandbox = sandbox();
    let mounts = |url: &str| {
        let spec = format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: m\nimage: a\ncommand: [x]\noutput: {{uri: \
             '{url}', mode: sync}}\n"
        );
        sandbox.write("mlctl.yaml", &spec);
        let output = sandbox.mlctl(["render"]).output().expect("mlctl");
        assert!(output.status.success(), "{url}: {}", stderr(&output));
        let manifests = stdout(&output);
        let paths = manifests.lines().filter_map(|line| line.split_once("mountPath: "));
        paths.map(|(_, path)| path.to_owned()).collect::<Vec<_>>()
    };
    let usual = mounts("gs://b/out");
    assert!(usual.contains(&"/gcs/b/out".to_owned()), "{usual:?}");
    for url in
        ["gs://b/../../mlctl/secret", "gs://../mlctl/bin", "gs://b/./x", "gs://b//x", "gs://b/a:b"]
    {
        let found = mounts(url);
        assert!(found.iter().all(|path| !path.contains("/gcs")), "{url}: {found:?}");
        assert_eq!(found.len(), usual.len() - 1, "{url}");
    }
}

#[test]
fn a_patch_reaches_nothing_of_the_agents() {
    let sandbox = sandbox();
    let container = |spec: &str| format!("podPatch: {{spec: {{containers: [{{{spec}}}]}}}}\n");
    let main = |spec: &str| container(&format!("name: main, {spec}"));
    for (more, words) in [
        (
            container("name: side, image: b, volumeMounts: [{name: mlctl-bin, mountPath: /x}]"),
            "`side` must not mount `mlctl-bin`",
        ),
        (
            container("name: side, image: b, volumeMounts: [{name: mlctl-secret, mountPath: /x}]"),
            "`side` must not mount `mlctl-secret`",
        ),
        (
            main("volumeMounts: [{name: mlctl-bin, mountPath: /x}]"),
            "`main` must not mount `mlctl-bin`",
        ),
        (
            main("volumeMounts: [{name: mlctl-secret, mountPath: /tmp}]"),
            "`main` must not mount `mlctl-secret`",
        ),
        (main("volumeDevices: [{name: d, devicePath: //mlctl/bin}]"), "//mlctl/bin"),
        (main("env: [{name: MLCTL_AGENT_MEMORY_LIMIT, value: '1'}]"), "MLCTL_AGENT_MEMORY_LIMIT"),
        (main("env: [{name: MLCTL_AGENT_INDEX, value: '1'}]"), "MLCTL_AGENT_INDEX"),
        (main("command: [x]"), "must stay"),
        (
            "podPatch: {spec: {initContainers: [{name: mlctl, image: evil}]}}\n".to_owned(),
            "`runnerImage` names it",
        ),
        (
            "podPatch: {spec: {initContainers: [{name: first, image: b, volumeMounts: [{name: \
             mlctl-bin, mountPath: /x}]}]}}\n"
                .to_owned(),
            "`first` must not mount `mlctl-bin`",
        ),
    ] {
        refused(&sandbox, &more, words);
    }
}

#[test]
fn a_place_is_mounted_once_however_it_is_written() {
    let sandbox = sandbox();
    refused(
        &sandbox,
        "volumes:\n- {name: v, mountPath: /data, emptyDir: {}}\n\
         - {name: w, mountPath: //data/., emptyDir: {}}\n",
        "two volumes of one path",
    );
}
