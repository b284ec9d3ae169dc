//! The port of a service: its server listens on one that a file names, and each replica of an endpoint has one of its
//! own.

use super::fields::Findings;
use crate::spec::syntax::Node;

/// Where a model server listens for which a file says nothing: on Vertex AI, with KServe, and in a cluster here.
pub(in crate::spec::foreign) const USUAL_PORT: u16 = 8080;

/// Says that a server is taken to listen on a port that nothing tells it.
pub(in crate::spec::foreign) fn always_listens(findings: &mut Findings, at: &Node, port: u16) {
    let message =
        format!("the server is taken to listen on {port} always: nothing tells it another port");
    let help = "`routes.port` says so, and on this machine only one such replica can run at a time; `{port}` in an \
                argument, or a server that reads AIP_HTTP_PORT, needs no `routes.port`";
    findings.instead(at, message, help);
}

/// What is replaced in the words of a server's command.
pub(in crate::spec::foreign) const PLACEHOLDERS: [&str; 4] =
    ["{port}", "{grpcPort}", "{model}", "{name}"];

/// Passes connections on from the replica's port to the one on which the server listens.
pub(in crate::spec::foreign) const FORWARD: &str = "\
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

/// Reads the number of a port.
pub(in crate::spec::foreign) fn container_port(
    findings: &mut Findings,
    node: &Node,
) -> Option<u16> {
    let number = findings.count(node, "containerPort")?;
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    if port.is_none() {
        findings.wrong_type(node, "containerPort", "a port: 1 to 65535");
    }
    port
}

/// The text with the placeholder where a server's command says this port: `--port=8080`, `0.0.0.0:8080`, and `8080`
/// behind a flag of a port; within a script, too. `before` is the word before the text. An address of another machine
/// stays as it is, and so does what is no port by its flag.
pub(in crate::spec::foreign) fn with_flagged_port(
    text: &str,
    before: &str,
    port: u16,
    placeholder: &str,
) -> String {
    let number = port.to_string();
    let names_port = |word: &str| {
        let word = word.to_ascii_lowercase();
        word == "-p" || ["port", "listen", "bind", "http"].iter().any(|part| word.contains(part))
    };
    let is_own = |host: &str| {
        let host = host.rsplit(['=', '/', '"', '\'', ',']).next().unwrap_or_default();
        ["", "*", "0.0.0.0", "[::]", "localhost", "127.0.0.1"].contains(&host)
    };
    let says_port = |head: &str, last: &str| match head.strip_suffix(':') {
        Some(host) => is_own(host),
        None => match head.strip_suffix('=') {
            Some(flag) => names_port(flag),
            None => head.is_empty() && last.starts_with('-') && names_port(last),
        },
    };
    let mut out = String::with_capacity(text.len());
    let mut last = before.to_owned();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        match word.strip_suffix(&number).filter(|head| says_port(head, &last)) {
            Some(head) => {
                out += head;
                out += placeholder;
                out += &piece[word.len()..];
            }
            None => out += piece,
        }
        word.clone_into(&mut last);
    }
    out
}

/// What stands before a port in a command or an address.
const BEFORE_PORT: [&str; 6] = ["port", "-p", ":", "http.server", "bind", "-b"];

/// The text with the replacement where it says this port, and how often it does. A number is the port where it
/// stands by itself behind a word or a sign of ports.
pub(in crate::spec::foreign) fn with_port(
    text: &str,
    port: u16,
    replacement: &str,
) -> (String, usize) {
    let digits = port.to_string();
    let (mut out, mut rest, mut count) = (String::with_capacity(text.len()), text, 0);
    while let Some(at) = rest.find(&digits) {
        let (before, after) = (&rest[..at], &rest[at + digits.len()..]);
        out.push_str(before);
        let is_whole = !out.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.')
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let sign = out.trim_end_matches([' ', '=', '"', '\'', '\\', '\n']).to_ascii_lowercase();
        if is_whole && BEFORE_PORT.iter().any(|word| sign.ends_with(word)) {
            out.push_str(replacement);
            count += 1;
        } else {
            out.push_str(&digits);
        }
        rest = after;
    }
    out.push_str(rest);
    (out, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_or_an_address_of_its_own_says_a_port() {
        for (written, before, wanted) in [
            ("--port=80 --bind 0.0.0.0:80", "", "--port={port} --bind 0.0.0.0:{port}"),
            ("80", "--http-port", "{port}"),
            ("80", "--steps", "80"),
            (
                "--steps=80 --store=redis://cache:80 cache:80",
                "",
                "--steps=80 --store=redis://cache:80 cache:80",
            ),
            ("PORT=80 serve --listen=tcp://*:80", "", "PORT={port} serve --listen=tcp://*:{port}"),
            (":80 80 180", "x", ":{port} 80 180"),
        ] {
            assert_eq!(with_flagged_port(written, before, 80, "{port}"), wanted);
        }
    }

    #[test]
    fn a_port_is_a_number_by_itself_behind_a_word_of_ports() {
        for (script, wanted) in [
            ("x --port 8000", Some("x --port {port}")),
            ("python -m http.server 8000", Some("python -m http.server {port}")),
            ("uvicorn --bind 0.0.0.0:8000", Some("uvicorn --bind 0.0.0.0:{port}")),
            ("x --port=8000 -p 8000", Some("x --port={port} -p {port}")),
            ("x 127.0.0.1:8000/a", Some("x 127.0.0.1:{port}/a")),
            ("PORT=8000 x", Some("PORT={port} x")),
            ("x 18000 v8000 80001 0.8000 --steps 8000", None),
        ] {
            let (text, count) = with_port(script, 8000, "{port}");
            assert_eq!((count > 0).then_some(text.as_str()), wanted, "{script}");
        }
    }
}
