//! The hidden verbs that run beside and around a replica's command.

use std::path::{Path, PathBuf};

use crate::agent::{
    AgentConfig, Surroundings, beside, guard, install as install_program, pod, probe,
    report_in_pod, report_unusable_pod, run as run_agent,
};
use crate::cli::{CliError, Env, ErrorKind};
use crate::gang::{AgentExit, RunId};
use crate::plan::Withheld;
use crate::storage::read_open;
use crate::sys;
use crate::ui::{Printer, json_line};

/// A command and a script are shorter than this: a spec is, and they are parts of one.
const WITHHELD_LIMIT: u64 = 16 << 20;

/// Arguments of `agent`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct AgentArgs {
    /// The agent's configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The document of this pod's run; the rest comes from the pod's variables
    #[arg(long, value_name = "FILE")]
    pub pod: Option<PathBuf>,
}

/// Runs the agent of one replica; its log is standard output.
pub fn agent(env: Env, args: &AgentArgs, printer: &Printer) -> Result<u8, CliError> {
    match (&args.config, &args.pod) {
        (_, Some(document)) => Ok(in_pod(env, document, printer)),
        (Some(config), None) => {
            let mut config: AgentConfig =
                serde_json::from_slice(&fs_err::read(config)?).map_err(std::io::Error::from)?;
            config.add(withheld()?);
            Ok(run_agent(config, surroundings(env.vars.into_iter().collect()))?)
        }
        // clap requires one of the two arguments, so this does not happen.
        (None, None) => Ok(AgentExit::Count.code()),
    }
}

/// What the document of a local agent masks comes on standard input once the agent is recorded. Where
/// nothing comes, whoever started it was killed before that, and the agent must not begin.
fn withheld() -> Result<Withheld, CliError> {
    let name = Path::new("standard input");
    let bytes = read_open(&mut std::io::stdin().lock(), name, WITHHELD_LIMIT)?;
    if bytes.is_empty() {
        let reason = "mlctl was killed while it started this agent, so nothing is run";
        return Err(CliError::new(ErrorKind::Refused, reason));
    }
    Ok(serde_json::from_slice(&bytes).map_err(std::io::Error::from)?)
}

/// A pod that can't run its replica says so by an exit code that its Job understands.
fn in_pod(env: Env, document: &Path, printer: &Printer) -> u8 {
    let host = if sys::has_ipv6() { "[::]" } else { "0.0.0.0" };
    let container = pod::Container {
        variables: &env.vars,
        folder: &env.cwd,
        listen_host: host,
        is_writable: sys::is_writable,
    };
    let (reason, exit) = match pod::configure(document, container) {
        Ok(pod) => match run_agent(pod.config, surroundings(pod.environment)) {
            Ok(code) => return code,
            Err(error) => (error.to_string(), AgentExit::Count),
        },
        // The error would come in every pod of the run, so the whole Job fails instead of retrying.
        Err(error) if error.is_final() => (error.to_string(), AgentExit::FinalJob),
        Err(error) => (error.to_string(), AgentExit::Count),
    };
    printer.error(&*reason);
    report_unusable_pod(&reason);
    exit.code()
}

fn surroundings(environment: Vec<(String, String)>) -> Surroundings {
    Surroundings {
        // The running program, also where an upgrade has replaced the file at its path.
        exe: sys::own_program(),
        environment,
        out: Box::new(std::io::stdout()),
    }
}

/// Runs the guard of one command; its orders come on standard input.
pub fn agent_guard() -> u8 {
    guard::run(&sys::own_program())
}

/// Arguments of `agent-exec`.
#[derive(Debug, clap::Args)]
pub struct AgentExecArgs {
    /// The guard's process id
    pub guard: i32,
    /// Program and arguments
    #[arg(last = true)]
    pub argv: Vec<String>,
}

/// Becomes the replica's command by `exec`; returns, with an exit code, only when that fails.
pub fn agent_exec(args: &AgentExecArgs) -> u8 {
    guard::exec(args.guard, &args.argv)
}

/// Arguments of `agent-install`.
#[derive(Debug, clap::Args)]
pub struct AgentInstallArgs {
    /// Where to put the program; made if it isn't there
    pub dir: PathBuf,
}

/// Copies this program to where a pod's command finds it.
pub fn agent_install(args: &AgentInstallArgs) -> Result<u8, CliError> {
    install_program(&sys::own_program(), &args.dir)?;
    Ok(0)
}

/// Arguments of `agent-beside`.
#[derive(Debug, clap::Args)]
pub struct AgentBesideArgs {
    /// Program and arguments
    #[arg(last = true, required = true)]
    pub argv: Vec<String>,
}

/// Becomes a command beside the one that this pod's agent runs; with a shell's status when it can't.
pub fn agent_beside(args: &AgentBesideArgs, printer: &Printer) -> u8 {
    use std::os::unix::process::CommandExt;
    // 1 is the agent, which is the first process of its container.
    let Some(mut command) = beside(1, &args.argv) else {
        printer.error("no command runs here now");
        return 126;
    };
    let error = command.exec();
    printer.error(format!("{}: {error}", args.argv[0]));
    if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}

/// Arguments of `agent-cancel`.
#[derive(Debug, clap::Args)]
pub struct AgentCancelArgs {
    /// The run
    pub run: RunId,
    /// Who ends it
    pub by: String,
}

/// Asks the agent of this pod to end the run: for a user who may run commands in pods, and has not
/// the gang's token.
pub fn agent_cancel(args: &AgentCancelArgs) -> Result<u8, CliError> {
    pod::cancel_here(&args.run, &args.by)?;
    Ok(0)
}

/// Looks at the pod that it runs in, for `doctor`: the report is the termination message and the log.
pub fn agent_probe(printer: &Printer) -> Result<u8, CliError> {
    let report = json_line(&probe()).map_err(std::io::Error::from)?;
    report_in_pod(report.clone());
    printer.data(&report)?;
    Ok(0)
}
