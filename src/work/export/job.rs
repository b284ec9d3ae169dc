//! A request becomes a training run whose command is the exporter.

use super::request::ExportRequest;
use crate::spec::kinds::train::valid_name;
use crate::spec::{Args, Data, PythonSetup, Setup, TrainJob};
use crate::storage::Place;

/// The exporter's own file of requirements, and those that are installed without what they need.
const REQUIREMENTS: &str = "requirements.txt";
const NO_DEPS: &str = include_str!("../../../templates/export/no-deps.txt");
/// What a container has without an image of the person's own: a Python that the exporter's packages are made
/// for, in which they are installed before it starts.
const IMAGE: &str = "python:3.12-slim";
/// So much a pod asks for: TensorFlow with a model of some hundred megabytes.
const MEMORY: &str = "4Gi";

/// Where the parts of an export are.
#[derive(Clone, Debug)]
pub struct ExportPlaces {
    /// The model.
    pub model: Place,
    /// Rows that show which values the model sees.
    pub representative: Option<Place>,
    /// Rows to evaluate by.
    pub evaluation: Option<Place>,
    /// Where the results go; `None` for a folder of the run.
    pub output: Option<Place>,
    /// The container's image; `None` for the usual one.
    pub image: Option<String>,
}

/// The run that makes what is asked for, in the folder with the exporter. A name that is given counts before that of the model.
pub fn job(request: &ExportRequest, places: &ExportPlaces, name: Option<&str>) -> TrainJob {
    let data = |place: &Option<Place>, path: &str| {
        place.clone().map(|uri| Data { uri, path: path.to_owned() })
    };
    let data = [
        data(&Some(places.model.clone()), "model"),
        data(&places.representative, "representative"),
        data(&places.evaluation, "evaluation"),
    ];
    let lines = NO_DEPS.lines().map(str::trim);
    let no_deps = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let python = PythonSetup {
        requirements: Some(REQUIREMENTS.to_owned()),
        no_deps: no_deps.map(str::to_owned).collect(),
        ..PythonSetup::default()
    };
    TrainJob {
        name: name.map_or_else(|| name_of(&request.model), str::to_owned),
        image: Some(places.image.clone().unwrap_or_else(|| IMAGE.to_owned())),
        code: Some(".".into()),
        setup: Some(Setup { python: Some(python), ..Setup::default() }),
        command: Some(vec!["python".to_owned(), "export.py".to_owned()]),
        args: Args::List(args(request)),
        memory: MEMORY.parse().ok(),
        data: data.into_iter().flatten().collect(),
        output: places.output.clone().map(Into::into),
        ..TrainJob::default()
    }
}

/// `export-` with what the model is called, without its version and the folders above it.
fn name_of(model: &str) -> String {
    let path = model.trim_end_matches('/');
    let mut parts = path.rsplit('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let last = parts.next().unwrap_or("model");
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let last = if is_number(last) || last == "model" { parts.next().unwrap_or(last) } else { last };
    let stem = last.split(['@', '.']).next().unwrap_or(last);
    valid_name(&format!("export-{stem}"))
}

fn args(request: &ExportRequest) -> Vec<String> {
    let mut args: Vec<String> = Vec::new();
    // As one word: a title may begin with a dash. And byte for byte: what the agent expands in arguments is doubled.
    let mut put =
        |name: &str, value: &str| args.push(format!("--{name}={}", value.replace('$', "$$")));
    put("model", "model");
    put("name", &request.model);
    for target in &request.targets {
        put("to", target.as_str());
    }
    for quantization in &request.quantize {
        put("quantize", quantization.as_str());
    }
    if request.has_representative {
        put("representative", "representative");
    }
    if let Some(io) = request.io {
        put("io", io.as_str());
    }
    if request.has_evaluation {
        put("evaluate", "evaluation");
    }
    let texts =
        [("label", &request.label), ("signature", &request.signature), ("title", &request.title)];
    for (name, value) in texts {
        if let Some(value) = value {
            put(name, value);
        }
    }
    if !request.tags.is_empty() {
        put("tags", &request.tags.join(","));
    }
    if let Some(least) = request.min_accuracy {
        put("min-accuracy", &least.to_string());
    }
    args.extend(request.select_tf_ops.then(|| "--select-tf-ops".to_owned()));
    args.extend(request.pwa.then(|| "--pwa".to_owned()));
    args
}

#[cfg(test)]
mod tests {
    use super::super::request::{Quantization, Target};
    use super::*;

    #[test]
    fn a_request_becomes_a_run_with_its_rows_beside_it() {
        let request = ExportRequest {
            model: "s3://b/models/digits/3".to_owned(),
            targets: vec![Target::Tflite, Target::Tfjs],
            quantize: vec![Quantization::Int8],
            has_representative: true,
            min_accuracy: Some(0.95),
            pwa: true,
            title: Some("-- $(HOME) 5$$".to_owned()),
            ..ExportRequest::default()
        };
        let places = ExportPlaces {
            model: "s3://b/models/digits/3".into(),
            representative: Some("/rows.jsonl".into()),
            evaluation: None,
            output: None,
            image: None,
        };
        let job = job(&request, &places, None);
        assert_eq!(job.name, "export-digits");
        let paths: Vec<&str> = job.data.iter().map(|data| data.path.as_str()).collect();
        assert_eq!(paths, ["model", "representative"]);
        let args = job.args.to_argv().join(" ");
        assert_eq!(
            args,
            "--model=model --name=s3://b/models/digits/3 --to=tflite --to=tfjs --quantize=int8 \
             --representative=representative --title=-- $$(HOME) 5$$$$ --min-accuracy=0.95 --pwa"
        );
        let python = job.setup.unwrap().python.unwrap();
        assert!(python.no_deps.iter().all(|line| line.contains("==")), "{:?}", python.no_deps);
    }

    #[test]
    fn a_run_is_called_after_what_its_model_is_called() {
        for (model, name) in [
            ("digits@champion", "export-digits"),
            ("./out/model", "export-out"),
            ("./model", "export-model"),
            ("models/digits/3/", "export-digits"),
            ("nets/Small.keras", "export-small"),
            ("digits-single-abc123", "export-digits-single-abc123"),
        ] {
            assert_eq!(name_of(model), name, "{model}");
        }
    }
}
