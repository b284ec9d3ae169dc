//! Specs from files, standard input, a script or this folder's `mlctl.yaml`.

use std::path::{Path, PathBuf};

use super::load::{Originated, Read};
use super::script::{is_program, script, script_in};
use super::{CliError, Context, ErrorKind, SpecArgs};
use crate::spec::syntax::Source;
use crate::spec::{BATCH_PREDICT_JOB, ENDPOINT, SPEC_LIMIT, TRAIN_JOB};
use crate::storage::{ReadError, locate, read, read_open};
use crate::text::shell_word;
use crate::work::batch::LoadedBatch;
use crate::work::serve::LoadedEndpoint;
use crate::work::train::LoadedJob;
use crate::work::tune::LoadedStudy;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "mlctl.yaml";

/// A document of whatever kind with what is known of its source.
#[derive(Debug)]
pub enum LoadedDocument {
    /// A training run.
    Train(Box<LoadedJob>),
    /// A batch prediction.
    Batch(Box<LoadedBatch>),
    /// A study.
    Tune(Box<LoadedStudy>),
    /// An endpoint.
    Endpoint(Box<LoadedEndpoint>),
}

/// What documents are loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be looked at.
    Look,
    /// To run where the command line, the environment and the settings say.
    Run,
    /// The same of one kind; documents of others are refused for that.
    RunOf(&'static str),
    /// To become objects of a cluster.
    Render,
}

impl LoadedDocument {
    /// The name that its spec gives it.
    pub fn name(&self) -> &str {
        match self {
            Self::Train(job) => &job.job.name,
            Self::Batch(batch) => &batch.job.name,
            Self::Tune(study) => &study.trial.job.name,
            Self::Endpoint(endpoint) => &endpoint.endpoint.name,
        }
    }

    /// What its files are packed by, whatever its kind: one for each folder of code.
    pub fn workers(&self) -> Vec<&LoadedJob> {
        match self {
            Self::Train(job) => vec![job],
            Self::Batch(batch) => vec![&batch.workers],
            Self::Tune(study) => vec![&study.trial],
            Self::Endpoint(endpoint) => {
                let mut workers: Vec<&LoadedJob> = endpoint.revisions.iter().collect();
                let mut seen = Vec::new();
                workers.retain(|job| {
                    let is_new = !seen.contains(&&job.job.code);
                    seen.push(&job.job.code);
                    is_new
                });
                workers
            }
        }
    }
}

impl Context {
    /// Loads all training runs; a document of another kind is refused.
    pub fn jobs(
        &self,
        args: &SpecArgs,
        script_args: &[String],
    ) -> Result<Vec<LoadedJob>, CliError> {
        let documents =
            self.documents_for(Purpose::RunOf(TRAIN_JOB), args, script_args)?.into_iter();
        let jobs = documents.map(|document| match document {
            LoadedDocument::Train(job) => Ok(*job),
            LoadedDocument::Batch(batch) => {
                let message = format!("{} is a BatchPredictJob, no TrainJob", batch.job.name);
                let error = CliError::new(ErrorKind::Usage, message);
                Err(error.hint(run_with("batch-predict", args)))
            }
            LoadedDocument::Tune(study) => Err(no_run(&study, "TrainJob", args)),
            LoadedDocument::Endpoint(endpoint) => Err(no_endpoint(&endpoint, "TrainJob", args)),
        });
        jobs.collect()
    }

    /// Loads all batch predictions; a document of another kind is refused.
    pub fn batches(&self, args: &SpecArgs) -> Result<Vec<LoadedBatch>, CliError> {
        let documents =
            self.documents_for(Purpose::RunOf(BATCH_PREDICT_JOB), args, &[])?.into_iter();
        let batches = documents.map(|document| match document {
            LoadedDocument::Batch(batch) => Ok(*batch),
            LoadedDocument::Train(job) => {
                let message = format!("{} is a TrainJob, no BatchPredictJob", job.job.name);
                Err(CliError::new(ErrorKind::Usage, message).hint(run_with("train", args)))
            }
            LoadedDocument::Tune(study) => Err(no_run(&study, "BatchPredictJob", args)),
            LoadedDocument::Endpoint(endpoint) => {
                Err(no_endpoint(&endpoint, "BatchPredictJob", args))
            }
        });
        batches.collect()
    }

    /// Loads all studies; a document of another kind is refused.
    pub fn studies(&self, purpose: Purpose, args: &SpecArgs) -> Result<Vec<LoadedStudy>, CliError> {
        let documents = self.documents_for(purpose, args, &[])?.into_iter();
        let other = |name: &str, kind: &str, verb: &str| {
            let error = CliError::new(ErrorKind::Usage, format!("{name} is a {kind}, no TuneJob"));
            Err(error.hint(run_with(verb, args)))
        };
        let studies = documents.map(|document| match document {
            LoadedDocument::Tune(study) => Ok(*study),
            LoadedDocument::Train(job) => other(&job.job.name, "TrainJob", "train"),
            LoadedDocument::Batch(batch) => {
                other(&batch.job.name, "BatchPredictJob", "batch-predict")
            }
            LoadedDocument::Endpoint(endpoint) => Err(no_endpoint(&endpoint, "TuneJob", args)),
        });
        studies.collect()
    }

    /// Loads all endpoints; a document of another kind is refused.
    pub fn endpoints(&self, args: &SpecArgs) -> Result<Vec<LoadedEndpoint>, CliError> {
        let documents = self.documents_for(Purpose::RunOf(ENDPOINT), args, &[])?.into_iter();
        let other = |name: &str, kind: &str, verb: &str| {
            let error = CliError::new(ErrorKind::Usage, format!("{name} is a {kind}, no Endpoint"));
            Err(error.hint(run_with(verb, args)))
        };
        let endpoints = documents.map(|document| match document {
            LoadedDocument::Endpoint(endpoint) => Ok(*endpoint),
            LoadedDocument::Train(job) => other(&job.job.name, "TrainJob", "train"),
            LoadedDocument::Batch(batch) => {
                other(&batch.job.name, "BatchPredictJob", "batch-predict")
            }
            LoadedDocument::Tune(study) => other(&study.job.name, "TuneJob", "tune"),
        });
        endpoints.collect()
    }

    /// Loads all documents to look at them; warnings are printed, errors too.
    pub fn documents(
        &self,
        args: &SpecArgs,
        script_args: &[String],
    ) -> Result<Vec<LoadedDocument>, CliError> {
        self.documents_for(Purpose::Look, args, script_args)
    }

    /// Loads all documents. What is to run in a cluster and could not is an error of its spec.
    pub fn documents_for(
        &self,
        purpose: Purpose,
        args: &SpecArgs,
        script_args: &[String],
    ) -> Result<Vec<LoadedDocument>, CliError> {
        let named = args.named();
        if named.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
            let message = "standard input is one file: `-` is named more than once";
            return Err(CliError::new(ErrorKind::Usage, message));
        }
        let mut documents = Vec::new();
        if named.is_empty() {
            documents = self.documents_of(None, (purpose, args), script_args, None)?;
        }
        for file in named {
            documents.extend(self.documents_of(Some(file), (purpose, args), script_args, None)?);
        }
        let documents: Vec<LoadedDocument> =
            documents.into_iter().map(|one| one.document).collect();
        if let Some(name) = args.name.as_ref().filter(|_| documents.len() > 1) {
            let message = format!("--name {name} is one name, and there are {}", documents.len());
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("name them in the file, or run one file after the other"));
        }
        Ok(documents)
    }

    /// Loads the documents of one file to be converted, each with what it was before. With `system` it is taken
    /// for a file of that one.
    pub fn originals(
        &self,
        args: &SpecArgs,
        system: Option<&str>,
    ) -> Result<Vec<Originated>, CliError> {
        let mut documents = Vec::new();
        let named = args.named();
        let files: Vec<Option<&PathBuf>> =
            if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() };
        for file in files {
            documents.extend(self.documents_of(file, (Purpose::Look, args), &[], system)?);
        }
        Ok(documents)
    }

    fn documents_of(
        &self,
        file: Option<&PathBuf>,
        (purpose, args): (Purpose, &SpecArgs),
        script_args: &[String],
        system: Option<&str>,
    ) -> Result<Vec<Originated>, CliError> {
        let (path, bytes, base) = self.read(file, system.is_some())?;
        // With a system the file is that system's, whatever runs such scripts here.
        if let Some(script) = script(&path, &bytes).filter(|_| system.is_none()) {
            self.tell_of_directives(&script, &bytes);
            return self.script(&script, (purpose, args), script_args);
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            CliError::new(ErrorKind::Spec, format!("{} is not a text file", path.display()))
        })?;
        if !script_args.is_empty() {
            return Err(CliError::new(ErrorKind::Usage, "arguments after -- belong to a script")
                .hint(
                    "in a spec write them under `args:`, or change one with --set args.NAME=VALUE",
                ));
        }
        let name = path.display().to_string();
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = if name == "-" { "<stdin>".to_owned() } else { name };
        let source = Source::new(name, text);
        let read = Read { source, base: &base, beside: &beside, is_written: true };
        self.load_from(read, (purpose, args), system)
    }

    /// Loads a spec that flags have made. Its relative paths start at `base`.
    pub fn of_flags(
        &self,
        text: &str,
        base: &Path,
        args: &SpecArgs,
    ) -> Result<Vec<LoadedDocument>, CliError> {
        let source = Source::new("<command line>", text);
        let beside = Path::new("");
        self.load(Read { source, base, beside, is_written: false }, (Purpose::Run, args))
    }

    /// Loads a spec that lies in no file of the user's; `name` is what errors call it. Of `args` the
    /// changes count.
    pub fn remembered(
        &self,
        name: &str,
        text: &str,
        base: &Path,
        args: &SpecArgs,
    ) -> Result<Vec<LoadedDocument>, CliError> {
        let source = Source::new(name, text);
        let beside = Path::new("");
        self.load(Read { source, base, beside, is_written: false }, (Purpose::Look, args))
    }

    /// The path as it was named, the text, and the folder of relative paths.
    fn read(
        &self,
        file: Option<&PathBuf>,
        with_programs: bool,
    ) -> Result<(PathBuf, Vec<u8>, PathBuf), CliError> {
        let cwd = &self.env.cwd;
        let mut path = file.cloned().unwrap_or_else(|| DEFAULT_FILE.into());
        if path.as_os_str() == "-" {
            let name = Path::new("standard input");
            let text = read_open(&mut std::io::stdin().lock(), name, SPEC_LIMIT).map_err(wrong)?;
            return Ok((path, text, cwd.clone()));
        }
        if cwd.join(&path).is_dir() {
            path.push(DEFAULT_FILE);
        }
        let full = cwd.join(&path);
        let base = full.parent().map_or_else(|| cwd.clone(), Path::to_path_buf);
        if !with_programs && is_program(&path) == Some(true) && full.is_file() {
            // Only its name matters, and it may be large.
            return Ok((path, Vec::new(), base));
        }
        let text = read(&full, SPEC_LIMIT).map_err(|error| {
            if !error.is_missing() {
                return wrong(error);
            }
            let message = format!("{} does not exist", path.display());
            let error = CliError::new(ErrorKind::NotFound, message);
            if let Some(script) = script_in(&base).filter(|_| path.ends_with(DEFAULT_FILE)) {
                let script = path.with_file_name(script);
                let script = shell_word(&script.to_string_lossy());
                error.hint(format!("the script in it needs no spec: mlctl train {script}"))
            } else if file.is_none() {
                error.hint("name a file, or write one: mlctl init tensorflow, for a study: mlctl init search")
            } else {
                error
            }
        })?;
        if let Some(real) = linked_out(&full, &base)? {
            let real = real.display();
            let message = format!("{} is a link to {real}, outside of its folder", path.display());
            return Err(CliError::new(ErrorKind::Refused, message)
                .hint(format!("if you mean that file, name it: {real}")));
        }
        Ok((path, text, base))
    }
}

/// A study where another kind is run.
pub(super) fn no_run(study: &LoadedStudy, wanted: &str, args: &SpecArgs) -> CliError {
    let message = format!("{} is a TuneJob, no {wanted}", study.job.name);
    CliError::new(ErrorKind::Usage, message).hint(format!(
        "{}; a file with its trial's TrainJob alone runs as one job",
        run_with("tune", args)
    ))
}

/// An endpoint where another kind is run.
pub(super) fn no_endpoint(endpoint: &LoadedEndpoint, wanted: &str, args: &SpecArgs) -> CliError {
    let message = format!("{} is an Endpoint, no {wanted}", endpoint.endpoint.name);
    CliError::new(ErrorKind::Usage, message).hint(run_with("serve", args))
}

/// The command line that runs the same file as another kind.
fn run_with(verb: &str, args: &SpecArgs) -> String {
    let files = args.named().into_iter().map(|file| format!(" -f {}", file.display()));
    let files = match args.named()[..] {
        [file] => format!(" {}", file.display()),
        _ => files.collect(),
    };
    format!("run it with: mlctl {verb}{files}")
}

/// Where a file really is that a link has led to out of its folder and the checkout around that:
/// errors show parts of a spec, and whose file that would be is for the person to say.
fn linked_out(file: &Path, base: &Path) -> Result<Option<PathBuf>, CliError> {
    let Some(name) = file.file_name() else { return Ok(None) };
    let found = locate(base, &name.to_string_lossy().as_ref().into())?;
    Ok(found.filter(|found| found.by_link && found.outside).map(|found| found.real))
}

/// A file that can't be a spec.
fn wrong(error: ReadError) -> CliError {
    let hint = match &error {
        ReadError::Io { .. } => return error.into(),
        ReadError::NotAFile { .. } => "`-` reads a spec from standard input",
        _ => "a spec is a short text; data and code belong into files of their own",
    };
    CliError::new(ErrorKind::Spec, error.to_string()).hint(hint)
}
