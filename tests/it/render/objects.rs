//! The manifests of specs, as snapshots: Jobs in full, of the others what is in them.

use serde_json::{Value as Json, json};

use super::{document, objects, of_kind, run_of, sandbox, specs};
use crate::support::{repository, stderr, stdout};

/// Types of accelerators and claims that the specs use.
const SETTINGS: &str = "\
accelerators:
  lab-gpu:
    resource: example.com/gpu
    nodeLabels: [{lab: a}, {lab: b, rack: fast}]
";

/// The objects as YAML, without what differs from run to run and without contents.
fn shown(objects: &[Json]) -> String {
    let volumes = objects.iter().filter_map(|one| one.pointer("/spec/template/spec/volumes"));
    let mut volumes = volumes.flat_map(|all| all.as_array().expect("volumes"));
    let secret = volumes.find(|volume| volume["name"] == "mlctl-secret").expect("the agent's");
    let secret = secret["secret"]["secretName"].as_str().expect("a name").to_owned();
    let run = run_of(objects);
    let name = objects[0]["metadata"]["labels"]["mlctl.dev/name"].as_str().expect("a name");
    let mut text = String::new();
    for object in objects {
        let mut object = object.clone();
        let annotations = object["metadata"]["annotations"].as_object_mut().expect("annotations");
        annotations.remove("mlctl.dev/version").expect("a version");
        assert_eq!(
            annotations.remove("mlctl.dev/spec-hash").expect("a hash").as_str().map(str::len),
            Some(64)
        );
        for field in ["data", "binaryData"] {
            for (key, value) in object[field].as_object_mut().into_iter().flatten() {
                *value = json!(if key.ends_with(".yaml") { "..." } else { "(contents)" });
            }
            if object[field].is_null() {
                object.as_object_mut().expect("an object").remove(field);
            }
        }
        let template = object.pointer_mut("/spec/template/metadata/annotations");
        for key in ["mlctl.dev/version", "mlctl.dev/spec-hash"] {
            let _ = template.as_ref().map(|annotations| annotations.get(key).expect("there"));
        }
        if let Some(annotations) = template.and_then(Json::as_object_mut) {
            annotations.remove("mlctl.dev/version");
            annotations.remove("mlctl.dev/spec-hash");
        }
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&object).expect("YAML"));
    }
    text.replace(&secret, &format!("{name}-RUN-SECRET")).replace(&run, &format!("{name}-RUN"))
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../specs/render",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn every_spec() {
    let sandbox = sandbox(SETTINGS);
    for entry in fs_err::read_dir(specs()).expect("specs") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let objects = objects(&sandbox, &path, &[]);
        let jobs: Vec<Json> = of_kind(&objects, "Job").into_iter().cloned().collect();
        // The rest is the same for all.
        let rest =
            if name == "smallest" { objects.clone() } else { [&objects[..1], &jobs].concat() };
        snapshot(&name, &shown(&rest));
    }
}

#[test]
fn the_digits() {
    let sandbox = sandbox("");
    let examples = repository().join("examples/digits");
    for (file, name, jobs) in
        [("mlctl.yaml", "digits", 1), ("parameter-server.yaml", "digits-ps", 1)]
    {
        let set = ["--set", "image=localhost/tf:1", "--set", "output=pvc://results/{run}"];
        let objects = objects(&sandbox, &examples.join(file), &set);
        assert_eq!(of_kind(&objects, "Job").len(), jobs);
        snapshot(name, &shown(&objects));
        let document = document(&objects);
        assert_eq!(document["output"], format!("/mlctl/output/{}", run_of(&objects)));
        let replicas = &document["layout"]["jobs"][0]["replicas"];
        assert_eq!(replicas[0], if name == "digits" { "worker-0" } else { "chief-0" });
    }
}

/// What travels is what is there, byte for byte.
#[test]
fn code_comes_back_from_its_parts() {
    let sandbox = sandbox("");
    sandbox.write("code/train.py", "print('ü')\n");
    sandbox.write("code/lib/x.py", &"# a long line of text\n".repeat(20_000));
    sandbox.write("code/.mlctlignore", "secret.txt\n");
    sandbox.write("code/secret.txt", "x");
    sandbox.write("set/a.csv", "1,2\n");
    let spec = sandbox.write(
        "mlctl.yaml",
        "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: parts, image: a, code: code, \
         data: [{uri: ./set, path: in}], command: [python, train.py]}",
    );
    let objects = objects(&sandbox, &spec, &[]);
    let document = document(&objects);
    let files = document["code"].as_array().expect("files");
    let paths: Vec<&str> = files.iter().map(|file| file["path"].as_str().expect("path")).collect();
    assert_eq!(paths, [".mlctlignore", "lib/x.py", "train.py", "in/a.csv"]);
    let maps = of_kind(&objects, "ConfigMap");
    let content = |file: &Json| -> String {
        let parts = file["parts"].as_array().expect("parts").iter();
        let part = |key: &Json| {
            let key = key.as_str().expect("key");
            maps.iter().find_map(|map| map["data"][key].as_str()).expect("a part").to_owned()
        };
        parts.map(part).collect()
    };
    assert_eq!(content(&files[2]), "print('ü')\n");
    assert_eq!(content(&files[1]), "# a long line of text\n".repeat(20_000));
    // What kubectl keeps of each object in an annotation has a limit.
    for object in &objects {
        assert!(object.to_string().len() < 256 << 10, "{}", object["metadata"]["name"]);
    }
}

#[test]
fn secret_values_are_only_in_the_secret() {
    let sandbox = sandbox("");
    let spec = sandbox.write(
        "mlctl.yaml",
        "{apiVersion: mlctl.dev/v1, kind: TrainJob, name: hush, image: a, command: [python, t.py], \
         env: [{name: HF_TOKEN, value: '${HF_TOKEN}'}, {name: PLAIN, value: seen}]}",
    );
    let mut command = sandbox.mlctl(["render", spec.to_str().expect("path")]);
    let output = command.env("HF_TOKEN", "hf_verysecret").output().expect("runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("holds secret values"), "{said}");
    let text = stdout(&output);
    assert!(!text.contains("hf_verysecret"), "in clear text");
    assert!(text.contains("seen"));
    // Base64 of {"HF_TOKEN":"hf_verysecret"}.
    assert!(text.contains("eyJIRl9UT0tFTiI6ImhmX3ZlcnlzZWNyZXQifQ=="), "{text}");
}

/// Each call is a run of its own.
#[test]
fn no_two_runs_are_alike() {
    let sandbox = sandbox("");
    let spec = specs().join("smallest.yaml");
    let (one, other) = (objects(&sandbox, &spec, &[]), objects(&sandbox, &spec, &["-n", "team"]));
    assert_ne!(run_of(&one), run_of(&other));
    let secret = |objects: &[Json]| of_kind(objects, "Secret")[0]["data"]["token"].clone();
    assert_ne!(secret(&one), secret(&other));
    assert!(one[0]["metadata"].get("namespace").is_none());
    assert!(other.iter().all(|object| object["metadata"]["namespace"] == "team"));
    assert!(!sandbox.state().exists(), "rendering is no run of this machine");
}

/// `kubectl apply` keeps a copy of each object in one of its annotations, which have a limit.
#[test]
fn what_apply_can_not_carry_is_told() {
    let sandbox = sandbox("");
    let long: String =
        (0..40).map(|i| format!("{{name: V{i}, value: {}}}, ", "x".repeat(8000))).collect();
    let spec = |env: &str| {
        format!(
            "{{apiVersion: mlctl.dev/v1, kind: TrainJob, name: long, image: a, command: ['true'], \
             env: [{env}]}}"
        )
    };
    let said = |env: &str| {
        let path = sandbox.write("mlctl.yaml", &spec(env));
        let output = sandbox.run(0, ["render", path.to_str().expect("UTF-8")]);
        stderr(&output)
    };
    let long = said(&long);
    assert!(long.contains("`kubectl apply` can't carry the ConfigMap long-"), "{long}");
    assert!(long.contains("kubectl create"), "{long}");
    assert!(!said("{name: A, value: b}").contains("kubectl apply"));
}
