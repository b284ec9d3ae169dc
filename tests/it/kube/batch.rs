//! Batch prediction in pods, out of a real S3 server in the cluster and back.

use serde_json::Value as Json;

use super::support::{Kube, LONG, Store, poll};
use crate::support::repository;

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
