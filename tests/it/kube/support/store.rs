//! An S3 server in a pod of the test's namespace.

use std::process::{Child, Stdio};

use super::{Kube, LONG, poll};
use crate::support::stores::{S3, free_port, s3_env};
use crate::support::{stderr, stdout};

/// The server, and its port brought to this machine.
pub struct Store {
    forward: Child,
    pub port: u16,
}

impl Store {
    /// A server with one empty bucket, `bucket`, as `http://store:7070` in the namespace, and its credentials in the
    /// Secret `keys`.
    pub fn start(kube: &Kube) -> Self {
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
    pub fn run(&self, kube: &Kube, code: i32, args: &[&str]) -> String {
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
