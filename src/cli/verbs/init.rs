//! `mlctl init`: a spec and code to start from.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::{CliError, Context, ErrorKind};
use crate::ui::Text;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl init plain                       two replicas, no framework, runs in a second
  mlctl init tensorflow my-project       two workers, MultiWorkerMirroredStrategy
  mlctl init tensorflow --strategy parameterServer
  mlctl init tensorflow --qat            trained for int8; --prune: with most weights zero
  mlctl init pytorch && mlctl train
  mlctl init search && mlctl tune        the best parameters of a small script
  mlctl init serve && mlctl serve        an endpoint with a small model server")]
pub struct InitArgs {
    /// What to start from
    #[arg(value_enum)]
    pub template: Template,
    /// Where to write; made if it isn't there
    #[arg(default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// TensorFlow's strategy (tensorflow only)
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub strategy: Option<TensorflowStrategy>,
    /// Quantization-aware training, for devices that compute in 8 bits (tensorflow only)
    #[arg(long, conflicts_with_all = ["prune", "strategy"])]
    pub qat: bool,
    /// Training that ends with most weights at zero (tensorflow only)
    #[arg(long, conflicts_with = "strategy")]
    pub prune: bool,
    /// Replace files that are there
    #[arg(long, alias = "force")]
    pub overwrite: bool,
}

/// The templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// TensorFlow, in any of its strategies
    Tensorflow,
    /// PyTorch DistributedDataParallel, two processes
    Pytorch,
    /// JAX, two processes
    Jax,
    /// scikit-learn, one process
    Sklearn,
    /// No framework, two replicas
    Plain,
    /// A search of the best parameters, no framework
    Search,
    /// An endpoint with a model server, no framework
    Serve,
}

/// The strategies that the TensorFlow template knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub enum TensorflowStrategy {
    /// One process, one device
    None,
    /// One process, several devices
    Mirrored,
    /// One process, variables on the CPU
    CentralStorage,
    /// Several workers in step
    #[default]
    MultiWorkerMirrored,
    /// Chief, workers, parameter servers and an evaluator
    ParameterServer,
}

/// What a TensorFlow template is for, beside a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ForDevices {
    /// Answers in 8 bits.
    Quantized,
    /// Weights of which most are zero.
    Pruned,
}

type File = (&'static str, &'static [u8]);

/// A file of the repository, under the name that it gets.
macro_rules! file {
    ($name:literal, $path:literal) => {
        ($name, include_bytes!(concat!("../../../", $path)).as_slice())
    };
}

impl Template {
    fn files(self, strategy: TensorflowStrategy) -> Vec<File> {
        match self {
            Self::Tensorflow => vec![
                strategy.spec(),
                file!("train.py", "examples/digits/train.py"),
                file!("data.py", "examples/digits/data.py"),
                file!("digits.csv.gz", "examples/digits/digits.csv.gz"),
                file!("requirements.txt", "examples/digits/requirements.txt"),
            ],
            Self::Pytorch => vec![
                file!("mlctl.yaml", "examples/torch-ddp/mlctl.yaml"),
                file!("train.py", "examples/torch-ddp/train.py"),
                file!("digits.csv.gz", "examples/digits/digits.csv.gz"),
            ],
            Self::Jax => vec![
                file!("mlctl.yaml", "examples/jax/mlctl.yaml"),
                file!("train.py", "examples/jax/train.py"),
                file!("digits.csv.gz", "examples/digits/digits.csv.gz"),
                file!("requirements.txt", "examples/jax/requirements.txt"),
            ],
            Self::Sklearn => vec![
                file!("mlctl.yaml", "templates/sklearn/mlctl.yaml"),
                file!("train.py", "templates/sklearn/train.py"),
                file!("requirements.txt", "templates/sklearn/requirements.txt"),
            ],
            Self::Plain => vec![
                file!("mlctl.yaml", "examples/plain/mlctl.yaml"),
                file!("train.py", "examples/plain/train.py"),
            ],
            Self::Search => vec![
                file!("mlctl.yaml", "examples/search/mlctl.yaml"),
                file!("train.py", "examples/search/train.py"),
            ],
            Self::Serve => vec![
                file!("mlctl.yaml", "examples/serve/mlctl.yaml"),
                file!("server.py", "examples/serve/server.py"),
                file!("models/1/weights.json", "examples/serve/models/1/weights.json"),
                file!("models/2/weights.json", "examples/serve/models/2/weights.json"),
            ],
        }
    }
}

impl ForDevices {
    fn files(self) -> Vec<File> {
        let mut files = match self {
            Self::Quantized => vec![
                file!("mlctl.yaml", "templates/tensorflow/qat.yaml"),
                file!("qat.py", "examples/edge/qat.py"),
            ],
            Self::Pruned => vec![
                file!("mlctl.yaml", "templates/tensorflow/prune.yaml"),
                file!("prune.py", "examples/edge/prune.py"),
            ],
        };
        files.extend([
            file!("data.py", "examples/edge/data.py"),
            file!("digits.csv.gz", "examples/digits/digits.csv.gz"),
            file!("requirements.txt", "examples/edge/requirements.txt"),
        ]);
        files
    }
}

impl TensorflowStrategy {
    fn spec(self) -> File {
        match self {
            Self::None => file!("mlctl.yaml", "templates/tensorflow/none.yaml"),
            Self::Mirrored => file!("mlctl.yaml", "templates/tensorflow/mirrored.yaml"),
            Self::CentralStorage => file!("mlctl.yaml", "templates/tensorflow/centralStorage.yaml"),
            Self::MultiWorkerMirrored => {
                file!("mlctl.yaml", "templates/tensorflow/multiWorkerMirrored.yaml")
            }
            Self::ParameterServer => {
                file!("mlctl.yaml", "templates/tensorflow/parameterServer.yaml")
            }
        }
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    /// What was written.
    files: Vec<String>,
    /// The command that runs it.
    next: String,
}

/// Writes the template's files; touches nothing when one of them is there already.
pub fn init(context: &Context, args: &InitArgs) -> Result<u8, CliError> {
    let for_tensorflow = [
        ("--strategy", " mirrored", args.strategy.is_some()),
        ("--qat", "", args.qat),
        ("--prune", "", args.prune),
    ];
    let given = for_tensorflow.into_iter().find(|(_, _, is_given)| *is_given);
    if let Some((flag, value, _)) = given.filter(|_| args.template != Template::Tensorflow) {
        let message = format!("{flag} belongs to the template tensorflow");
        return Err(CliError::new(ErrorKind::Usage, message)
            .hint(format!("mlctl init tensorflow {flag}{value}")));
    }
    let dir = context.env.cwd.join(&args.dir);
    let files = match (args.qat, args.prune) {
        (true, _) => ForDevices::Quantized.files(),
        (_, true) => ForDevices::Pruned.files(),
        _ => args.template.files(args.strategy.unwrap_or_default()),
    };
    let there: Vec<_> =
        files.iter().map(|(name, _)| *name).filter(|name| is_there(&dir.join(name))).collect();
    if !there.is_empty() && !args.overwrite {
        let message = format!("{} already has {}", args.dir.display(), there.join(", "));
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint("choose another folder, or replace the files with --overwrite"));
    }
    fs_err::create_dir_all(&dir)?;
    for (name, content) in &files {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        // A link is replaced, not what it leads to.
        if path.is_symlink() {
            fs_err::remove_file(&path)?;
        }
        fs_err::write(path, content)?;
        context.printer.say(format!("wrote {}", args.dir.join(name).display()));
    }
    let verb = match args.template {
        Template::Search => "tune",
        Template::Serve => "serve",
        _ => "train",
    };
    let next = if args.dir.as_os_str() == "." {
        format!("mlctl {verb}")
    } else {
        format!("mlctl {verb} {}", args.dir.join("mlctl.yaml").display())
    };
    context.printer.say("");
    context.printer.say(format!("Next: {next}"));
    let files = files.iter().map(|(name, _)| args.dir.join(name).display().to_string());
    let document = Document { schema_version: 1, files: files.collect(), next };
    context.emit(&document, Text::default)?;
    Ok(0)
}

/// Something has the name, also a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
