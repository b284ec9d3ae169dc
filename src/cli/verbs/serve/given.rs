//! Which secret values of a spec can reach an endpoint that serves on this machine. They are written down
//! nowhere: its controller has what the shell that began it had, and reads the secrets file anew for each
//! replica.

use std::collections::BTreeSet;

use super::certificate::Found;
use super::target::EndpointTarget;
use crate::cli::{CliError, Context, ErrorKind};
use crate::plan::Plan;
use crate::work::serve::{Definition, Prepared};

/// An error that says how another value can be given.
fn refused(context: &Context, name: &str, message: String) -> CliError {
    let file = context.secrets_file().map(|file| file.display().to_string());
    let file = file.unwrap_or_else(|| "the secrets file".to_owned());
    CliError::new(ErrorKind::Refused, message)
        .hint(format!("write it into {file} and name it as a Secret: that is read anew"))
        .hint(format!(
            "or end the endpoint and serve it anew from this shell: mlctl undeploy {name}"
        ))
}

/// Refuses a certificate that the running router would not show, and encryption that begins or ends.
pub(super) fn certificate_reaches(
    context: &Context,
    target: &EndpointTarget,
    found: Option<&Found>,
) -> Result<(), CliError> {
    let (name, old) = (&target.document.name, &target.document.certificate);
    let new = found.map(Found::fingerprint);
    if old.is_some() != new.is_some() {
        let (now, then) = if new.is_some() { ("without", "with") } else { ("with", "without") };
        let message = format!("{name} serves {now} encryption, and can't go on {then} it (tls)");
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("end it and serve it anew: mlctl undeploy {name}")));
    }
    let Some(found) = found.filter(|_| *old != new && !found_in_file(found)) else { return Ok(()) };
    let message = format!(
        "the certificate of {} can't reach {name}, which has the variables of the shell that began it",
        found.variables.join(", ")
    );
    Err(refused(context, name, message))
}

fn found_in_file(found: Option<&Found>) -> bool {
    found.is_none_or(|found| found.variables.is_empty())
}

/// Refuses what the running controller would have another value of.
pub(super) fn secrets_reach(
    context: &Context,
    target: &EndpointTarget,
    prepared: &Prepared,
) -> Result<(), CliError> {
    let name = &target.document.name;
    let refused = |message: String| refused(context, name, message);
    let known = secrets_known(target);
    if prepared.values.keys().any(|value| !known.contains(value)) {
        return Err(refused(format!(
            "the secret values of the new spec can't reach the processes of {name}, which have those \
             of the shell that began it"
        )));
    }
    let old: Vec<Definition> = target.definitions()?;
    let old: Vec<&Definition> = old
        .iter()
        .filter(|one| target.state.revisions.values().any(|known| known.rules.digest == one.digest))
        .collect();
    for new in &prepared.definitions {
        let is_known =
            |one: &&Definition| one.digest == new.digest || one.looked_up == new.looked_up;
        let Some(looked_up) = &new.looked_up else { continue };
        if old.iter().any(is_known) {
            continue;
        }
        // Where a variable gave the value before, the controller has it still, and it comes before the file.
        let own = old.iter().filter(|one| one.job.roles.keys().eq(new.job.roles.keys()));
        let before = own.filter_map(|one| one.looked_up.as_ref()).flat_map(|one| &one.variables);
        let variables: BTreeSet<&String> = looked_up.variables.iter().chain(before).collect();
        if !variables.is_empty() {
            let variables: Vec<&str> = variables.into_iter().map(String::as_str).collect();
            let revision = new.job.roles.keys().next().cloned().unwrap_or_default();
            return Err(refused(format!(
                "revision {revision}: another value of {} can't reach {name}, which has the variables of \
                 the shell that began it",
                variables.join(", ")
            )));
        }
    }
    Ok(())
}

/// The variables by which the running controller has its secrets.
fn secrets_known(target: &EndpointTarget) -> BTreeSet<String> {
    let env = target.run.plan.as_ref().map(Plan::gang);
    let roles = env.into_iter().flat_map(|gang| &gang.roles);
    roles.flat_map(|role| role.env.iter().map(|variable| variable.name.clone())).collect()
}
