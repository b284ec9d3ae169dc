//! `mlctl gpus`: which accelerators there are, who uses them, and how to slice them.

use serde::Serialize;

use super::selection::object_name;
use crate::cli::{CliError, Context, ErrorKind, Format, exit};
use crate::hardware::gpus::{
    ClusterGpus, Machine, MigSplit, SplitError, SplitPlace, TimeSplit, mig_types,
};
use crate::runtime::{GpuView, Notice};
use crate::store::now;
use crate::ui::{Text, cluster_gpus, gpu_totals, machine_gpus};

/// Arguments of `gpus`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
In a cluster: nodes with accelerators, what pods can have of them, and below
each node who uses them and since when, mlctl's runs and pods of others. It
needs to list nodes and the pods of all namespaces: without that it shows what
can be seen, and says which ClusterRole has the permission.

On this machine: what nvidia-smi says, and which run has leased which GPU.
CUDA_VISIBLE_DEVICES hides GPUs from runs too: they choose from what it shows.

Examples:
  mlctl gpus                             here, or in the cluster that is chosen
  mlctl gpus --context prod -o json
  mlctl gpus split --type nvidia-a100 --mig 1g.5gb=7 | kubectl apply -f -
  mlctl gpus split --type nvidia-t4 --time-slices 4")]
pub struct GpusArgs {
    /// What to do instead of looking
    #[command(subcommand)]
    pub action: Option<GpusAction>,
}

/// What `gpus` can do.
#[derive(Debug, clap::Subcommand)]
pub enum GpusAction {
    /// Print what an admin applies to slice GPUs, with what it means for memory
    Split(SplitArgs),
}

const SPLIT_HELP: &str = "\
MIG cuts a GPU in the hardware: each slice has memory and compute of its own.
Time-slicing lets pods take turns on one GPU, whose memory they all share.

Examples:
  mlctl gpus split --type nvidia-a100 --mig 1g.5gb=7
  mlctl gpus split --type nvidia-h100 --mig 3g.40gb=1,2g.20gb=1,1g.10gb=2
  mlctl gpus split --type nvidia-t4 --time-slices 4 | kubectl apply -f -";

/// Arguments of `gpus split`.
#[derive(Debug, clap::Args)]
#[command(after_help = SPLIT_HELP)]
pub struct SplitArgs {
    /// The type of GPU, as a spec names it
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: String,
    /// Slices of each GPU by MIG, for example 1g.5gb=7; may be repeated
    #[arg(long, value_name = "PROFILE=COUNT", value_delimiter = ',', value_parser = slices)]
    #[arg(required_unless_present = "time_slices", conflicts_with = "time_slices")]
    pub mig: Vec<(String, u32)>,
    /// So many pods share each GPU in turns
    #[arg(long, value_name = "N")]
    pub time_slices: Option<u32>,
    /// The node in the commands that are printed
    #[arg(long, value_name = "NODE", default_value = "NODE", value_parser = object_name)]
    pub node: String,
    /// The namespace of NVIDIA's components
    #[arg(long, value_name = "NAMESPACE", default_value = "gpu-operator")]
    #[arg(value_parser = object_name)]
    pub for_namespace: String,
}

fn slices(text: &str) -> Result<(String, u32), String> {
    let (profile, count) = text.split_once('=').unwrap_or((text, "1"));
    let count = count.parse().ok().filter(|count| *count > 0);
    let count = count.ok_or("write it as PROFILE=COUNT, for example 1g.5gb=7")?;
    Ok((profile.trim_start_matches("mig-").to_owned(), count))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, T> {
    schema_version: u32,
    runtime: String,
    #[serde(flatten)]
    gpus: &'a T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Split<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    what: &'a T,
    /// YAML for `kubectl apply`.
    manifest: &'a str,
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &GpusArgs) -> Result<u8, CliError> {
    if let Some(GpusAction::Split(args)) = &args.action {
        return split(context, args);
    }
    let runtime = context.chosen()?;
    match runtime.gpus()? {
        GpuView::Cluster { gpus, unseen } => {
            for Notice(notice) in unseen {
                context.printer.warn(notice);
            }
            cluster(context, runtime.name(), &gpus)?;
        }
        GpuView::Machine { machine, why } => {
            local(context, runtime.name(), &machine)?;
            if let Some(Notice(why)) = why {
                context.printer.say(why);
                if machine.gpus.is_empty() {
                    context.printer.hint("of a cluster: mlctl gpus --runtime kubernetes");
                }
            }
        }
    }
    Ok(exit::OK)
}

fn cluster(context: &Context, runtime: String, gpus: &ClusterGpus) -> Result<(), CliError> {
    if gpus.nodes.is_empty() && gpus.waiting.is_empty() && context.format == Format::Table {
        let seen = if gpus.complete { "" } else { " that can be seen" };
        context.printer.say(format!("{runtime} has no accelerators{seen}"));
        return Ok(());
    }
    let document = Document { schema_version: 1, runtime, gpus };
    context.emit(&document, || cluster_gpus(gpus, now()).render(&context.printer))?;
    if context.format == Format::Table && !gpus.totals.is_empty() {
        context.printer.say("");
        context.printer.say(format!("in all {}", gpu_totals(gpus)));
    }
    Ok(())
}

fn local(context: &Context, runtime: String, machine: &Machine) -> Result<(), CliError> {
    if context.format == Format::Table && machine.gpus.is_empty() {
        return Ok(());
    }
    let text = || {
        let of = |name: &str, version: &Option<String>| {
            version.as_ref().map(|version| format!("{name} {version}"))
        };
        let versions = [of("driver", &machine.driver), of("CUDA", &machine.cuda)];
        let versions: Vec<String> = versions.into_iter().flatten().collect();
        Text::lines([versions.join(", ").into(), machine_gpus(machine).render(&context.printer)])
    };
    context.emit(&Document { schema_version: 1, runtime, gpus: machine }, text)
}

fn split(context: &Context, args: &SplitArgs) -> Result<u8, CliError> {
    let place = SplitPlace { namespace: args.for_namespace.clone(), node: args.node.clone() };
    if let Some(replicas) = args.time_slices {
        let split = TimeSplit::new(&args.kind, replicas).map_err(|error| refused(&error, args))?;
        let manifest = split.manifest(&place);
        let document = Split { schema_version: 1, what: &split, manifest: &manifest };
        context.emit(&document, || Text::block(manifest.trim_end()))?;
    } else {
        let split = MigSplit::new(&args.kind, &args.mig).map_err(|error| refused(&error, args))?;
        let manifest = split.manifest(&place);
        let document = Split { schema_version: 1, what: &split, manifest: &manifest };
        context.emit(&document, || Text::block(manifest.trim_end()))?;
    }
    Ok(exit::OK)
}

fn refused(error: &SplitError, args: &SplitArgs) -> CliError {
    let shown = CliError::new(ErrorKind::Usage, error.to_string());
    match error {
        SplitError::UnknownType { near: Some(near), .. }
        | SplitError::UnknownProfile { near: Some(near), .. } => {
            shown.hint(format!("did you mean {near}?"))
        }
        SplitError::UnknownType { near: None, .. } => {
            shown.hint(format!("MIG slices {}", mig_types().join(", ")))
        }
        SplitError::NoMig { .. } => shown.hint(format!(
            "pods can share it in time, with no memory of their own: mlctl gpus split --type {} \
             --time-slices 4",
            args.kind
        )),
        _ => shown,
    }
}
