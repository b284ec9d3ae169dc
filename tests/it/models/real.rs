//! Models as their own libraries write them, against what the libraries' own tools say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::support::{Sandbox, both, heavy, repository, skip, stdout};

/// What `model inspect` says of a model.
#[track_caller]
fn inspected(sandbox: &Sandbox, model: &str) -> Json {
    let output = sandbox.run(0, ["model", "inspect", model, "-o", "json"]);
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

fn keys(map: &Json) -> Vec<&String> {
    let mut keys: Vec<&String> = map.as_object().into_iter().flat_map(|map| map.keys()).collect();
    keys.sort();
    keys
}

#[test]
fn tensorflow_says_the_same_of_its_models() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    let folder = sandbox.example("digits");
    let program = repository().join("tests/python/inspected.py");
    fs_err::copy(program, folder.join("inspected.py")).expect("the program");
    sandbox.write(
        "train.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: inspected\nframework: tensorflow\n\
         code: digits\noutput: made\n\
         setup: {python: {requirements: requirements.txt, noDeps: [tf_keras==2.21.0]}}\n\
         env: [{name: TF_CPP_MIN_LOG_LEVEL, value: '3'}]\n\
         command: [sh, -c, 'exec python inspected.py $AIP_MODEL_DIR']\n",
    );
    let made = both(&sandbox.run(0, ["train", "train.yaml"]));
    let at = sandbox.dir().join("made/model");
    for name in ["tags", "text", "digits", "many", "functions"] {
        let text = fs_err::read_to_string(at.join(format!("{name}.show"))).expect(&made);
        let model = inspected(&sandbox, &format!("./made/model/{name}"));
        let (wanted, operations) = without_functions(&text);
        assert_eq!(shown(&model["savedModel"]), wanted, "{name}");
        let graphs = model["savedModel"]["graphs"].as_array().expect("graphs");
        assert_eq!(graphs.len(), operations.len(), "{name}");
        for (graph, names) in sorted(graphs).into_iter().zip(operations) {
            let own: BTreeSet<&str> =
                graph["operations"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(own, names, "{name}");
        }
        functions(&model["savedModel"], &text, name);
    }
    let many = inspected(&sandbox, "./made/model/many");
    let scaled = &many["savedModel"]["graphs"][0]["signatures"]["scaled"];
    assert_eq!(scaled["defaults"], serde_json::json!(["factor"]));
    let text = inspected(&sandbox, "./made/model/text");
    let inside = &text["savedModel"]["graphs"][0]["preprocessing"];
    assert_eq!((inside, &text["savedModel"]["warmupRequests"]), (&["pictures"].into(), &3.into()));
    for name in ["float", "int8", "flex"] {
        lite(&sandbox, &at, name);
    }
    for (name, input) in [("network.keras", Some("image")), ("network.h5", None)] {
        let model = inspected(&sandbox, &format!("./made/model/{name}"));
        assert_eq!(model["format"], "Keras", "{name}");
        let inputs = &model["interface"]["default"]["inputs"];
        assert_eq!(keys(inputs), input.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

/// The text of `saved_model_cli show --all` as far as graphs go, without their lists of operations, and these
/// lists by themselves.
fn without_functions(text: &str) -> (String, Vec<Vec<String>>) {
    let graphs = text.split("\nConcrete Functions:").next().unwrap_or_default();
    let (mut rest, mut lists) = (String::new(), Vec::new());
    for line in graphs.trim().lines() {
        match line.split_once(" contains the following ops: ") {
            Some((_, list)) => {
                let names = list.split('\'').skip(1).step_by(2);
                // Functions of the graph itself are among them, and are no operations.
                let names = names.filter(|name| !name.starts_with("__"));
                lists.push(names.map(str::to_owned).collect());
            }
            None => writeln!(rest, "{}", line.trim_end()).unwrap(),
        }
    }
    (rest.trim().to_owned(), lists)
}

/// The graphs in the order of that tool.
fn sorted(graphs: &[Json]) -> Vec<&Json> {
    let mut graphs: Vec<&Json> = graphs.iter().collect();
    let tags = |graph: &Json| {
        let tags = graph["tags"].as_array().unwrap().iter();
        let mut tags: Vec<String> = tags.map(|tag| tag.as_str().unwrap().to_owned()).collect();
        // TensorFlow keeps the order in which they were given.
        tags.reverse();
        tags
    };
    graphs.sort_by_key(|graph| tags(graph));
    graphs
}

/// The same facts in the words of `saved_model_cli`.
fn shown(model: &Json) -> String {
    let mut text = String::new();
    for graph in sorted(model["graphs"].as_array().expect("graphs")) {
        let mut tags: Vec<&str> =
            graph["tags"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        tags.reverse();
        let head = "contains the following SignatureDefs:";
        writeln!(text, "\nMetaGraphDef with tag-set: '{}' {head}", tags.join(", ")).unwrap();
        for name in keys(&graph["signatures"]) {
            let signature = &graph["signatures"][name];
            writeln!(text, "\nsignature_def['{name}']:").unwrap();
            for (side, word) in [("inputs", "input(s)"), ("outputs", "output(s)")] {
                let head = "The given SavedModel SignatureDef contains the following";
                writeln!(text, "  {head} {word}:").unwrap();
                for key in keys(&signature[side]) {
                    let tensor = &signature[side][key];
                    let shape = match tensor["shape"].as_array() {
                        Some(sizes) => {
                            let sizes: Vec<String> = sizes.iter().map(Json::to_string).collect();
                            format!("({})", sizes.join(", "))
                        }
                        None => "unknown_rank".into(),
                    };
                    let (dtype, name) = (&tensor["dtype"], &tensor["tensor"]);
                    let (dtype, name) = (dtype.as_str().unwrap(), name.as_str().unwrap());
                    writeln!(text, "    {side}['{key}'] tensor_info:").unwrap();
                    writeln!(text, "        dtype: {dtype}\n        shape: {shape}").unwrap();
                    writeln!(text, "        name: {name}").unwrap();
                }
            }
            let method = signature["method"].as_str().unwrap();
            writeln!(text, "{}", format!("  Method name is: {method}").trim_end()).unwrap();
        }
    }
    text.trim().to_owned()
}

/// The functions for Python are those that TensorFlow finds when it loads the model, each with as many ways to
/// call it, which have as many arguments, and with the names of their tensors.
#[track_caller]
fn functions(model: &Json, text: &str, name: &str) {
    let Some((_, said)) = text.split_once("\nConcrete Functions:") else { return };
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut parts = said.split("\n  Function Name: '").skip(1);
    for part in &mut parts {
        let (function, options) = part.split_once('\'').unwrap();
        wanted.insert(function, options.split("Option #").skip(1).collect());
    }
    let graphs = model["graphs"].as_array().unwrap();
    let all = &graphs[0]["functions"];
    assert_eq!(keys(all), wanted.keys().collect::<Vec<_>>(), "{name}");
    for (function, options) in wanted {
        let own = all[function].as_array().unwrap();
        let with_arguments = own.iter().filter(|one| {
            !one["arguments"].as_array().unwrap().is_empty()
                || !one["named"].as_object().unwrap().is_empty()
        });
        assert_eq!(with_arguments.count(), options.len(), "{name} {function}");
        let count = |text: &str| text.matches("\n        Argument #").count();
        let mut wanted: Vec<usize> = options.iter().map(|option| count(option)).collect();
        let sizes = own.iter().map(|one| one["arguments"].as_array().unwrap().len());
        let mut sizes: Vec<usize> = sizes.filter(|size| *size > 0).collect();
        wanted.sort_unstable();
        sizes.sort_unstable();
        assert_eq!(sizes, wanted, "{name} {function}");
    }
}

/// A model of TensorFlow Lite is what its interpreter says.
#[track_caller]
fn lite(sandbox: &Sandbox, at: &Path, name: &str) {
    let said = fs_err::read(at.join(format!("{name}.json"))).unwrap();
    let said: Json = serde_json::from_slice(&said).unwrap();
    let model = inspected(sandbox, &format!("./made/model/{name}.tflite"));
    let model = &model["tfLite"];
    for side in ["inputs", "outputs"] {
        let (own, wanted) = (model[side].as_array().unwrap(), said[side].as_array().unwrap());
        assert_eq!(own.len(), wanted.len(), "{name} {side}");
        for (own, wanted) in own.iter().zip(wanted) {
            assert_eq!((&own["name"], &own["shape"]), (&wanted["name"], &wanted["shape"]));
            let dtype = own["dtype"].as_str().unwrap().to_lowercase();
            assert_eq!(Some(dtype.as_str()), wanted["dtype"].as_str(), "{name}");
            let none = Json::from(Vec::<f32>::new());
            let of = |field: &str| own["quantization"].get(field).unwrap_or(&none).clone();
            assert_eq!(
                (of("scale"), of("zeroPoint")),
                (wanted["scale"].clone(), wanted["zeroPoint"].clone())
            );
        }
    }
    let operators = model["operators"].as_array().unwrap().iter();
    let counts: BTreeMap<&str, u64> = operators
        .map(|one| (one["name"].as_str().unwrap(), one["count"].as_u64().unwrap()))
        .collect();
    let wanted: BTreeMap<&str, u64> = said["operators"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, count)| (name.as_str(), count.as_u64().unwrap()))
        .collect();
    assert_eq!(counts, wanted, "{name}");
    let kind = |kind: &str| {
        let all = model["operators"].as_array().unwrap().iter();
        all.filter(|one| one["kind"] == kind).map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    let (flex, custom): (&[&str], &[&str]) =
        if name == "flex" { (&["FlexMatrixInverse"], &["Erfc"]) } else { (&[], &[]) };
    assert_eq!((kind("flex"), kind("custom")), (jsons(flex), jsons(custom)), "{name}");
    for (signature, sides) in said["signatures"].as_object().unwrap() {
        for side in ["inputs", "outputs"] {
            let wanted: Vec<&str> =
                sides[side].as_array().unwrap().iter().filter_map(Json::as_str).collect();
            assert_eq!(keys(&model["signatures"][signature][side]), wanted, "{name}");
        }
    }
}

fn jsons(names: &[&str]) -> Vec<Json> {
    names.iter().map(|name| (*name).into()).collect()
}

#[test]
fn what_pytorch_writes_is_told_apart() {
    let python = std::env::var_os("MLCTL_TEST_TORCH_PYTHON");
    let python = python.unwrap_or_else(|| "/usr/bin/python3".into());
    let sandbox = Sandbox::new();
    let mut command = Command::new(python);
    command.arg(repository().join("tests/python/torched.py")).arg(sandbox.dir().join("made"));
    let output = command.output().expect("it starts");
    if !output.status.success() {
        return skip("there is no PyTorch");
    }
    for (name, content) in [("script.pt", "TorchScript"), ("weights.pt", "torch.save")] {
        let model = inspected(&sandbox, &format!("./made/{name}"));
        let said = model["archive"]["content"].as_str().unwrap();
        assert!(said.contains(content), "{name}: {said}");
        assert_eq!(model["interface"], serde_json::json!({}), "{name}");
    }
    let graph = inspected(&sandbox, "./made/network.onnx");
    let call = &graph["interface"]["default"];
    assert_eq!(call["inputs"]["x"], serde_json::json!({"dtype": "float32", "shape": [-1, 4]}));
    assert_eq!(call["outputs"]["y"]["shape"], serde_json::json!([-1, 2]));
    assert_eq!(graph["onnx"]["operators"], serde_json::json!({"Gemm": 1, "Softmax": 1}));
    assert_eq!(graph["onnx"]["weightsBytes"], 40);
}
