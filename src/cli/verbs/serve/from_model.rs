//! A model alone becomes a spec: `mlctl serve MODEL`.

use std::path::Path;

use super::args::ServeArgs;
use crate::cli::{CliError, Context, ErrorKind, LoadedDocument, SpecArgs};
use crate::model::registry::{Contents, ModelKind};
use crate::spec::{Endpoint, ModelRef, Revision, SPEC_LIMIT, Server, is_text_of_a_system};
use crate::storage::{Place, read_text};
use crate::work::serve::LoadedEndpoint;

/// Longest name of an endpoint, as its schema says.
const LONGEST_NAME: usize = 30;

/// The endpoints that the command line means.
pub(super) fn meant(context: &Context, args: &ServeArgs) -> Result<Vec<LoadedEndpoint>, CliError> {
    let what = args.what.as_deref();
    let mut files = args.files.clone();
    files.extend(what.filter(|what| is_spec(context, what)).map(Into::into));
    if let Some(model) = what.filter(|_| files.is_empty()) {
        return Ok(vec![of_model(context, model, args)?]);
    }
    for (flag, is_given) in
        [("--server", args.server.is_some()), ("a command", !args.command.is_empty())]
    {
        if is_given {
            let message = format!("{flag} is about a model; a spec says it itself");
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("change a field of the spec with --set PATH=VALUE"));
        }
    }
    let mut spec: SpecArgs = args.spec(files);
    spec.set.extend(args.port.map(|port| format!("port={port}")));
    context.endpoints(&spec)
}

/// Whether a word names a spec rather than a model: standard input, a file by its ending, another system's file by
/// what is in it, or a folder that has one.
fn is_spec(context: &Context, what: &str) -> bool {
    let path = Path::new(what);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let full = context.env.cwd.join(path);
    what == "-"
        || matches!(ending, Some("yaml" | "yml" | "json"))
        || full.is_dir() && full.join("mlctl.yaml").is_file()
        || full.is_file()
            && read_text(&full, SPEC_LIMIT).is_ok_and(|text| is_text_of_a_system(&text))
}

fn of_model(context: &Context, model: &str, args: &ServeArgs) -> Result<LoadedEndpoint, CliError> {
    let reference = context.model_or_folder(model.into(), &context.env.cwd)?;
    let named = context.model(&reference, &context.env.cwd)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&reference)?,
    };
    let server = match &args.server {
        Some(server) => server_named(server)?,
        None if !args.command.is_empty() => Server::Custom,
        None => server_of(context, &named.place, model)?,
    };
    let command = args.command.iter().map(|word| from_here(context, word)).collect::<Vec<_>>();
    let version = named.registered.as_ref().map(|(_, version)| *version);
    let endpoint = Endpoint {
        name,
        port: args.port,
        revisions: vec![Revision {
            name: version.map_or_else(|| "v1".to_owned(), |version| format!("v{version}")),
            model: Some(match version {
                // What an alias means may change; what serves does not by itself.
                Some(version) => ModelRef::from(format!("{}@{version}", base_of(&reference))),
                None => reference,
            }),
            server: Some(server),
            command: (!command.is_empty()).then_some(command),
            ..Revision::default()
        }],
        ..Endpoint::default()
    };
    let text = endpoint
        .to_yaml()
        .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
    let spec = SpecArgs { name: None, ..args.spec(Vec::new()) };
    let mut documents = context.of_flags(&text, &context.env.cwd, &spec)?;
    match documents.pop() {
        Some(LoadedDocument::Endpoint(endpoint)) => Ok(*endpoint),
        _ => Err(CliError::new(ErrorKind::Internal, "the model became no endpoint")),
    }
}

/// A word of a command as it was meant where it was written: a replica starts in a folder of its own, in which
/// the files beside the person aren't. An image has its own files.
fn from_here(context: &Context, word: &str) -> String {
    let path = context.env.cwd.join(word);
    let is_named = Path::new(word).is_relative() && word.contains(['.', '/']) && path.is_file();
    if is_named && !context.chooses_cluster() {
        return path.to_string_lossy().into_owned();
    }
    word.to_owned()
}

fn base_of(reference: &ModelRef) -> String {
    match reference {
        ModelRef::Named(named) => named.name.clone(),
        ModelRef::Place(place) => place.to_string(),
    }
}

/// The name of an endpoint that is not named: the model's, as far as it can be one.
fn name_of(reference: &ModelRef) -> Result<String, CliError> {
    let text = match reference {
        ModelRef::Named(named) => named.name.clone(),
        ModelRef::Place(place) => {
            let text = place.as_str().trim_end_matches('/');
            let mut parts = text.rsplit('/').filter(|part| !part.is_empty() && *part != ".");
            let last = parts.next().unwrap_or_default();
            // A version's folder is called by its number, and its model by the folder above.
            let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { parts.next().unwrap_or(last) } else { last }.to_owned()
        }
    };
    let lower = text.to_lowercase();
    let mut name: String = lower
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .trim_matches('-')
        .to_owned();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert_str(0, "model-");
    }
    name.truncate(LONGEST_NAME);
    let name = name.trim_end_matches('-').to_owned();
    if name.is_empty() {
        return Err(
            CliError::new(ErrorKind::Usage, "the endpoint needs a name").hint("--name NAME")
        );
    }
    Ok(name)
}

/// The server that a model's files are for.
fn server_of(context: &Context, place: &Place, model: &str) -> Result<Server, CliError> {
    let files = context
        .handle()?
        .block_on(context.stores().list(place))
        .map_err(crate::model::registry::RegistryError::Storage)?;
    match Contents::of(place, files)?.kind {
        ModelKind::SavedModel => Ok(Server::TensorflowServing),
        kind => {
            let what = format!("{model} is of the kind {kind}, which several servers take");
            Err(CliError::new(ErrorKind::Usage, what)
                .hint("say it: --server mlserver; or name a program: -- PROGRAM --port {port}"))
        }
    }
}

/// The server of this name.
fn server_named(name: &str) -> Result<Server, CliError> {
    serde_json::from_value(name.into()).map_err(|_| {
        CliError::new(ErrorKind::Usage, format!("there is no server `{name}`"))
            .hint("tensorflow-serving, triton, kserve, mlserver, openai, or custom with a command")
    })
}
