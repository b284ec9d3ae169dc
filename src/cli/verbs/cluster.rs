//! `mlctl cluster`: what a cluster needs of mlctl.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use oci_client::Reference;
use serde::Serialize;

use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::ops::{Grant, admin_manifests};
use crate::runtime::image::{Binary, BinaryError, RegistryError, RunnerImage, push, write_archive};
use crate::runtime::kubernetes::{AdminRole, ClusterScope};
use crate::storage;
use crate::ui::Text;

/// The most bytes of a program that goes into an image.
const BINARY_LIMIT: u64 = 1 << 30;

/// Arguments of `cluster`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl cluster image --push --name registry.example/mlctl:1
  mlctl cluster image --archive mlctl.tar
  mlctl cluster manifests --for-namespace ml --user ada | kubectl apply -f -")]
pub struct ClusterArgs {
    /// What to do
    #[command(subcommand)]
    pub action: ClusterAction,
}

/// What `cluster` can do.
#[derive(Debug, clap::Subcommand)]
pub enum ClusterAction {
    /// Make the image that brings mlctl into pods; no container engine is needed
    Image(ImageArgs),
    /// Print what an admin applies once: namespace, Roles, quota, network policy
    Manifests(ManifestsArgs),
}

const IMAGE_HELP: &str = "\
Examples:
  mlctl cluster image --archive mlctl.tar    then, for example, docker load -i mlctl.tar
  mlctl cluster image --push --name registry.example/mlctl:1
  mlctl cluster image --archive mlctl.tar --binary mlctl-amd64 --binary mlctl-arm64";

/// Arguments of `cluster image`.
#[derive(Debug, clap::Args)]
#[command(after_help = IMAGE_HELP)]
#[command(override_usage = "mlctl cluster image [OPTIONS] <--archive <FILE>|--push>")]
#[group(id = "target", required = true, multiple = true, args = ["archive", "push"])]
pub struct ImageArgs {
    /// Write an OCI archive
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// Push it to the registry in its name, with docker's credentials
    #[arg(long)]
    pub push: bool,
    /// Name of the image [default: the setting `runnerImage`, else localhost/mlctl:VERSION]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A static binary of mlctl, one for each architecture [default: this program]
    #[arg(long, value_name = "FILE")]
    pub binary: Vec<PathBuf>,
}

const MANIFESTS_HELP: &str = "\
Examples:
  mlctl cluster manifests > mlctl-admin.yaml             read it, change it, apply it
  mlctl cluster manifests --for-namespace ml --user ada | kubectl apply -f -
  mlctl cluster manifests --for-namespace 'ml-{user}' --user ada --user bob     one each
  mlctl cluster manifests --for-namespace ml --group ml-team --group oidc:interns
  mlctl cluster manifests --user system:serviceaccount:ci:nightly --role viewer
  mlctl cluster manifests --for-namespace ml --user ada --see nodes,pods
  mlctl cluster manifests --for-namespace ml --nightly-cleanup | kubectl apply -f -";

/// Arguments of `cluster manifests`.
#[derive(Debug, clap::Args)]
#[command(after_help = MANIFESTS_HELP)]
#[command(group(clap::ArgGroup::new("who").multiple(true).args(["user", "group"])))]
pub struct ManifestsArgs {
    /// The namespace of the runs; `ml-{user}` makes one for each user
    #[arg(long, value_name = "NAMESPACE", default_value = "mlctl")]
    pub for_namespace: String,
    /// Bind a Role to this user or service account, as the cluster knows them; once for each
    #[arg(long, value_name = "USER")]
    pub user: Vec<String>,
    /// Bind the Role to all members of this group, as the cluster knows it; once for each group
    #[arg(long, value_name = "NAME")]
    pub group: Vec<String>,
    /// Which Role
    #[arg(long, value_enum, default_value = "submitter", requires = "who")]
    pub role: AdminRole,
    /// Let them see, in the whole cluster, the nodes, and the pods of all namespaces: for gpus
    #[arg(long, value_enum, value_delimiter = ',', requires = "who", value_name = "WHAT")]
    pub see: Vec<ClusterScope>,
    /// Print only the Roles and their bindings: the namespace is there and stays as it is
    #[arg(long, requires = "who", conflicts_with = "nightly_cleanup")]
    pub roles_only: bool,
    /// Add a CronJob that removes what ended a week ago or more; it runs the setting `runnerImage`
    #[arg(long)]
    pub nightly_cleanup: bool,
}

impl clap::ValueEnum for AdminRole {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Submitter => "Everything with runs",
            Self::Server => "Everything with endpoints",
            Self::Tuner => "Studies of a pipeline",
            Self::Viewer => "Looking only",
            Self::Cleaner => "Removing what has ended",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

impl clap::ValueEnum for ClusterScope {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Nodes, Self::Pods]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Nodes => "Nodes: what there is",
            Self::Pods => "The pods of all namespaces: who uses it",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

/// The answer of `cluster image`: the image that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    schema_version: u32,
    image: String,
    digest: String,
    platforms: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<PathBuf>,
    pushed: bool,
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &ClusterArgs) -> Result<u8, CliError> {
    match &args.action {
        ClusterAction::Image(args) => image(context, args),
        ClusterAction::Manifests(args) => {
            let (role, scopes, alone) = (args.role, &args.see[..], args.roles_only);
            let (users, groups) = (&args.user[..], &args.group[..]);
            let grant = Grant { users, groups, role, scopes, alone };
            let cleanup =
                if args.nightly_cleanup { Some(name(context, None)?.whole()) } else { None };
            let text = admin_manifests(&args.for_namespace, grant, cleanup.as_deref())
                .map_err(|error| CliError::new(ErrorKind::Usage, error.to_string()))?;
            context.printer.data(&text)?;
            Ok(exit::OK)
        }
    }
}

fn image(context: &Context, args: &ImageArgs) -> Result<u8, CliError> {
    let name = name(context, args.name.as_deref())?;
    let own = [context.env.exe.clone()];
    let paths = if args.binary.is_empty() { &own[..] } else { &args.binary };
    let binaries = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut platforms: Vec<String> = binaries.iter().map(Binary::platform).collect();
    platforms.sort();
    if let Some([platform, _]) = platforms.array_windows().find(|[one, other]| one == other) {
        let message = format!("two binaries are for {platform}: name one for each architecture");
        return Err(CliError::new(ErrorKind::Usage, message));
    }
    let image = RunnerImage::new(&binaries)?;
    if let Some(path) = &args.archive {
        archive(path, &image, &name)?;
    }
    if args.push {
        push_image(context, &image, &name)?;
    }
    let made = Made {
        schema_version: 1,
        image: name.whole(),
        digest: image.digest().to_owned(),
        platforms,
        archive: args.archive.clone(),
        pushed: args.push,
    };
    let text = || {
        let archive = made.archive.as_ref().map(|path| format!(" in {}", path.display()));
        let pushed = if made.pushed { ", pushed" } else { "" };
        let platforms = made.platforms.join(", ");
        let archive = archive.unwrap_or_default();
        let made_for = format!("{} for {platforms}{archive}{pushed}", made.image);
        Text::lines([&made_for, &made.digest])
    };
    context.emit(&made, text)?;
    if context.settings.runner_image.as_deref() != Some(made.image.as_str()) {
        let file = context.env.settings_file();
        let line = format!("write `runnerImage: {}` into {file}", made.image);
        context.printer.hint(line);
    }
    Ok(exit::OK)
}

fn name(context: &Context, wanted: Option<&str>) -> Result<Reference, CliError> {
    let default = || format!("localhost/mlctl:{}", env!("CARGO_PKG_VERSION"));
    let name = wanted.or(context.settings.runner_image.as_deref());
    let name = name.map_or_else(default, str::to_owned);
    name.parse().map_err(|error| {
        CliError::new(ErrorKind::Usage, format!("`{name}` is no name of an image: {error}"))
    })
}

fn read(path: &Path) -> Result<Binary, CliError> {
    Binary::new(path.to_owned(), storage::read(path, BINARY_LIMIT)?).map_err(|error| {
        let dynamic = matches!(error, BinaryError::Dynamic(_));
        let error = CliError::new(ErrorKind::Refused, error.to_string());
        if dynamic {
            error.hint(
                "take a released binary, or build one with `just static`, and name it by --binary",
            )
        } else {
            error
        }
    })
}

fn push_image(context: &Context, image: &RunnerImage, name: &Reference) -> Result<(), CliError> {
    let pushed = context.handle()?.block_on(push(image, name, &context.env.docker_config()));
    pushed.map_err(|error| {
        let kind = match &error {
            RegistryError::Unreachable { .. } => ErrorKind::Unreachable,
            RegistryError::Refused { .. } => ErrorKind::Refused,
            _ => ErrorKind::Internal,
        };
        let shown = CliError::new(kind, error.to_string());
        match error {
            RegistryError::Unreachable { .. } => shown.hint(format!(
                "{} names the registry {}; another one is named by --name or the setting \
                 `runnerImage`",
                name.whole(),
                name.registry()
            )),
            _ => shown,
        }
    })
}

/// Whole or not at all.
fn archive(path: &Path, image: &RunnerImage, name: &Reference) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mlctl.").tempfile_in(dir)?;
    let mut out = BufWriter::new(&mut file);
    write_archive(&mut out, image, name)?;
    out.flush()?;
    drop(out);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
