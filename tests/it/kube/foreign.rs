//! Jobs of Kubeflow's training operator, unmodified, in a real cluster: they run as they would there.

use serde_json::Value;

use crate::kube::support::Kube;
use crate::support::both;

/// What a replica printed behind `name=`, as JSON.
#[track_caller]
fn printed(text: &str, replica: &str, name: &str) -> Value {
    let line = text
        .lines()
        .filter(|line| line.trim_start().starts_with(&format!("{replica} |")))
        .find_map(|line| line.split_once(&format!("{name}=")))
        .unwrap_or_else(|| panic!("{replica} says no {name} in:\n{text}"));
    serde_json::from_str(line.1).unwrap()
}

/// A chief, workers and a parameter server get TF_CONFIG and the files of a ConfigMap of the same file; the job has
/// succeeded with its chief, and nothing runs on, though the server never ends by itself.
#[test]
fn a_tfjob_runs_as_its_original_would() {
    let Some(kube) = Kube::new() else { return };
    let image = kube.cluster.image("busybox");
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: code}}\ndata:\n  run.sh: |\n    echo \"config=$TF_CONFIG\"\n    \
         case $TF_CONFIG in *'\"type\":\"ps\"'*) sleep 600;; *'\"type\":\"chief\"'*) sleep 2;; esac\n---\n\
         apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {{generateName: mnist-}}\nspec:\n  runPolicy: \
         {{cleanPodPolicy: Running}}\n  tfReplicaSpecs:\n    PS: &server\n      replicas: 1\n      restartPolicy: \
         Never\n      template:\n        spec:\n          containers:\n          - name: tensorflow\n            \
         image: {image}\n            command: [sh, /code/run.sh]\n            resources: {{requests: {{cpu: 50m}}}}\n            \
         volumeMounts: [{{name: code, mountPath: /code}}]\n          volumes: [{{name: code, configMap: {{name: \
         code}}}}]\n    Chief: *server\n    Worker:\n      <<: *server\n      replicas: 2\n"
    );
    kube.sandbox.write("tfjob.yaml", &text);
    let trained = both(&kube.run(0, ["train", "tfjob.yaml"]));
    let config = printed(&trained, "worker-1", "config");
    assert_eq!(config["task"], serde_json::json!({"type": "worker", "index": 1}));
    for (role, count) in [("chief", 1), ("worker", 2), ("ps", 1)] {
        assert_eq!(config["cluster"][role].as_array().map(Vec::len), Some(count), "{config}");
    }
    assert_eq!(printed(&trained, "ps-0", "config")["task"]["type"], "ps");
    kube.ended(0);
    let running = kube.pods().into_iter().filter(crate::kube::support::Pod::is_alive).count();
    assert_eq!(running, 0, "pods run on");
}

/// Workers find their master by what Kubernetes expands in arguments; a failure starts the job again under OnFailure,
/// and under Never it is the end.
#[test]
fn a_pytorchjob_runs_as_its_original_would() {
    let Some(kube) = Kube::new() else { return };
    let image = kube.cluster.image("busybox");
    let pod = |policy: &str, script: &str| {
        format!(
            "      restartPolicy: {policy}\n      template:\n        spec:\n          containers:\n          - name: \
             pytorch\n            image: {image}\n            command: [sh, -c]\n            args: ['{script}', \
             $(MASTER_ADDR), $(MASTER_PORT)]\n            resources: {{requests: {{cpu: 50m}}}}\n            \
             volumeMounts: [{{name: state, mountPath: /state}}]\n          volumes: [{{name: state, emptyDir: {{}}}}]\n"
        )
    };
    let job = |name: &str, policy: &str, master: &str, worker: &str| {
        format!(
            "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {{name: {name}}}\nspec:\n  \
             pytorchReplicaSpecs:\n    Worker:\n      replicas: 2\n{}    Master:\n{}",
            pod(policy, worker),
            pod(policy, master)
        )
    };
    let master = "pwd; for i in 1 2; do nc -l -p \"$1\" </dev/null; done";
    let worker = "if [ $RANK = 2 ] && [ ! -e /state/seen ]; then touch /state/seen; exit 7; fi; until echo \"rank $RANK \
                  of $WORLD_SIZE\" | nc \"$0\" \"$1\"; do sleep 0.2; done";
    kube.sandbox.write("job.yaml", &job("again", "OnFailure", master, worker));
    let trained = both(&kube.run(0, ["train", "job.yaml"]));
    for rank in [1, 2] {
        assert!(trained.contains(&format!("rank {rank} of 3")), "{trained}");
    }
    // The code is a part of the image, so the command starts in the image's folder.
    assert!(trained.lines().any(|line| line.trim() == "master-0 | /"), "{trained}");
    kube.ended(0);
    kube.sandbox.write("job.yaml", &job("never", "Never", "sleep 600", "exit 7"));
    let failed = both(&kube.run(10, ["train", "job.yaml"]));
    assert!(failed.contains("userError 0 of 0"), "{failed}");
    kube.ended(10);
    let running = kube.pods().into_iter().filter(crate::kube::support::Pod::is_alive).count();
    assert_eq!(running, 0, "pods run on");
}

/// Processes of Horovod meet without a launcher, by a script around it, at the first worker.
#[test]
fn an_mpijob_runs_as_its_original_would() {
    let Some(kube) = Kube::new() else { return };
    let image = kube.cluster.image("python");
    let code = serde_json::to_string(crate::kubeflow::horovod::MEETING).unwrap();
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: code}}\ndata: {{train.py: {code}}}\n---\n\
         apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata: {{generateName: meeting-}}\nspec:\n  \
         slotsPerWorker: 2\n  mpiReplicaSpecs:\n    Launcher:\n      template:\n        spec:\n          containers:\n          \
         - name: launcher\n            image: {image}\n            env: [{{name: EPOCHS, value: '3'}}]\n            \
         command: [sh, -c, 'cd /code; horovodrun -np 4 --timeline-filename /dev/null python3 train.py $PWD']\n    \
         Worker:\n      replicas: 2\n      template:\n        spec:\n          containers:\n          - name: worker\n            \
         image: {image}\n            command: [/usr/sbin/sshd]\n            resources: {{requests: {{cpu: 50m}}}}\n            \
         volumeMounts: [{{name: code, mountPath: /code}}]\n          volumes: [{{name: code, configMap: {{name: code}}}}]\n"
    );
    kube.sandbox.write("mpijob.yaml", &text);
    let trained = both(&kube.run(0, ["train", "mpijob.yaml"]));
    for line in [
        "worker-0 | met a0,a1,a2,a3 a0,a1 a0,a2",
        "worker-1 | met b0,b1,b2,b3 b2,b3 b1,b3",
        "worker-1 | args /code /dev/null 3 None",
    ] {
        assert!(trained.contains(line), "{line} in:\n{trained}");
    }
    kube.ended(0);
}
