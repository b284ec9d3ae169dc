//! What `export` takes.

use crate::cli::{CliError, ErrorKind, OnInterrupt, change};
use crate::work::export::{ExportRequest, Io, Quantization, Target};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes models for other places of a SavedModel or a Keras file (.keras, .h5), by a run like
others: here or in a cluster, in a Python environment that is made once. Of each it says the
size, with --evaluate the accuracy beside that of the original, and how fast it is. Each
quantization is made for every target that knows it: tflite none, dynamic, float16 and int8,
tfjs none, float16, uint8 and uint16, onnx none.

Rows (--representative, --evaluate) are JSON Lines, CSV or TFRecord: a file, a folder or a
pattern, here or in a bucket. Their fields are called as the model's inputs are; of a model
with one input any other name will do.

--pwa writes a site that works offline and on phones, with the model and all that it needs in
it: `mlctl web DIR` tries it.

Examples:
  mlctl export digits --to tflite
  mlctl export digits@champion --to tflite --quantize int8 --representative rows.jsonl
  mlctl export ./model --to tflite,tfjs --quantize none,float16 --output ./edge
  mlctl export digits --to tfjs --quantize uint8 --pwa --title Digits
  mlctl export s3://bucket/models/digits/3 --to tflite --quantize dynamic \\
      --evaluate held-out.jsonl --label label --min-accuracy 0.97

What is made lies in `model/` of the run's output, with the report export.json.

Exit codes: those of `train`; 10 too where something can't be made, or is less
accurate than --min-accuracy.")]
pub struct ExportArgs {
    /// A folder or file, a URL, a run, or NAME@VERSION of the registry
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// What to make of it; several times or with commas for several
    #[arg(long, value_enum, value_name = "TARGET", required = true, value_delimiter = ',')]
    pub to: Vec<Target>,
    /// How to make weights smaller; several times or with commas for several
    #[arg(long, value_enum, value_name = "HOW", value_delimiter = ',')]
    pub quantize: Vec<Quantization>,
    /// Rows that show which values the model sees, for int8
    #[arg(long, value_name = "URI")]
    pub representative: Option<String>,
    /// What an int8 model takes and gives [default: int8]
    #[arg(long, value_enum, value_name = "TYPE")]
    pub io: Option<Io>,
    /// Rows with which the original and what was made of it are compared
    #[arg(long, value_name = "URI")]
    pub evaluate: Option<String>,
    /// The field of these rows with the right answer
    #[arg(long, value_name = "FIELD")]
    pub label: Option<String>,
    /// Fail below this accuracy, a part of 1
    #[arg(long, value_name = "PART")]
    pub min_accuracy: Option<f64>,
    /// Leave in operators of TensorFlow that TensorFlow Lite lacks; a device needs a library for them
    #[arg(long)]
    pub select_tf_ops: bool,
    /// The signature to export [default: serving_default, or the only one]
    #[arg(long, value_name = "NAME")]
    pub signature: Option<String>,
    /// The tags of the graph to export [default: serve, or the only ones]
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Make a site that runs the model in a browser, offline too (tfjs)
    #[arg(long)]
    pub pwa: bool,
    /// What that site is called [default: the model's name]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Where the results go: a folder, or a bucket's URL; --output PLACE means the same
    #[arg(long, value_name = "PLACE")]
    pub output_uri: Option<String>,
    /// Start anew in an output that another run has filled: what it wrote is removed
    #[arg(long)]
    pub overwrite: bool,
    /// The container's image, with Python [default: python:3.12-slim]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// What the run is called [default: export-MODEL]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Change a field of the run's TrainJob: memory=16Gi, cpu=4, queue=small
    #[arg(long, value_name = "PATH=VALUE", value_parser = change)]
    pub set: Vec<String>,
    /// Submit and return; prints the run's id
    #[arg(short, long)]
    pub detach: bool,
    /// Show what would run
    #[arg(long)]
    pub dry_run: bool,
    /// What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "detach")]
    pub on_interrupt: Option<OnInterrupt>,
}

impl ExportArgs {
    /// What is asked for, as far as it can be told without the model.
    pub(super) fn request(&self) -> Result<ExportRequest, CliError> {
        let request = ExportRequest {
            model: self.model.clone(),
            targets: self.to.clone(),
            quantize: self.quantize.clone(),
            has_representative: self.representative.is_some(),
            has_evaluation: self.evaluate.is_some(),
            label: self.label.clone(),
            min_accuracy: self.min_accuracy,
            io: self.io,
            select_tf_ops: self.select_tf_ops,
            signature: self.signature.clone(),
            tags: self.tags.clone(),
            pwa: self.pwa,
            title: self.title.clone(),
        };
        let checked = request.checked();
        checked.map_err(|wrong| CliError::new(ErrorKind::Usage, wrong.message).hint(wrong.hint))
    }
}
