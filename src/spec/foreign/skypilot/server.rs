//! The port of a service: SkyPilot's servers listen on one that their script names, and each replica of an
//! endpoint has one of its own.

use super::script::{as_value, as_written, command, uses_conda};
use crate::spec::kinds::train::EnvVar;

/// The port of a replica, for whatever is replaced when its server starts.
const PORT: &str = "$(AIP_HTTP_PORT)";
/// What is replaced in the words of a server's command, where a script means something else by it.
const PLACEHOLDERS: [&str; 4] = ["{port}", "{grpcPort}", "{model}", "{name}"];
/// The variable with a script in which something would be replaced.
const RUN: &str = "SKYPILOT_RUN";

/// Passes connections on from the replica's port to the one on which the server listens.
const FORWARD: &str = "\
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536): b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        a.close(); b.close()
server = socket.create_server(('', int(sys.argv[1])))
while True:
    caller, _ = server.accept()
    try: answerer = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
    except OSError: caller.close(); continue
    for pair in (caller, answerer), (answerer, caller):
        threading.Thread(target=pump, args=pair, daemon=True).start()
";

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

/// The command of a server, and how it gets its port; `env` are the variables of the task.
pub(super) fn server(run: &str, port: u16, env: &mut Vec<EnvVar>) -> (Vec<String>, Told) {
    let written = port.to_string();
    let is_hidden = PLACEHOLDERS.iter().any(|placeholder| run.contains(placeholder));
    let script = if is_hidden { as_value(run) } else { as_written(run) };
    let replaced = with_port(&script, &written);
    let (script, told) = if let Some(replaced) = replaced {
        (replaced, Told::InScript)
    } else if let Some(one) = env.iter_mut().find(|one| one.value.as_deref() == Some(&written)) {
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

/// The script with the replica's port in all places of a number that stands by itself.
fn with_port(script: &str, port: &str) -> Option<String> {
    let mut out = String::new();
    let (mut rest, mut found) = (script, false);
    while let Some(at) = rest.find(port) {
        let part_of = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let behind = &rest[at + port.len()..];
        let before = rest[..at].chars().next_back().or(out.chars().next_back());
        out += &rest[..at];
        // `0.5.8000` is a version, and `8000.` the end of a sentence.
        let is_alone = !before.is_some_and(part_of)
            && !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out += if is_alone { PORT } else { port };
        found |= is_alone;
        rest = behind;
    }
    out += rest;
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_by_itself() {
        for (script, wanted) in [
            ("x --port 8000", Some("x --port $(AIP_HTTP_PORT)")),
            ("x 127.0.0.1:8000/a", Some("x 127.0.0.1:$(AIP_HTTP_PORT)/a")),
            ("x 18000 v8000 80001 0.8000", None),
            ("8000", Some("$(AIP_HTTP_PORT)")),
        ] {
            assert_eq!(with_port(script, "8000").as_deref(), wanted, "{script}");
        }
    }

    #[test]
    fn a_script_with_braces_goes_by_a_variable() {
        let mut env = Vec::new();
        let (words, told) = server("serve ${port} --port 80", 80, &mut env);
        assert_eq!((words.len(), told), (3, Told::InScript));
        assert_eq!(env[0].value.as_deref(), Some("serve $${port} --port $(AIP_HTTP_PORT)\n"));
        let (words, told) = server("serve", 80, &mut env);
        assert_eq!((words.len(), told), (4, Told::Passed));
        assert_eq!(env.len(), 2);
    }
}
