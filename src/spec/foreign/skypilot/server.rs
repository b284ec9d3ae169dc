//! The port of a service: SkyPilot's servers listen on one that their script names, and each replica of an
//! endpoint has one of its own.

use super::script::{command, uses_conda};
use crate::spec::foreign::common::port::{FORWARD, PLACEHOLDERS, with_port};
use crate::spec::foreign::common::shell::{as_value, as_written};
use crate::spec::kinds::train::EnvVar;

/// The port of a replica, for whatever is replaced when its server starts.
const PORT: &str = "$(AIP_HTTP_PORT)";
/// The variable with a script in which something would be replaced.
const RUN: &str = "SKYPILOT_RUN";

/// How a server gets the port of its replica.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Its script names the port, in whose place the replica's stands.
    InScript,
    /// A variable has the port as its value.
    ByVariable(String),
    /// Nothing names it: what comes to the replica's port is passed on.
    Passed,
}

/// The command of a server, and how it gets its port; `env` are the variables of the task, of which `secrets` may have
/// any value.
pub(super) fn server(
    run: &str,
    port: u16,
    env: &mut Vec<EnvVar>,
    secrets: &[String],
) -> (Vec<String>, Told) {
    let written = port.to_string();
    let is_hidden = PLACEHOLDERS.iter().any(|placeholder| run.contains(placeholder));
    let script = if is_hidden { as_value(run) } else { as_written(run) };
    let (replaced, count) = with_port(&script, port, PORT);
    let (script, told) = if count > 0 {
        (replaced, Told::InScript)
    } else if let Some(one) = env
        .iter_mut()
        .find(|one| one.value.as_deref() == Some(&written) && !secrets.contains(&one.name))
    {
        one.value = Some(PORT.to_owned());
        (script, Told::ByVariable(one.name.clone()))
    } else {
        (script, Told::Passed)
    };
    let mut first = String::new();
    if told == Told::Passed {
        first = format!("python3 -c \"$SKYPILOT_FORWARD\" {PORT} {written} &\n");
        let name = "SKYPILOT_FORWARD".to_owned();
        env.push(EnvVar { name, value: Some(as_value(FORWARD)), value_from: None });
    }
    if first.is_empty() && !is_hidden {
        let mut words = command(run);
        if let Some(last) = words.last_mut() {
            *last = script;
        }
        return (words, told);
    }
    if uses_conda(run) {
        first += &as_written(super::script::CONDA);
    }
    let eval = if is_hidden { format!("eval \"${RUN}\"") } else { "eval \"$0\"".to_owned() };
    let mut words = vec!["bash".to_owned(), "-c".to_owned(), first + &eval];
    if is_hidden {
        let script = format!("{}\n", script.trim_end());
        env.push(EnvVar { name: RUN.to_owned(), value: Some(script), value_from: None });
    } else {
        words.push(script);
    }
    (words, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_with_braces_goes_by_a_variable() {
        let mut env = Vec::new();
        let (words, told) = server("serve ${port} --port 80", 80, &mut env, &[]);
        assert_eq!((words.len(), told), (3, Told::InScript));
        assert_eq!(env[0].value.as_deref(), Some("serve $${port} --port $(AIP_HTTP_PORT)\n"));
        let (words, told) = server("serve", 80, &mut env, &[]);
        assert_eq!((words.len(), told), (4, Told::Passed));
        assert_eq!(env.len(), 2);
    }
}
