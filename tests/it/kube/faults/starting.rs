//! Pods that are placed and whose agents never run: who is at fault is told, and what waiting can't
//! change ends at once.

use std::time::{Duration, Instant};

use crate::kube::support::{Kube, LONG, Why, poll};

/// Nobody waits longer for what no waiting changes; the runs here have a `startTimeout` of 10 minutes.
const AT_ONCE: Duration = Duration::from_secs(120);

/// What a namespace that enforces `restricted` asks of a container.
const RESTRICTED: &str =
    "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";

/// A patch with an init container that runs a script.
fn fetches(kube: &Kube, script: &str) -> String {
    format!(
        "podPatch:\n  spec:\n    initContainers:\n    - name: fetch\n      image: {}\n      \
         command: [sh, -c, '{script}']\n      {RESTRICTED}\n",
        kube.cluster.image("busybox")
    )
}

#[test]
fn an_init_container_that_fails_is_named_with_its_last_words() {
    let Some(kube) = Kube::new() else { return };
    let patch = fetches(&kube, "echo no such bucket; exit 3");
    kube.gang(&["true"], &format!("startTimeout: 10m\nretries: {{startup: 1}}\n{patch}"));
    let begin = Instant::now();
    let run = kube.detach([]);
    let words = ["`fetch`", "exit code 3", "no such bucket"];
    poll("`why` names the container while the run waits", LONG, || {
        let text = Why::ask(&kube.sandbox, &run).text();
        words.iter().all(|word| text.contains(word)).then_some(())
    });
    kube.run(14, ["wait", &run]);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    kube.ended(14).assert_blames("worker-0", "startup", &words);
}

#[test]
fn pods_that_are_replaced_do_not_renew_the_start_timeout() {
    let Some(kube) = Kube::new() else { return };
    let patch = fetches(&kube, "exit 4");
    kube.gang(&["true"], &format!("startTimeout: 15s\nretries: {{startup: 50}}\n{patch}"));
    let begin = Instant::now();
    kube.ends(14).assert_says(&["`fetch`", "exit code 4"]);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}

#[test]
fn a_secret_that_is_not_there_is_waited_for_and_named() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(
        &["cat /data/word"],
        "startTimeout: 10m\npodPatch:\n  spec:\n    \
         volumes: [{name: given, secret: {secretName: nowhere}}]\n    \
         containers:\n    - {name: main, volumeMounts: [{name: given, mountPath: /data}]}\n",
    );
    let run = kube.detach([]);
    poll("`why` has the kubelet's words", LONG, || {
        let text = Why::ask(&kube.sandbox, &run).text();
        (text.contains("FailedMount") && text.contains("nowhere")).then_some(())
    });
    kube.kubectl(["create", "secret", "generic", "nowhere", "--from-literal=word=hello"]);
    kube.run(0, ["wait", &run]);
}

#[test]
fn a_config_map_that_is_not_there_is_named() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(
        &["true"],
        "startTimeout: 45s\npodPatch:\n  spec:\n    containers:\n    \
         - {name: main, envFrom: [{configMapRef: {name: nowhere}}]}\n",
    );
    kube.ends(14).assert_says(&["configmap", "nowhere"]);
}

#[test]
fn a_runtime_class_that_the_node_does_not_know_is_named() {
    let Some(kube) = Kube::new() else { return };
    let class = format!("class-{}", kube.namespace);
    kube.cluster.apply(&format!(
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {{name: {class}}}\nhandler: kata\n"
    ));
    kube.gang(
        &["true"],
        &format!("startTimeout: 25s\npodPatch: {{spec: {{runtimeClassName: {class}}}}}\n"),
    );
    let ended = kube.ends(14);
    kube.cluster.kubectl(["delete", "runtimeclass", &class]);
    ended.assert_says(&["FailedCreatePodSandBox", "kata"]);
}

#[test]
fn the_container_runtimes_own_words_are_told() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(
        &["true", "true"],
        "startTimeout: 10m\npodPatch:\n  spec:\n    \
         containers: [{name: main, workingDir: /proc/nowhere}]\n",
    );
    let begin = Instant::now();
    let why = kube.ends(14);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    why.assert_says(&["/proc/nowhere", "could not start the container"]);
    assert_eq!(why.blamed().1, "startup", "{:#}", why.0);
    assert!(!why.text().contains("set-up's last lines"), "{:#}", why.0);
}

#[test]
fn the_name_of_an_image_that_is_none_ends_at_once() {
    let Some(kube) = Kube::new() else { return };
    kube.gang(
        &["true"],
        "startTimeout: 10m\npodPatch: {spec: {initContainers: [{name: fetch, image: 'A:b:c'}]}}\n",
    );
    kube.cluster.kubectl([
        "label",
        "namespace",
        &kube.namespace,
        "pod-security.kubernetes.io/enforce-",
    ]);
    let begin = Instant::now();
    kube.ends(14).assert_says(&["InvalidImageName", "A:b:c"]);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}
