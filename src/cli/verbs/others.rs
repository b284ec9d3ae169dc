//! Questions before something is done that can't be undone: what others have submitted is not ended
//! unasked.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use crate::cli::{CliError, Context, ErrorKind, Target};

/// Asks; an error, with what to do instead, where nobody can answer.
pub(super) fn ask(context: &Context, question: &str, hint: &str) -> Result<bool, CliError> {
    if !context.printer.terminal.stderr || !std::io::stdin().is_terminal() {
        let message = format!("nobody is here to answer: {question}");
        return Err(CliError::new(ErrorKind::Usage, message).hint(hint));
    }
    Ok(context.printer.confirm(question))
}

/// Whose runs somebody has agreed to end beside their own.
pub(super) struct Agreed {
    owners: BTreeSet<String>,
    everybody: bool,
}

impl Agreed {
    /// The name of another user whose run it is, and of whom nothing was said.
    pub(super) fn forgets(
        &self,
        context: &Context,
        run: &Target,
    ) -> Result<Option<String>, CliError> {
        if self.everybody {
            return Ok(None);
        }
        Ok(owner(context, run)?.filter(|owner| !self.owners.contains(owner)))
    }
}

/// Asks once before these runs are ended, where some are another user's; `None` where somebody said no.
/// `yes` says that everybody's are meant.
pub(super) fn agree<'a>(
    context: &Context,
    runs: impl IntoIterator<Item = &'a Target>,
    yes: bool,
) -> Result<Option<Agreed>, CliError> {
    let mut agreed = Agreed { owners: BTreeSet::new(), everybody: yes };
    if yes {
        return Ok(Some(agreed));
    }
    let mut lines = Vec::new();
    for run in runs {
        if let Some(owner) = owner(context, run)? {
            lines.push(format!("{} is a run of {owner}", run.record.id));
            agreed.owners.insert(owner);
        }
    }
    if lines.is_empty() {
        return Ok(Some(agreed));
    }
    for line in &lines {
        context.printer.line(line);
    }
    let question = if lines.len() == 1 { "cancel it?" } else { "cancel them?" };
    let sure = ask(context, question, "--yes cancels what others have submitted, too")?;
    if !sure {
        context.printer.say("nothing was cancelled");
    }
    Ok(sure.then_some(agreed))
}

/// The other user whose run it is; `None` where it is one's own.
pub(super) fn owner(context: &Context, run: &Target) -> Result<Option<String>, CliError> {
    Ok(context.runtime(&run.record.runtime)?.another_owner(&run.record.id)?)
}
