//! What a command sees, here and in a pod: the same but for addresses and folders.

use std::collections::BTreeMap;

use crate::kube::support::Kube;
use crate::support::{Sandbox, stdout};

/// What a machine, an image, a shell or kubelet sets, each for itself.
const OWN: [&str; 10] =
    ["HOME", "HOSTNAME", "LANG", "OLDPWD", "PATH", "PWD", "SHLVL", "USER", "_", "XDG_CACHE_HOME"];

fn spec(kube: &Kube, framework: &str, roles: &str) -> String {
    format!(
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: env\nimage: {}\nframework: {framework}\n\
         completion: all\ncode: .\ncommand: [sh, -c, 'env | sed s/^/env:/; ls; sleep 1']\n\
         args: [one, two words]\nlabels: {{team: vision}}\n\
         env:\n- {{name: PLAIN, value: 'a b'}}\n- {{name: API_TOKEN, value: geheim-geheim}}\n\
         roles: {roles}\n",
        kube.cluster.image("busybox")
    )
}

/// Name and value of each variable, by replica.
fn environments(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for line in text.lines() {
        let Some((replica, rest)) = line.split_once(" | ") else { continue };
        let Some((name, value)) = rest.strip_prefix("env:").and_then(|v| v.split_once('=')) else {
            continue;
        };
        let own = OWN.contains(&name) || name.starts_with("KUBERNETES_");
        if !own {
            all.entry(replica.trim().into()).or_default().insert(name.into(), value.into());
        }
    }
    all
}

/// The value without addresses, folders and the run's id.
fn neutral(value: &str, run: &str) -> String {
    let value = value.replace(run, "RUN");
    let mut words = Vec::new();
    for word in value.split_inclusive(['"', ',', ' ']) {
        let end = word.len() - word.trim_end_matches(['"', ',', ' ']).len();
        let (word, rest) = word.split_at(word.len() - end);
        let port = word.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let plain = match word {
            _ if word.starts_with('/') => {
                // Folders have the same names at their end.
                let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                format!("FOLDER/{last}{}", if word.ends_with('/') { "/" } else { "" })
            }
            _ if port && word.contains(':') => "ADDRESS".into(),
            _ => word.to_owned(),
        };
        words.push(plain + rest);
    }
    words.concat()
}

#[track_caller]
fn same(kube: &Kube, framework: &str, roles: &str) {
    let text = spec(kube, framework, roles);
    let local = Sandbox::new();
    let mut seen = Vec::new();
    for (sandbox, runtime) in [(&local, "local"), (&kube.sandbox, "kubernetes")] {
        sandbox.write("data.txt", "x");
        sandbox.write("mlctl.yaml", &text);
        sandbox.run(0, ["train", "--runtime", runtime]);
        let run = stdout(&sandbox.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned();
        let logs = stdout(&sandbox.run(0, ["logs", &run]));
        assert!(logs.contains("data.txt"), "the code is in the working folder:\n{logs}");
        let mut all = environments(&logs);
        for variables in all.values_mut() {
            for (name, value) in variables.iter_mut() {
                // A host by name or by number, a port that was free.
                *value = match name.as_str() {
                    "MASTER_ADDR"
                    | "PET_MASTER_ADDR"
                    | "PET_RDZV_ENDPOINT"
                    | "MLCTL_HOSTS"
                    | "JAX_COORDINATOR_ADDRESS" => "HOST".into(),
                    "MASTER_PORT" | "PET_MASTER_PORT" => "PORT".into(),
                    _ => neutral(value, &run),
                };
            }
        }
        seen.push(all);
    }
    let [here, there] = &seen[..] else { panic!("two runtimes") };
    assert!(here.len() >= 2 && here.values().all(|all| all.len() > 8), "{here:#?}");
    assert_eq!(here, there);
}

#[test]
fn tensorflow_sees_the_same() {
    let Some(kube) = Kube::new() else { return };
    same(
        &kube,
        "tensorflow",
        "{chief: {cpu: 50m}, worker: {replicas: 1, cpu: 50m}, evaluator: {cpu: 50m}}",
    );
}

#[test]
fn pytorch_and_jax_see_the_same() {
    let Some(kube) = Kube::new() else { return };
    for framework in ["pytorch", "jax", "none"] {
        same(&kube, framework, "{worker: {replicas: 2, cpu: 50m}}");
    }
}
