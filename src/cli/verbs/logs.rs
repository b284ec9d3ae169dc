//! `mlctl logs`: what the commands printed.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::{CliError, Context, ErrorKind, Format, Interrupts, Target, exit};
use crate::gang::{Attempt, ReplicaId, RoleName, RunId};
use crate::run::{Follow, FollowEnd, Interrupt, follow};
use crate::runtime::{LOCAL, LogLine, LogQuery};
use crate::store::now;
use crate::text::Span;
use crate::ui::{FollowMode, OutputLook, Show, Text};

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl logs                         everything that the last run printed
  mlctl logs -f                      and what it prints from now on
  mlctl logs digits --replica worker-1 --tail 50
  mlctl logs digits --attempt 1 --no-prefix > attempt-1.txt
  mlctl logs digits/v2               the newest replica of an endpoint's revision

A file or a pipe gets the bytes that the commands printed. A terminal gets lines
without colours, in which whatever it would obey is written out: \\x1b, \\u202e.")]
pub struct LogsArgs {
    /// The run
    pub run: Option<String>,
    /// Go on until the run has ended
    #[arg(short, long)]
    pub follow: bool,
    /// Only replicas of this role
    #[arg(long, conflicts_with = "replica")]
    pub role: Option<RoleName>,
    /// Only this replica, for example worker-0
    #[arg(long, value_name = "ROLE-INDEX")]
    pub replica: Option<ReplicaId>,
    /// Only this attempt; 0 is the set-up before the first
    #[arg(long, value_name = "N")]
    pub attempt: Option<Attempt>,
    /// Only what was printed within this time, for example 5m; exact to 2 s
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Span>,
    /// Only so many of the last lines of each replica
    #[arg(long, value_name = "N")]
    pub tail: Option<usize>,
    /// Put the time at which a line was printed before it, exact to 2 s
    #[arg(long)]
    pub timestamps: bool,
    /// Don't put the replica before its lines
    #[arg(long)]
    pub no_prefix: bool,
    /// Print to a terminal, too, the bytes as they are: they can change its title, its clipboard and
    /// what it shows
    #[arg(long)]
    pub raw: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    run: &'a RunId,
    lines: Vec<Line>,
}

/// A line that a replica printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    replica: ReplicaId,
    attempt: Attempt,
    /// When it was printed, exact to 2 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    text: String,
}

impl Line {
    fn of(line: LogLine) -> Self {
        let LogLine { replica, attempt, time, line, .. } = line;
        Self { replica, attempt, time, text: String::from_utf8_lossy(&line).into_owned() }
    }
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &LogsArgs) -> Result<u8, CliError> {
    let target = context.target(args.run.as_deref())?;
    let query = query(args, &target)?;
    let runtime = context.runtime(&target.record.runtime)?;
    let single = args.replica.is_some()
        || target
            .plan
            .as_ref()
            .is_some_and(|plan| plan.service().is_none() && plan.gang().replicas().count() == 1);
    let prefix = !args.no_prefix && !single;
    let look = OutputLook { prefix, time: args.timestamps, raw: args.raw };
    let is_document = context.format != Format::Table;
    if is_document && args.follow {
        let message = "a log that is followed is no document: it ends when the run does";
        return Err(CliError::new(ErrorKind::Usage, message)
            .hint("leave -o out, or follow events: mlctl wait --events"));
    }
    let mut told = Vec::new();
    if !args.follow {
        let mut reader = runtime.logs(&target.paths, &query)?;
        let mut is_empty = true;
        loop {
            let mut lines = reader.read()?;
            let is_last = reader.is_caught_up() || lines.is_empty();
            if is_last {
                lines.extend(reader.finish(None));
            }
            is_empty &= lines.is_empty();
            if is_document {
                told.extend(lines.into_iter().map(Line::of));
            } else {
                context.printer.output(&lines, look)?;
            }
            if is_last {
                break;
            }
        }
        let unread = reader.unread();
        for what in &unread {
            context.printer.fault(what.as_str());
        }
        let document = Document { schema_version: 1, run: &target.record.id, lines: told };
        context.emit(&document, Text::default)?;
        if is_empty && unread.is_empty() {
            say_none(context, &target, args);
        }
        // What is missing was said, and a program is told as well.
        return Ok(if unread.is_empty() { exit::OK } else { ErrorKind::Unreachable.exit_code() });
    }
    let interrupts = Interrupts::listen()?;
    let stop = || {
        if interrupts.count() > 0 || interrupts.hung_up() {
            Interrupt::Detach
        } else {
            Interrupt::None
        }
    };
    let mut show = Show::new(&context.printer, FollowMode::Logs(look));
    let request = Follow {
        store: &target.store,
        runtime: &*runtime,
        paths: &target.paths,
        plan: target.plan.as_ref(),
        logs: query,
        deadline: None,
        user: "",
        interrupt: &stop,
    };
    let end = follow(&request, &mut show)?;
    if matches!(end, FollowEnd::Detached(_)) {
        return Ok(exit::DETACHED);
    }
    if !show.has_output() {
        // What it ended with is in its record by now.
        say_none(context, &context.target(Some(target.record.id.as_str()))?, args);
    }
    Ok(exit::OK)
}

/// Says that there are no lines, and why where a clean-up has removed them.
fn say_none(context: &Context, target: &Target, args: &LogsArgs) {
    let (run, state) = (&target.record.id, target.record.state);
    let is_here = target.record.runtime == LOCAL && state.is_ended();
    if !is_here || target.paths.logs().exists() {
        let is_part = args.role.is_some()
            || args.replica.is_some()
            || args.attempt.is_some()
            || args.since.is_some()
            || args.tail.is_some();
        let what = match (is_part, state.is_ended()) {
            (true, _) => "has no such output",
            (false, true) => "printed nothing",
            (false, false) => "has printed nothing so far",
        };
        context.printer.say(format!("{run} ({state}) {what}"));
        if !is_part {
            let hint = if state.is_ended() {
                "how it ended: mlctl why"
            } else {
                "what it does: mlctl status"
            };
            context.printer.hint(format!("{hint} {run}"));
        }
        return;
    }
    context.printer.say(format!("the logs of {run} ({state}) went with a clean-up"));
    context.printer.hint(format!("what is known of it: mlctl status {run}, mlctl why {run}"));
}

/// The revision of `ENDPOINT/v2` where its replicas are no runs of their own, as in a cluster.
fn revision(args: &LogsArgs, target: &crate::cli::Target) -> Result<Option<RoleName>, CliError> {
    if target.plan.as_ref().is_none_or(|plan| plan.service().is_none()) {
        return Ok(None);
    }
    let Some((_, name)) = args.run.as_deref().and_then(|run| run.rsplit_once('/')) else {
        return Ok(None);
    };
    let wrong = |error: &dyn std::fmt::Display| {
        CliError::new(ErrorKind::Usage, format!("no revision is called `{name}`: {error}"))
    };
    // All generations of a revision are pods of its name.
    let plain = name.split_once('.').map_or(name, |(plain, _)| plain);
    plain.parse().map(Some).map_err(|error| wrong(&error))
}

fn query(args: &LogsArgs, target: &crate::cli::Target) -> Result<LogQuery, CliError> {
    let of_revision = revision(args, target)?;
    let role = args.replica.as_ref().map(|replica| replica.role.clone()).or(args.role.clone());
    let role = role.or(of_revision);
    let index = args.replica.as_ref().map(|replica| replica.index);
    // The revisions of an endpoint in a cluster change, and its pods say themselves what they are.
    let plan = target.plan.as_ref().filter(|plan| plan.service().is_none());
    if let (Some(plan), Some(role)) = (plan, &role) {
        let known = plan
            .gang()
            .replicas()
            .any(|(_, id)| id.role == *role && index.is_none_or(|i| i == id.index));
        if !known {
            let asked = args.replica.as_ref().map_or_else(|| role.to_string(), ToString::to_string);
            let all: Vec<_> =
                plan.gang().replicas().take(16).map(|(_, id)| id.to_string()).collect();
            return Err(CliError::new(
                ErrorKind::NotFound,
                format!("{} has no replica `{asked}`", target.record.id),
            )
            .hint(format!("it has {}", all.join(", "))));
        }
    }
    let since = args.since.and_then(|since| now().checked_sub(since.0).ok());
    Ok(LogQuery {
        role,
        index,
        attempt: args.attempt,
        since,
        tail: args.tail,
        few: false,
        follows: args.follow,
    })
}
