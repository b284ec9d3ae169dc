//! Arguments of `predict`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ArgGroup;

use crate::plan::Protocol;
use crate::text::Span;
use crate::work::predict::PixelRange;

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true))]
#[command(
    override_usage = "mlctl predict [OPTIONS] <ENDPOINT|URL> <--json|--file|--csv|--image> ..."
)]
#[command(after_help = "\
A URL may be a server's, or a route of it: http://host:8501,
http://host/v1/models/digits:predict. What it speaks is found out, unless
--protocol says it: TF Serving's REST API, KServe's protocols, MLServer, Triton,
OpenAI-style servers, Vertex AI's containers. A token that lets you in is read from
the variable MLCTL_TOKEN, or from the one that --token-env names. The certificate of
an endpoint of this machine is known; --ca names others that your system doesn't know.

Predictions go to standard output, a line each, in the order of the rows. A row
without one has {\"error\":{\"code\":C,\"message\":M}} in its place, and the exit code
is 20. {\"instances\":[...]} and {\"inputs\":...} are sent as they are.

With --load requests are sent for a while, the rows in turn. Without --rate each of
the places sends its next request when it has the answer (closed loop). With --rate
requests are due at fixed times, and their latency counts from then on, so that a
server that stands still is seen as all callers would see it. Ctrl-C ends it early
and prints what there is.

Examples:
  mlctl predict digits --json '[0.1, 0.2, 0.3]'
  mlctl predict http://127.0.0.1:8501 --file rows.jsonl > predictions.jsonl
  mlctl predict digits --json @body.json --revision v2 -o json
  mlctl predict grpc://127.0.0.1:8500 --model digits --csv rows.csv
  mlctl predict digits --image cat.png dog.png
  mlctl predict http://127.0.0.1:8000 --raw --json '{\"messages\": [...], \"stream\": true}'
  mlctl predict digits --json @row.json --load 30s --concurrency 16 --rate 200")]
pub struct PredictArgs {
    /// An endpoint of this machine, or the URL of any server
    #[arg(value_name = "ENDPOINT|URL")]
    pub target: String,
    /// What is asked.
    #[command(flatten)]
    pub what: WhatArgs,
    /// How it is asked.
    #[command(flatten)]
    pub how: HowArgs,
    /// How often it is asked.
    #[command(flatten)]
    pub load: LoadArgs,
}

/// What is asked: one of them.
#[derive(Debug, clap::Args)]
pub struct WhatArgs {
    /// One instance, or a whole body; @FILE for what is in a file, - for stdin
    #[arg(long, value_name = "TEXT|@FILE|-", group = "what")]
    pub json: Option<String>,
    /// Rows: JSON Lines; - for stdin
    #[arg(long, value_name = "FILE", group = "what")]
    pub file: Option<String>,
    /// Rows: CSV with a header, each an array; - for stdin
    #[arg(long, value_name = "FILE", group = "what")]
    pub csv: Option<String>,
    /// Images: their bytes, or for a model that takes numbers their pixels (PNG, JPEG)
    #[arg(long, value_name = "FILE", num_args = 1.., group = "what")]
    pub image: Vec<String>,
    /// The numbers that pixels are: 0 to 255, 0 to 1 or -1 to 1
    #[arg(long, value_enum, value_name = "RANGE", default_value = "bytes", requires = "image")]
    pub pixels: PixelsArg,
}

/// The numbers that pixels are, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PixelsArg {
    /// From 0 to 255
    Bytes,
    /// From 0 to 1
    Unit,
    /// From -1 to 1
    Signed,
}

impl From<PixelsArg> for PixelRange {
    fn from(pixels: PixelsArg) -> Self {
        match pixels {
            PixelsArg::Bytes => Self::Bytes,
            PixelsArg::Unit => Self::Unit,
            PixelsArg::Signed => Self::Signed,
        }
    }
}

/// How it is asked.
#[derive(Debug, clap::Args)]
pub struct HowArgs {
    /// Ask over gRPC: TF Serving's PredictionService, or --protocol v2
    #[arg(long)]
    pub grpc: bool,
    /// What the server speaks [default: found out]
    #[arg(long, value_enum, value_name = "PROTOCOL")]
    pub protocol: Option<ProtocolArg>,
    /// The model's name in requests [default: the URL's, or the only one]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// The signature of a TensorFlow model
    #[arg(long, value_name = "NAME")]
    pub signature: Option<String>,
    /// The revision of an endpoint that is to answer: v1 the newest of that name, v1.1 its first
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Send the body of --json and print the answer, byte for byte, as it comes
    #[arg(long, requires = "json", conflicts_with_all = ["grpc", "load", "output"])]
    pub raw: bool,
    /// Send a header too; several times for several
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// A request has failed after this time
    #[arg(long, value_name = "DURATION", default_value = "1m")]
    pub timeout: Span,
    /// The variable with the token that lets you in [default: MLCTL_TOKEN]
    #[arg(long, value_name = "VARIABLE")]
    pub token_env: Option<String>,
    /// Trust the certificates in this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Rows of one request
    #[arg(long, value_name = "N", default_value = "1")]
    pub batch: NonZeroUsize,
    /// Requests on their way at most [default: 4; with --load 16]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<NonZeroUsize>,
}

/// How often it is asked.
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// Send requests for so long, and say how they were answered
    #[arg(long, value_name = "DURATION")]
    pub load: Option<Span>,
    /// Send so many requests a second, whether or not others are answered
    #[arg(long, value_name = "RATE", requires = "load", value_parser = rate)]
    pub rate: Option<f64>,
}

/// What a server speaks, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ProtocolArg {
    /// TF Serving's API, which is version 1 of KServe's protocol
    #[value(alias = "v1")]
    Tensorflow,
    /// The Open Inference Protocol, version 2: Triton, MLServer, KServe
    V2,
    /// OpenAI's API: a row is the body of a request
    Openai,
    /// Vertex AI's custom containers: instances, posted to the URL
    Vertex,
}

impl From<ProtocolArg> for Protocol {
    fn from(protocol: ProtocolArg) -> Self {
        match protocol {
            ProtocolArg::Tensorflow => Self::TensorflowRest,
            ProtocolArg::V2 => Self::V2Rest,
            ProtocolArg::Openai => Self::Openai,
            ProtocolArg::Vertex => Self::Vertex,
        }
    }
}

/// The most requests a second that one client can say anything about.
const MOST: f64 = 1e6;

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= MOST => Ok(rate),
        _ => Err("a rate is a number of requests a second, more than 0 and at most 1000000".into()),
    }
}
