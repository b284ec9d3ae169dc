//! What the verbs of endpoints are told.

use std::path::PathBuf;

use crate::cli::{SpecArgs, change};
use crate::text::Span;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A spec (kind: Endpoint), or a request of Vertex AI that deploys a model, becomes an
endpoint; where one of that name is there already, it becomes what the spec says
now, after the difference was shown. A model alone is served as it is: NAME,
NAME@VERSION or NAME@ALIAS of the registry, a run's id, or a place such as
./model or s3://bucket/model.

Examples:
  mlctl serve                            what ./mlctl.yaml says
  mlctl serve endpoint.yaml --dry-run    the difference to what serves now
  mlctl serve digits@champion            a model of the registry
  mlctl serve ./model --name digits --port 8080
  mlctl serve ./model -- python3 app.py --port {port}

A command behind -- runs in a folder of its own, where the files that it names are
found and others beside them are not: write a spec with `code` for those. The
endpoint goes on by itself when mlctl ends: mlctl undeploy ends it.

Exit codes: 0 it serves, 2 usage, 3 spec, 4 not found, 5 refused, 10 the new
revision was given up, its rollout is paused or nothing answers, 13 --timeout is
over, 130 detached.")]
pub struct ServeArgs {
    /// The spec, or a model
    #[arg(value_name = "FILE|MODEL")]
    pub what: Option<String>,
    /// The spec; several times for several
    #[arg(short = 'f', long = "file", id = "files", value_name = "FILE", conflicts_with = "what")]
    #[arg(alias = "config")]
    pub files: Vec<PathBuf>,
    /// Change a value of the spec; may be repeated
    #[arg(short, long = "set", value_name = "PATH=VALUE", value_parser = change)]
    pub set: Vec<String>,
    /// Name of the endpoint [default: the spec's, or the model's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Which server a model has [default: what its files are for]
    #[arg(long, value_name = "SERVER")]
    pub server: Option<String>,
    /// The server's program and arguments, with {port}, {grpcPort}, {model} and {name}
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Port of the endpoint on this machine [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Show the difference and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask before what serves is changed
    #[arg(short, long)]
    pub yes: bool,
    /// Return once it is begun; prints the endpoint's id
    #[arg(short, long)]
    pub detach: bool,
    /// Wait no longer than this for it to serve, or for its change to end
    #[arg(long, value_name = "DURATION", conflicts_with = "detach")]
    pub timeout: Option<Span>,
    /// Take along more code than 1 GiB or 20000 files
    #[arg(long)]
    pub allow_large_code: bool,
}

impl ServeArgs {
    /// The spec that is meant, where it is no model.
    pub(super) fn spec(&self, files: Vec<PathBuf>) -> SpecArgs {
        SpecArgs { file: None, files, set: self.set.clone(), name: self.name.clone() }
    }
}

/// Arguments of `traffic`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The weights of revisions that are left out become 0. A rollout that is under way ends.

Examples:
  mlctl traffic digits v1=80 v2=20
  mlctl traffic digits v2=100")]
pub struct TrafficArgs {
    /// The endpoint
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: String,
    /// Percent for each revision; they add up to 100
    #[arg(value_name = "REVISION=PERCENT", required = true)]
    pub weights: Vec<String>,
    /// Return once it is written down
    #[arg(short, long)]
    pub detach: bool,
}

/// Arguments of `rollout`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl rollout status digits
  mlctl rollout pause digits             keep the weights as they are
  mlctl rollout resume digits            go on, with a new measurement
  mlctl rollout promote digits           to the end without further judgement
  mlctl rollout abort digits             the old weights come back")]
pub struct RolloutArgs {
    /// What to do
    #[arg(value_enum, value_name = "ACTION")]
    pub action: RolloutAction,
    /// The endpoint [default: the last one that was served from this folder]
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// What `rollout` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RolloutAction {
    /// Say how far it is
    Status,
    /// Keep the weights as they are
    Pause,
    /// Go on
    Resume,
    /// Go to the end without further judgement
    Promote,
    /// Give the old weights back
    Abort,
}

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --to the weights before those of now come back. A revision that is still
warm answers at once; another one is started first. A revision that was changed
in place has generations: v1.1 is the first, v1.2 the next. Everywhere else v1 is
the newest of them; here a name is refused that may mean several.

Examples:
  mlctl rollback digits
  mlctl rollback digits --to v1
  mlctl rollback digits --to v1.1        as it was before it was changed")]
pub struct RollbackArgs {
    /// The endpoint [default: the last one that was served from this folder]
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: Option<String>,
    /// The revision that gets everything
    #[arg(long, value_name = "REVISION")]
    pub to: Option<String>,
}

/// Arguments of `scale`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bounds count until a spec with other bounds is applied.

Examples:
  mlctl scale digits --min 2 --max 4
  mlctl scale digits v1 --min 0          none while nobody asks")]
pub struct ScaleArgs {
    /// The endpoint
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: String,
    /// The revision [default: all that have weight]
    #[arg(value_name = "REVISION")]
    pub revision: Option<String>,
    /// Fewest replicas [default: as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub min: Option<u32>,
    /// Most replicas [default: as before, but no fewer than --min]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max: Option<u32>,
}

/// Arguments of `undeploy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Requests that are under way get their answers first. Models stay where they are.

Examples:
  mlctl undeploy digits
  mlctl undeploy digits --yes            don't ask")]
pub struct UndeployArgs {
    /// The endpoints
    #[arg(value_name = "ENDPOINT", required = true)]
    pub endpoints: Vec<String>,
    /// Don't ask, though others may be calling it
    #[arg(short, long)]
    pub yes: bool,
}
