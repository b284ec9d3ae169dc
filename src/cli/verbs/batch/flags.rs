//! A batch prediction from flags alone.

use serde_json::{Map, Value as Json, json};

use crate::cli::{CliError, ErrorKind};
use crate::spec::BATCH_PREDICT_JOB;
use crate::spec::kinds::train::valid_name;
use crate::ui::yaml_text;

/// A job without a spec. The flags become a spec, so that it is checked like any other.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Without a spec")]
pub struct BatchFlags {
    /// The model: NAME, NAME@3 or NAME@ALIAS of the registry, a run, or where it is
    #[arg(long, value_name = "NAME|URI")]
    pub model: Option<String>,
    /// tensorflow-serving, triton, kserve, mlserver, openai or custom
    #[arg(long, value_name = "SERVER")]
    pub server: Option<String>,
    /// Ask a server that already serves: http://, https://, grpc:// or grpcs://
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// rest or grpc
    #[arg(long, value_name = "PROTOCOL")]
    pub protocol: Option<String>,
    /// The model's name in requests
    #[arg(long, value_name = "NAME")]
    pub model_name: Option<String>,
    /// Container image of the server
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Files, folders or patterns to predict
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    pub input: Vec<String>,
    /// jsonl, csv, tf-record, tf-record-gzip or file-list
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Where the results go; --output PLACE means the same
    #[arg(long, value_name = "PLACE")]
    pub output_uri: Option<String>,
    /// jsonl or csv
    #[arg(long, value_name = "FORMAT")]
    pub output_format: Option<String>,
    /// How many replicas, each with a server
    #[arg(long, value_name = "N")]
    pub replicas: Option<u32>,
    /// Most rows of one request
    #[arg(long, value_name = "N")]
    pub max_batch_size: Option<u32>,
    /// The field that identifies a row
    #[arg(long, value_name = "FIELD")]
    pub key_field: Option<String>,
}

impl BatchFlags {
    /// The spec that these flags are; `None` where there are none.
    pub(super) fn spec(&self) -> Result<Option<String>, CliError> {
        let mut model = Map::new();
        let put = |map: &mut Map<String, Json>, name: &str, value: Option<Json>| {
            map.extend(value.map(|value| (name.to_owned(), value)));
        };
        let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
        put(&mut model, "uri", text(&self.model));
        put(&mut model, "server", text(&self.server));
        put(&mut model, "protocol", text(&self.protocol));
        put(&mut model, "image", text(&self.image));
        put(&mut model, "name", text(&self.model_name));
        let mut fields = Map::new();
        put(&mut fields, "model", (!model.is_empty()).then(|| Json::Object(model)));
        put(&mut fields, "endpoint", text(&self.endpoint));
        put(&mut fields, "replicas", self.replicas.map(Json::from));
        let size = self.max_batch_size.map(|size| json!({ "maxBatchSize": size }));
        put(&mut fields, "batching", size);
        let key = self.key_field.as_ref().map(|key| json!({ "keyField": key }));
        put(&mut fields, "instances", key);
        let formats = self.format.is_some() || self.output_format.is_some();
        if fields.is_empty() && self.input.is_empty() && self.output_uri.is_none() && !formats {
            return Ok(None);
        }
        let Some(output) = self.output_uri.as_ref().filter(|_| !self.input.is_empty()) else {
            let error =
                CliError::new(ErrorKind::Usage, "without a spec a job needs --input and --output");
            return Err(error.hint("change a value of a spec with --set, such as --set replicas=4"));
        };
        let mut input = Map::new();
        put(&mut input, "uris", Some(json!(self.input)));
        put(&mut input, "format", text(&self.format));
        put(&mut fields, "input", Some(Json::Object(input)));
        let mut folder = Map::new();
        put(&mut folder, "uri", Some(json!(output)));
        put(&mut folder, "format", text(&self.output_format));
        put(&mut fields, "output", Some(Json::Object(folder)));
        let place = output.trim_end_matches('/');
        let last = place.rsplit('/').next().unwrap_or(place);
        let mut spec = Map::new();
        put(&mut spec, "apiVersion", Some(json!("mlctl.dev/v1")));
        put(&mut spec, "kind", Some(json!(BATCH_PREDICT_JOB)));
        put(&mut spec, "name", Some(json!(valid_name(&format!("batch-{last}")))));
        spec.extend(fields);
        let internal =
            |error: serde_saphyr::ser::Error| CliError::new(ErrorKind::Internal, error.to_string());
        yaml_text(&spec).map(Some).map_err(internal)
    }
}
