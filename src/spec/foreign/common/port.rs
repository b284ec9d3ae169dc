//! The port of a service: its server listens on one that a file names, and each replica of an endpoint has one of its
//! own.

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
