//! Batch prediction in pods, out of a real S3 server in the cluster and back.

use std::process::{Child, Stdio};

use serde_json::Value as Json;

use super::support::{Kube, LONG, poll};
use crate::support::stores::{S3, free_port, s3_env};
use crate::support::{repository, stderr, stdout};

/// The S3 server in a pod, and its port brought to this machine.
struct Store {
    forward: Child,
    port: u16,
}

impl Store {
    fn start(kube: &Kube) -> Self {
        let env = s3_env("");
        let (user, password) = (&env["AWS_ACCESS_KEY_ID"], &env["AWS_SECRET_ACCESS_KEY"]);
        let script = "until test -x /data/gateway; do sleep 0.2; done; mkdir -p /data/s3/bucket /data/meta; \
                      exec /data/gateway --port :7070 posix --sidecar /data/meta /data/s3";
        let pod = serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "store", "labels": {"app": "store"}},
            "spec": {
                "securityContext": {
                    "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000, "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [{
                    "name": "store", "image": kube.cluster.image("python"),
                    "command": ["sh", "-c", script],
                    "env": [
                        {"name": "ROOT_ACCESS_KEY", "value": user},
                        {"name": "ROOT_SECRET_KEY", "value": password},
                    ],
                    "securityContext": {
                        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }],
                "volumes": [{"name": "data", "emptyDir": {}}],
            },
        });
        kube.kubectl_with(["create", "-f", "-"], &pod.to_string());
        kube.kubectl(["wait", "--timeout=60s", "--for=condition=Ready", "pod", "store"]);
        // Copied beside and renamed: half a program must not be started.
        let program = S3::program().display().to_string();
        kube.kubectl(["cp", &program, "store:/data/gateway.part"]);
        let place = "chmod +x /data/gateway.part && mv /data/gateway.part /data/gateway";
        kube.kubectl(["exec", "store", "--", "sh", "-c", place]);
        kube.kubectl(["expose", "pod", "store", "--port=7070"]);
        let (user, password) =
            (format!("AWS_ACCESS_KEY_ID={user}"), format!("AWS_SECRET_ACCESS_KEY={password}"));
        let [user, password] = [user, password].map(|pair| format!("--from-literal={pair}"));
        kube.kubectl(["create", "secret", "generic", "keys", &user, &password]);
        let port = free_port();
        let mut forward = kube.kubectl_command();
        forward.args(["port-forward", "pod/store", &format!("{port}:7070")]);
        let forward = forward.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("kubectl");
        let store = Self { forward, port };
        poll("the S3 server answers", LONG, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(())
        });
        store
    }

    /// Runs mlctl, which reaches the server by the port of this machine; its standard output.
    #[track_caller]
    fn run(&self, kube: &Kube, code: i32, args: &[&str]) -> String {
        let mut command = kube.mlctl(args);
        let mut env = s3_env("");
        env.remove("AWS_ENDPOINT_URL_S3");
        let output = command.envs(env).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{}", stderr(&output));
        stdout(&output)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.forward.kill();
        let _ = self.forward.wait();
    }
}

fn rows(from: u32) -> String {
    (from..from + 400).map(|x| format!("{{\"x\":{x}}}\n")).collect()
}

#[test]
fn rows_come_back_once_though_a_pod_is_deleted() {
    let Some(kube) = Kube::new() else { return };
    let store = Store::start(&kube);
    let sandbox = &kube.sandbox;
    let config = sandbox.home().join(".config/mlctl/config.yaml");
    let settings = fs_err::read_to_string(&config).expect("settings");
    let here = format!(
        "storage: {{'s3://': {{endpoint: 'http://127.0.0.1:{}', region: us-east-1}}}}\n",
        store.port
    );
    fs_err::write(&config, settings + &here).expect("settings");
    for part in 0..6 {
        let text = rows(1000 * part);
        let name = format!("store:/data/s3/bucket/part-{part}.jsonl");
        let file = sandbox.write(&format!("part-{part}.jsonl"), &text).display().to_string();
        kube.kubectl(["cp", &file, &name]);
        fs_err::remove_file(file).expect("the copy");
    }
    fs_err::copy(repository().join("tests/it/batch/server.py"), sandbox.dir().join("server.py"))
        .expect("server");
    // Too large for ConfigMaps: it goes to the pods through the output's bucket.
    kube.act_as("submitter");
    let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(6 << 20).collect();
    fs_err::write(sandbox.dir().join("weights.bin"), random).expect("a large file");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
             tensorflow-serving\n  image: {}\n  command: [sh, -c, 'test -s weights.bin && exec \
             python3 server.py \"$0\" slow=0.1', '{{port}}']\n\
             input: s3://bucket/part-*.jsonl\noutput: s3://bucket/out\nreplicas: 2\ncpu: 100m\n\
             memory: 256Mi\nbatching: {{maxBatchSize: 16, maxInFlight: 2}}\nstorage: {{secret: keys, \
             endpoint: 'http://store:7070', region: us-east-1}}\nlabels: {{set: rows}}\n",
            kube.cluster.image("python"),
        ),
    );
    let run = store.run(&kube, 0, &["batch-predict", "--detach"]).trim().to_owned();
    let pod = kube.printed(1, "{\"rows\"");
    kube.kubectl(["delete", "pod", &pod.name, "--grace-period=0", "--force"]);
    store.run(&kube, 0, &["wait", &run]);
    let printed = store.run(&kube, 0, &["outputs", &run]);
    let mut found: Vec<i64> = Vec::new();
    for line in printed.lines() {
        let line: Json = serde_json::from_str(line).expect("JSON");
        let x = line["instance"]["x"].as_i64().expect("x");
        assert_eq!(line["prediction"]["y"].as_i64(), Some(2 * x), "{line}");
        found.push(x);
    }
    let wanted: Vec<i64> = (0..6).flat_map(|part| 1000 * part..1000 * part + 400).collect();
    assert_eq!(found, wanted, "every row once, in the order of the input");
    // What an image for Vertex AI expects below /gcs is fetched to there.
    let trainer = format!(
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: reader\nimage: {}\ncommand: [sh, -c, 'test $(wc \
         -l < /gcs/bucket/part-1.jsonl) = 400']\ndata: [{{uri: s3://bucket/part-1.jsonl, path: \
         /gcs/bucket}}]\ncpu: 100m\nmemory: 128Mi\nstorage: {{secret: keys, endpoint: \
         'http://store:7070', region: us-east-1}}\n",
        kube.cluster.image("python"),
    );
    sandbox.write("reader.yaml", &trainer);
    store.run(&kube, 0, &["train", "reader.yaml"]);
    // The same by whoever applies manifests alone.
    let rendered = [
        "render",
        "--set",
        "input=s3://bucket/part-0.jsonl",
        "--set",
        "output=s3://bucket/applied",
    ];
    kube.kubectl_with(["create", "-f", "-"], &store.run(&kube, 0, &rendered));
    poll("the applied objects predict every row", LONG, || {
        let printed = store.run(&kube, 0, &["outputs", "s3://bucket/applied"]);
        (printed.lines().count() == 400).then_some(())
    });
    kube.wait_until_quiet(LONG);
}
