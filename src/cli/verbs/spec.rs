//! `validate`, `convert`, `schema`, `explain`: what a spec is and whether one is right.

use std::collections::HashSet;

use serde::Serialize;

use super::train::say_notices;
use crate::cli::{
    CliError, Context, ErrorKind, Format, LoadedDocument, Originated, Problem, Purpose, SpecArgs,
    change, exit,
};
use clap::builder::PossibleValuesParser;

use crate::spec::check::json_schema;
use crate::spec::explain as explain_path;
use crate::spec::{
    DEFAULT_KIND, Endpoint, EnvVar, ExplainedSystem, TrainJob, commented, explain_system,
    kind_names, system_names, written,
};
use crate::ui::{Text, yaml_text};
use crate::work::serve::LoadedEndpoint;
use crate::work::train::{LoadedJob, travel};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl validate                         check ./mlctl.yaml
  mlctl validate jobs/*.yaml             check many; all errors of all files
  mlctl validate --set roles.worker.replicas=0
  mlctl validate --runtime kubernetes    and what a cluster asks for, such as an image

No cluster is asked: `mlctl train --dry-run` does.")]
pub struct ValidateArgs {
    /// Specs, folders with mlctl.yaml, or - for stdin. Default: mlctl.yaml
    #[arg(value_name = "FILE")]
    pub files: Vec<std::path::PathBuf>,
    /// The same as FILE
    #[arg(short = 'f', long = "file", id = "more", value_name = "FILE", alias = "config")]
    pub more: Vec<std::path::PathBuf>,
    /// Change a value of the spec first
    #[arg(long, value_name = "PATH=VALUE", value_parser = change)]
    pub set: Vec<String>,
}

/// Checks specs; says everything that is wrong with them.
pub fn validate(context: &Context, args: &ValidateArgs) -> Result<u8, CliError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        schema_version: u32,
        exit_code: u8,
        valid: Vec<String>,
        /// What is wrong, of all files.
        errors: Vec<Problem>,
    }
    let named = args.files.iter().chain(&args.more).cloned();
    let mut files: Vec<Option<std::path::PathBuf>> = named.map(Some).collect();
    if files.is_empty() {
        files.push(None);
    }
    let (mut valid, mut errors) = (Vec::new(), Vec::new());
    let mut code = exit::OK;
    for file in files {
        let args = SpecArgs { file, set: args.set.clone(), ..SpecArgs::default() };
        match context.documents_for(Purpose::Run, &args, &[]) {
            Ok(jobs) => {
                for document in jobs {
                    document.workers().into_iter().for_each(|job| say_what_travels(context, job));
                    valid.push(document.name().to_owned());
                }
            }
            Err(error) => {
                error.print(&context.printer);
                errors.extend(error.problems());
                code = code.max(error.kind.exit_code());
            }
        }
    }
    let text = Text::lines(valid.iter().map(|name| format!("{name}: valid")));
    context.emit(&Document { schema_version: 1, exit_code: code, valid, errors }, || text)?;
    Ok(code)
}

/// What a submission would say of the job's files, and why it would be refused for them: a spec may be
/// right where its files are not.
fn say_what_travels(context: &Context, job: &LoadedJob) {
    match travel(job, false) {
        Ok(travelling) => say_notices(context, travelling.notices),
        Err(error) => context.printer.warn(&CliError::from(error).message),
    }
}

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl convert custom-job.yaml > mlctl.yaml
  mlctl convert katib-experiment.yaml > tune.yaml
  gcloud ai custom-jobs describe ID --format=json | mlctl convert -

Whose file it is, is told by what is in it, and said. What was changed or left out stands in comments
where it was; `mlctl explain --from SYSTEM` lists what becomes of each field.")]
pub struct ConvertArgs {
    /// The file
    #[command(flatten)]
    pub spec: SpecArgs,
    /// The system whose file it is, whatever it looks like
    #[arg(long, value_name = "SYSTEM", value_parser = PossibleValuesParser::new(system_names()))]
    pub from: Option<String>,
}

/// Prints a file as specs of mlctl: one of Vertex AI or Katib, or a spec with --set applied.
pub fn convert(context: &Context, args: &ConvertArgs) -> Result<u8, CliError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        schema_version: u32,
        specs: Vec<serde_json::Value>,
    }
    let internal = |error: String| CliError::new(ErrorKind::Internal, error);
    let (mut texts, mut specs) = (Vec::new(), Vec::new());
    for one in &context.originals(&args.spec, args.from.as_deref())? {
        let Originated { document, from, spans, findings } = one;
        if let Some(from) = from {
            context.printer.say(format!("{} is a {from}", document.name()));
        }
        if context.format == Format::Json {
            let spec = match document {
                LoadedDocument::Train(job) => serde_json::to_value(job_with_references(job)),
                LoadedDocument::Batch(batch) => serde_json::to_value(batch.job.written()),
                LoadedDocument::Tune(study) => serde_json::to_value(study.job.written()),
                LoadedDocument::Endpoint(endpoint) => {
                    serde_json::to_value(endpoint_with_references(endpoint))
                }
            };
            specs.push(spec.map_err(|error| internal(error.to_string()))?);
            continue;
        }
        let text = match document {
            LoadedDocument::Train(job) => yaml_text(&job_with_references(job)),
            LoadedDocument::Batch(batch) => yaml_text(&batch.job.written()),
            LoadedDocument::Tune(study) => yaml_text(&study.job.written()),
            LoadedDocument::Endpoint(endpoint) => yaml_text(&endpoint_with_references(endpoint)),
        };
        let text = text.map_err(|error| internal(error.to_string()))?;
        texts.push(match from {
            Some(from) => commented(&text, &format!("a {from}"), spans, findings),
            None => text,
        });
    }
    if context.format == Format::Json {
        context.emit(&Document { schema_version: 1, specs }, Text::default)?;
        return Ok(exit::OK);
    }
    context.printer.data(&texts.join("---\n"))?;
    Ok(exit::OK)
}

/// A job as a file says it. Where a converter took a variable from the environment, or a secret out of its
/// file, its value does not get into the new one.
fn job_with_references(job: &LoadedJob) -> TrainJob {
    let mut spec = written(&job.job);
    if job.foreign {
        refer(&mut spec.env, "", &paths(&job.from_env));
    }
    spec
}

/// The same of an endpoint.
fn endpoint_with_references(endpoint: &LoadedEndpoint) -> Endpoint {
    let mut spec = endpoint.endpoint.written();
    if endpoint.foreign {
        let from_env = paths(&endpoint.from_env);
        refer(&mut spec.env, "", &from_env);
        for (index, revision) in spec.revisions.iter_mut().enumerate() {
            refer(&mut revision.env, &format!("revisions[{index}]."), &from_env);
        }
    }
    spec
}

/// Paths to be looked up: there may be thousands.
fn paths(from_env: &[String]) -> HashSet<&str> {
    from_env.iter().map(String::as_str).collect()
}

/// Puts `${NAME}` in the places of values that no file has.
fn refer(env: &mut [EnvVar], base: &str, from_env: &HashSet<&str>) {
    for (index, variable) in env.iter_mut().enumerate() {
        if from_env.contains(format!("{base}env[{index}].value").as_str()) {
            variable.value = Some(format!("${{{}}}", variable.name));
        }
    }
}

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl schema > trainjob.json
  # then, as the first line of a spec, for editors with a YAML language server:
  # yaml-language-server: $schema=trainjob.json")]
pub struct SchemaArgs {
    /// The kind
    #[arg(default_value = DEFAULT_KIND)]
    pub kind: String,
}

/// Prints the JSON Schema of a kind.
pub fn schema(context: &Context, args: &SchemaArgs) -> Result<u8, CliError> {
    let schema = json_schema(&args.kind).ok_or_else(|| {
        CliError::new(ErrorKind::NotFound, format!("there is no kind {}", args.kind))
            .hint(format!("kinds: {}", kind_names().join(", ")))
    })?;
    context.printer.data(&schema)?;
    Ok(exit::OK)
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl explain                          the fields of a TrainJob
  mlctl explain TrainJob.roles
  mlctl explain TrainJob.roles.worker.accelerators
  mlctl explain --from katib             what becomes of Katib's files, field by field
  mlctl explain --from vertex machineSpec")]
pub struct ExplainArgs {
    /// A kind or a field of it [default: TrainJob]
    pub path: Option<String>,
    /// Say what becomes of this system's files, or of one field of them
    #[arg(long, value_name = "SYSTEM", value_parser = PossibleValuesParser::new(system_names()))]
    pub from: Option<String>,
}

/// Says what a field means.
pub fn explain(context: &Context, args: &ExplainArgs) -> Result<u8, CliError> {
    if let Some(system) = &args.from {
        return explain_from(context, system, args.path.as_deref());
    }
    let explained = explain_path(args.path.as_deref().unwrap_or(DEFAULT_KIND))
        .map_err(|error| CliError::new(ErrorKind::NotFound, error.to_string()))?;
    context.emit(&explained, || Text::block(explained.to_string().trim_end()))?;
    Ok(exit::OK)
}

/// Says what becomes of a system's files, or of one field of them.
fn explain_from(context: &Context, system: &str, field: Option<&str>) -> Result<u8, CliError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        schema_version: u32,
        #[serde(flatten)]
        system: &'a ExplainedSystem,
    }
    let Some(mut explained) = explain_system(system) else {
        let message = format!("no system is called {system}");
        return Err(CliError::new(ErrorKind::NotFound, message));
    };
    if let Some(field) = field {
        explained = explained.only(field).map_err(|near| {
            let message = format!("files of {system} have no field `{field}`");
            let error = CliError::new(ErrorKind::NotFound, message);
            match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("`mlctl explain --from {system}` lists all")),
            }
        })?;
    }
    let document = Document { schema_version: 1, system: &explained };
    context.emit(&document, || Text::block(explained.to_string().trim_end()))?;
    Ok(exit::OK)
}
