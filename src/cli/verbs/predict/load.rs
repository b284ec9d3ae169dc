//! `predict --load`: many requests, and how they were answered.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::watch;

use super::PredictArgs;
use super::answers::batch;
use crate::cli::{CliError, Context, ErrorKind, Interrupts, exit};
use crate::ui::{human, load_text};
use crate::work::predict::{self, Input, LoadOptions, LoadReport};
use crate::work::protocol::Caller;

/// Requests on their way where nothing else is said.
const CONCURRENCY: usize = 16;
/// How soon a signal is seen.
const SIGNAL_PERIOD: Duration = Duration::from_millis(50);

/// Runs the test and prints its result.
pub(super) fn run(
    context: &Context,
    caller: Caller,
    input: &Input,
    duration: Duration,
    args: &PredictArgs,
) -> Result<u8, CliError> {
    if duration.is_zero() {
        return Err(CliError::new(ErrorKind::Usage, "--load needs a time, such as 30s"));
    }
    let concurrency = args.how.concurrency.or(NonZeroUsize::new(CONCURRENCY));
    let options = LoadOptions {
        duration,
        concurrency: concurrency.unwrap_or(NonZeroUsize::MIN),
        rate: args.load.rate,
    };
    let interrupts = Interrupts::listen()?;
    let (stop, stopped) = watch::channel(false);
    let signals = async {
        let came = async |count| {
            while interrupts.count() < count && !interrupts.hung_up() {
                tokio::time::sleep(SIGNAL_PERIOD).await;
            }
        };
        came(1).await;
        stop.send_replace(true);
        // Whoever asks again doesn't want to wait for the result either.
        came(2).await;
    };
    let mut early = stopped.clone();
    let test = async {
        let requests = tokio::select! {
            requests = predict::prepare(&caller, input, batch(input, args)) => requests?,
            _ = early.wait_for(|stop| *stop) => return Err(cancelled()),
        };
        let at_once = options.concurrency;
        context.printer.say(format!(
            "{} is asked for {}, {at_once} requests at once",
            caller.place(),
            human::duration(duration)
        ));
        Ok::<LoadReport, CliError>(predict::load(caller, requests, &options, stopped).await)
    };
    let report = context.handle()?.block_on(async {
        tokio::select! {
            report = test => report,
            () = signals => Err(cancelled()),
        }
    })?;
    context.emit(&report, || load_text(&report, &context.printer))?;
    end(context, &report)
}

fn end(context: &Context, report: &LoadReport) -> Result<u8, CliError> {
    if report.succeeded > 0 {
        return Ok(exit::OK);
    }
    let Some(most) = report.failures.first() else {
        return Err(cancelled());
    };
    context.printer.error(format!("every request has failed: {}", most.example));
    let unreachable = matches!(most.kind.as_str(), "unreachable" | "timeout" | "cut off");
    let kind = if unreachable { ErrorKind::Unreachable } else { ErrorKind::Refused };
    Err(CliError::printed(kind))
}

fn cancelled() -> CliError {
    CliError::new(ErrorKind::Cancelled, "ended before any request had come to its end")
}
