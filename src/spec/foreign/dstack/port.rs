//! The port of a service: its server listens on one that the file names, and each replica has one of its own.

use super::run::Run;
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::port::{FORWARD, PLACEHOLDERS, with_port};
use crate::spec::foreign::common::shell::as_value;
use crate::spec::kinds::train::EnvVar;
use crate::spec::syntax::Entry;

/// Lets callers reach the server: `8000`, or `80:8000` of which the second is the server's. Where the commands or a
/// variable say the port, that of the replica takes its place; else connections are passed on.
pub(super) fn port(findings: &mut Findings, entry: &Entry, run: &mut Run<'_>) {
    let text = entry.value.as_text().unwrap_or_default();
    let own = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let Some(port) = own.filter(|port| *port > 0) else {
        findings.wrong_type(&entry.value, "port", "a port such as `8000`");
        return;
    };
    let mut is_told = false;
    let mut taken = None;
    for word in run.command.iter_mut().flatten().chain(&mut run.args) {
        taken = taken.or(PLACEHOLDERS.into_iter().find(|own| word.contains(own)));
        let (text, count) = with_port(word, port, "{port}");
        *word = text;
        is_told |= count > 0;
    }
    if let Some(own) = taken {
        let at = run.fields.get("commands").unwrap_or(&entry.value);
        let message = format!("`{own}` in the commands would be replaced");
        findings.refuse(at, message, "write a variable of the shell without braces: `$name`");
    }
    for variable in &mut run.environment.variables {
        let is_port = variable.name.to_ascii_uppercase().contains("PORT");
        if is_port && variable.value.as_deref() == Some(port.to_string().as_str()) {
            variable.value = Some("$(AIP_HTTP_PORT)".to_owned());
            is_told = true;
        }
    }
    if is_told {
        return;
    }
    let script = match run.command.as_deref_mut() {
        Some([_, flag, script]) if flag == "-c" => script,
        _ => {
            let message = format!(
                "nothing tells the server of port {port} that it must listen at AIP_HTTP_PORT"
            );
            let help = "write `commands` that start it with `--port $AIP_HTTP_PORT`: each replica has a port of its own";
            findings.instead(&entry.value, message, help);
            return;
        }
    };
    *script =
        format!("{{ python3 -c \"$DSTACK_FORWARD\" \"$AIP_HTTP_PORT\" {port} & }} && {script}");
    run.environment.add_last(EnvVar {
        name: "DSTACK_FORWARD".to_owned(),
        value: Some(as_value(FORWARD)),
        value_from: None,
    });
    let message =
        format!("nothing in the commands says port {port}, to which connections are passed on");
    let help = "say it, so that a machine can have several replicas: `--port $AIP_HTTP_PORT`";
    findings.instead(&entry.value, message, help);
}
