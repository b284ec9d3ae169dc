//! The command line as a whole: global options, the list of verbs, dispatch.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::{ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::verbs::globals::{Globals, globals_of, without_refused};
use super::verbs::{
    agent, batch, cancel, cleanup, cluster, complete, completions, cost, doctor, evaluate, exec,
    export, gpus, init, list, logs, model, models, outputs, predict, render, serve, spec, state,
    status, train, tune, version, wait, web, why,
};
use super::{CliError, Context, Env, ErrorKind, Format, PlaceArgs, Problem, document, help, usage};
use crate::ui::{
    Printer, Terminal, Verbosity, are_terminals, has_written, json_text, report_panics,
    terminal_width, yaml_text,
};

const ABOUT: &str = "Train, tune, predict and serve models on a laptop or any Kubernetes cluster";

const AFTER_HELP: &str = "\
Examples:
  mlctl init tensorflow            write a spec and a script to start from
  mlctl train                      run ./mlctl.yaml and follow it
  mlctl train train.py -- --epochs 5
  mlctl list                       what ran here
  mlctl why                        why the last run failed

RUN in any verb is a run's id, a unique prefix of it, a spec's name (its latest
run), or nothing: the last run started from this folder.";

/// The root command.
#[derive(Debug, Parser)]
#[command(name = "mlctl", version, about = ABOUT, after_help = AFTER_HELP)]
#[command(propagate_version = false, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options that every verb has.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options that every verb has.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// Form of the output on stdout
    #[arg(short, long, global = true, value_enum, default_value = "table", value_name = "FORMAT")]
    #[arg(help_heading = "Global options")]
    pub output: Format,
    /// Leave out whatever is neither the result nor what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Say more: which settings count, where runs are remembered, what is done on the way
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    #[arg(help_heading = "Global options")]
    pub color: ColorChoice,
    /// Where runs go and are looked for
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a spec and code to start from
    Init(init::InitArgs),
    /// Run a training job and follow it
    Train(train::TrainArgs),
    /// Predict every line of files in a store
    BatchPredict(Box<batch::BatchPredictArgs>),
    /// Ask a model that serves; measure it under load
    Predict(Box<predict::PredictArgs>),
    /// Print the results of a batch prediction in input order
    Outputs(outputs::OutputsArgs),
    /// Hold predictions against what is true; a gate for pipelines
    Evaluate(evaluate::EvaluateArgs),
    /// Search the best parameters of a training job, and follow it
    Tune(Box<tune::TuneArgs>),
    /// Keep models by name and version
    Models(models::ModelsArgs),
    /// Look into a model's files, and compare two models
    Model(model::ModelArgs),
    /// Make a model for devices and browsers: TensorFlow Lite, TensorFlow.js, ONNX
    Export(Box<export::ExportArgs>),
    /// Serve a folder to this machine's browsers, to try a site
    Web(web::WebArgs),
    /// Serve models at an address, or change what is served
    Serve(Box<serve::ServeArgs>),
    /// Set which share of the requests each revision of an endpoint gets
    Traffic(serve::TrafficArgs),
    /// Look at a rollout, hold it, promote or abort it
    Rollout(serve::RolloutArgs),
    /// Give an endpoint the weights back that it had before
    Rollback(serve::RollbackArgs),
    /// Set how many replicas the revisions of an endpoint have
    Scale(serve::ScaleArgs),
    /// End endpoints
    Undeploy(serve::UndeployArgs),
    /// List runs
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one run and its replicas
    Status(status::StatusArgs),
    /// Print what the commands of a run printed
    Logs(logs::LogsArgs),
    /// Follow a run to its end; exit with its code
    Wait(wait::WaitArgs),
    /// End runs
    Cancel(cancel::CancelArgs),
    /// Remove what runs have left
    Cleanup(cleanup::CleanupArgs),
    /// Say what runs have cost, and what of it was wasted
    Cost(cost::CostArgs),
    /// Say what would stop a run on this machine or in a cluster
    Doctor(doctor::DoctorArgs),
    /// Say why a run failed and what to do
    Why(why::WhyArgs),
    /// Run a command beside a replica's
    Exec(exec::ExecArgs),
    /// Show accelerators and who uses them; print how to slice them
    Gpus(gpus::GpusArgs),
    /// Check specs and say everything that is wrong
    Validate(spec::ValidateArgs),
    /// Print what a run is in a cluster, for kubectl create
    Render(render::RenderArgs),
    /// Print another system's file as a spec of mlctl
    Convert(spec::ConvertArgs),
    /// Print the JSON Schema of a spec
    Schema(spec::SchemaArgs),
    /// Explain a field of a spec
    Explain(spec::ExplainArgs),
    /// Look after the folder in which mlctl remembers its runs
    State(state::StateArgs),
    /// What a cluster needs of mlctl
    Cluster(cluster::ClusterArgs),
    /// Print a shell's completion script
    Completions(completions::CompletionsArgs),
    /// Print or write the man pages
    Man(completions::ManArgs),
    /// Print the version, and what this program was built for
    Version(version::VersionArgs),
    /// Print the help of a verb, or of all
    Help(version::HelpArgs),
    /// Says what may be typed, for the scripts of shells
    #[command(hide = true)]
    Complete(complete::CompleteArgs),
    /// Runs beside a replica's command
    #[command(hide = true)]
    Agent(agent::AgentArgs),
    /// Runs around a replica's command
    #[command(hide = true)]
    AgentGuard,
    /// Becomes a replica's command
    #[command(hide = true)]
    AgentExec(agent::AgentExecArgs),
    /// Runs a command as a replica's command would run
    #[command(hide = true)]
    AgentBeside(agent::AgentBesideArgs),
    /// Ends the run of the pod that it runs in
    #[command(hide = true)]
    AgentCancel(agent::AgentCancelArgs),
    /// Copies this program into a folder
    #[command(hide = true)]
    AgentInstall(agent::AgentInstallArgs),
    /// Looks at the pod that it runs in
    #[command(hide = true)]
    AgentProbe,
    /// Does one replica's part of a batch prediction
    #[command(hide = true)]
    BatchWorker(batch::BatchWorkerArgs),
    /// Serves as one replica of an endpoint
    #[command(hide = true)]
    ServeReplica(serve::ServeReplicaArgs),
    /// Decides over the trials of a study
    #[command(hide = true)]
    TuneLoop,
    /// Routes to the revisions of an endpoint, and decides over them
    #[command(hide = true)]
    ServeLoop,
    /// Routes to the revisions of an endpoint in a pod
    #[command(hide = true)]
    ServeRouter,
}

/// Runs one command line; returns the process exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    report_panics();
    let args = helped(batch::spelled_out(args));
    let (cli, verb) = match parse(args.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let code = error.exit_code() as u8;
            let terminal = Env::read().map(|env| terminal(ColorChoice::Auto, &env));
            let terminal = terminal.unwrap_or_default();
            let printer = Printer { terminal, ..Printer::default() };
            let problems: Vec<Problem> = usage::print(error, &args, &printer).into_iter().collect();
            if !problems.is_empty() {
                answer(&printer, usage::format(&args), code, &problems);
            }
            return code;
        }
    };
    let mut printer = Printer::default();
    let format = cli.global.output;
    let (code, problems) = match dispatch(cli, globals_of(&verb), &mut printer) {
        Ok(code) => (code, Vec::new()),
        Err(error) => {
            let error = usage::meant_by_second(error, &args);
            error.print(&printer);
            if error.kind == ErrorKind::ClosedPipe {
                return error.kind.exit_code();
            }
            (error.kind.exit_code(), error.problems())
        }
    };
    answer(&printer, format, code, &problems);
    code
}

/// Ends a command that prints documents with the one that says all it has told, and what went wrong. A verb
/// that has printed a text of another kind has nothing to add to it.
fn answer(printer: &Printer, format: Format, code: u8, problems: &[Problem]) {
    let told = printer.told.take();
    if format == Format::Table || has_written() {
        return;
    }
    let document = document(told, code, problems);
    let text = match format {
        Format::Yaml => yaml_text(&document).map_err(|error| error.to_string()),
        Format::Table | Format::Json => json_text(&document).map_err(|error| error.to_string()),
    };
    let printed = text.map(|text| printer.data(&text));
    if let Err(error) = printed {
        printer.error(error);
    }
}

/// A command line that can be understood, and its verb with what that is told to do, such as `tune trials`.
pub(super) fn parse(args: Vec<OsString>) -> Result<(Cli, String), clap::Error> {
    let mut command = help::for_width(without_refused(Cli::command()), help::width());
    let matches = command.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, verb_of(&matches)))
}

/// `mlctl help VERB` is `mlctl VERB --help`.
fn helped(args: Vec<OsString>) -> Vec<OsString> {
    if !args.iter().any(|word| word == "help") {
        return args;
    }
    let Ok((Cli { verb: Verb::Help(help), .. }, _)) = parse(args.clone()) else { return args };
    let words = ["mlctl"].into_iter().chain(help.verb.iter().map(String::as_str)).chain(["--help"]);
    words.map(OsString::from).collect()
}

fn verb_of(matches: &ArgMatches) -> String {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((word, inner)) = at.subcommand() {
        words.push(word);
        at = inner;
    }
    words.join(" ")
}

/// The command for completions, man pages and help snapshots.
pub fn command() -> clap::Command {
    help::for_width(without_refused(Cli::command()), help::USUAL)
}

fn dispatch(cli: Cli, globals: Option<&Globals>, printer: &mut Printer) -> Result<u8, CliError> {
    let env = Env::read()
        .map_err(|e| CliError::new(ErrorKind::Internal, format!("the current folder: {e}")))?;
    *printer = printer_for(&cli.global, &env);
    let places = env.clone();
    let namespace = cli.global.place.namespace.clone();
    if let Some(globals) = globals {
        globals.check(&cli.global)?;
        cli.global.place.check()?;
    }
    dispatch_in(cli, env, printer).map_err(|error| {
        let error = places.with_variable(error);
        match (globals, namespace) {
            (Some(globals), Some(namespace)) => globals.meant_by_number(error, &namespace),
            _ => error,
        }
    })
}

fn dispatch_in(cli: Cli, env: Env, printer: &mut Printer) -> Result<u8, CliError> {
    // The hidden verbs of agents run in pods too, where no settings are read and no state is kept.
    match &cli.verb {
        Verb::Agent(args) => return agent::agent(env, args, printer),
        Verb::AgentGuard => return Ok(agent::agent_guard()),
        Verb::AgentExec(args) => return Ok(agent::agent_exec(args)),
        Verb::AgentBeside(args) => return Ok(agent::agent_beside(args, printer)),
        Verb::AgentCancel(args) => return agent::agent_cancel(args),
        Verb::AgentInstall(args) => return agent::agent_install(args),
        Verb::AgentProbe => return agent::agent_probe(printer),
        Verb::BatchWorker(args) => return batch::batch_worker(&env, args, printer),
        Verb::ServeReplica(args) => return serve::serve_replica_verb(&env, args, printer),
        Verb::ServeRouter => return serve::serve_router(&env, printer),
        _ => {}
    }
    leave_relative_path(&env)?;
    if let (Some(foreign), Some(home)) = (&env.foreign_home, &env.home) {
        let why = if crate::sys::is_anothers(foreign) {
            "belongs to another user"
        } else {
            "this user can't write to"
        };
        printer.warn(format!(
            "HOME names {}, which {why}: {} is used instead",
            foreign.display(),
            home.display()
        ));
    }
    let (format, place) = (cli.global.output, cli.global.place.clone());
    if let Verb::Doctor(args) = &cli.verb {
        return doctor::run(&env, printer, format, &place, args);
    }
    if let Verb::TuneLoop = &cli.verb {
        let mut env = env;
        let variables = tune::LoopVariables::take(&mut env)?;
        let mut context = Context::new(env, printer.clone(), format, place)?;
        return tune::tune_loop(&mut context, &variables);
    }
    if let Verb::ServeLoop = &cli.verb {
        let mut env = env;
        let variables = serve::ServeVariables::take(&mut env)?;
        let mut context = Context::new(env, printer.clone(), format, place)?;
        return serve::serve_loop(&mut context, variables);
    }
    let context = Context::new(env, printer.clone(), format, place)?;
    let context = &context;
    context.say_places();
    context.check_context()?;
    let done = verb(context, &cli.verb);
    if done.is_ok() && cleans_up(&cli.verb) {
        cleanup::by_itself(context);
    }
    done
}

/// Verbs after which what has outlived its time is removed.
fn cleans_up(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Train(_) | Verb::BatchPredict(_) | Verb::Tune(_) | Verb::Wait(_) | Verb::List(_)
    )
}

/// An entry of `PATH` that is relative, or empty, means whatever folder a program is called in: a
/// program of mlctl's or of a cluster's log-in would be taken from a checkout that happens to be
/// there. Where there is one, this program starts itself again without it.
fn leave_relative_path(env: &Env) -> Result<(), CliError> {
    let Some(path) = std::env::var_os("PATH") else { return Ok(()) };
    let all: Vec<_> = std::env::split_paths(&path).collect();
    let good: Vec<_> = all.iter().filter(|dir| dir.is_absolute()).collect();
    if good.len() == all.len() {
        return Ok(());
    }
    let failed = |error: &dyn std::fmt::Display| {
        CliError::new(ErrorKind::Internal, format!("PATH has relative entries: {error}"))
            .hint("leave them out of PATH")
    };
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_else(|| env.exe.clone().into());
    let mut again = Command::new(crate::sys::own_program());
    again.arg0(name).args(args);
    if good.is_empty() {
        // An empty variable would be one empty entry.
        again.env_remove("PATH");
    } else {
        again.env("PATH", std::env::join_paths(good).map_err(|error| failed(&error))?);
    }
    let again = again.exec();
    Err(failed(&again))
}

fn verb(context: &Context, verb: &Verb) -> Result<u8, CliError> {
    match verb {
        Verb::Init(args) => init::init(context, args),
        Verb::Train(args) => train::train(context, args),
        Verb::Outputs(args) => outputs::run(context, args),
        Verb::Predict(args) => predict::run(context, args),
        Verb::Evaluate(args) => evaluate::run(context, args),
        Verb::BatchPredict(args) => batch::run(context, args),
        Verb::Tune(args) => tune::run(context, args),
        Verb::Models(args) => models::run(context, args),
        Verb::Model(args) => model::run(context, args),
        Verb::Export(args) => export::export(context, args),
        Verb::Web(args) => web::web(context, args),
        Verb::Serve(args) => serve::serve(context, args),
        Verb::Traffic(args) => serve::traffic(context, args),
        Verb::Rollout(args) => serve::rollout(context, args),
        Verb::Rollback(args) => serve::rollback(context, args),
        Verb::Scale(args) => serve::scale(context, args),
        Verb::Undeploy(args) => serve::undeploy(context, args),
        Verb::List(args) => list::run(context, args),
        Verb::Status(args) => status::run(context, args),
        Verb::Logs(args) => logs::run(context, args),
        Verb::Wait(args) => wait::run(context, args),
        Verb::Cancel(args) => cancel::run(context, args),
        Verb::Cleanup(args) => cleanup::run(context, args),
        Verb::Cost(args) => cost::run(context, args),
        Verb::Why(args) => why::run(context, args),
        Verb::Exec(args) => exec::run(context, args),
        Verb::Gpus(args) => gpus::run(context, args),
        Verb::Validate(args) => spec::validate(context, args),
        Verb::Render(args) => render::run(context, args),
        Verb::Convert(args) => spec::convert(context, args),
        Verb::Schema(args) => spec::schema(context, args),
        Verb::Explain(args) => spec::explain(context, args),
        Verb::State(args) => state::run(context, args),
        Verb::Cluster(args) => cluster::run(context, args),
        Verb::Completions(args) => completions::completions(context, args),
        Verb::Man(args) => completions::man(context, args),
        Verb::Version(args) => version::version(context, args),
        Verb::Complete(args) => complete::complete(context, args),
        // These verbs are dispatched before, without a context.
        Verb::Help(_)
        | Verb::Doctor(_)
        | Verb::Agent(_)
        | Verb::AgentGuard
        | Verb::AgentExec(_)
        | Verb::AgentBeside(_)
        | Verb::AgentCancel(_)
        | Verb::AgentInstall(_)
        | Verb::AgentProbe
        | Verb::BatchWorker(_)
        | Verb::ServeReplica(_)
        | Verb::ServeLoop
        | Verb::ServeRouter
        | Verb::TuneLoop => Ok(0),
    }
}

fn printer_for(global: &Global, env: &Env) -> Printer {
    Printer {
        verbosity: match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        },
        terminal: terminal(global.color, env),
        ..Printer::default()
    }
}

/// Whether the locale has another encoding than UTF-8. Where nothing says any, as in a container, the terminal
/// that shows it nearly always has UTF-8.
fn is_ascii(env: &Env) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env.get(name))
        .find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

fn terminal(color: ColorChoice, env: &Env) -> Terminal {
    let (stdout, stderr) = are_terminals();
    let dumb = env.get("TERM") == Some("dumb");
    let stderr = stderr && !dumb;
    let color = |terminal: bool| match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let forced = env.get("CLICOLOR_FORCE").is_some_and(|v| v != "0");
            forced || (terminal && !dumb && env.get("NO_COLOR").is_none())
        }
    };
    let width = env.get("COLUMNS").and_then(|c| c.parse().ok()).or_else(terminal_width);
    Terminal {
        stdout,
        stderr,
        color_out: color(stdout),
        color_err: color(stderr),
        ascii: is_ascii(env),
        width: width.unwrap_or(80).max(40),
    }
}
