//! The names of a gang's other pods: a new one reaches the nodes' DNS servers a moment after the
//! pod has its address, and a server may remember for up to 30 s that it was not there. Frameworks
//! don't wait for it: gRPC fails a call at once, and asks again as late as 30 s after a failure.

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::process::Control;

/// The names of all peers resolve within this time, or the command starts without. It is longer
/// than DNS servers remember that a name was not there.
const PEER_NAMES_LIMIT: Duration = Duration::from_mins(1);

/// The pause between two look-ups of the names that are missing.
const LOOKUP_PACE: Duration = Duration::from_millis(100);

/// Waits until these hosts have addresses here, or the command isn't wanted any more. Returns the
/// names that have none in the end, and why.
pub(super) fn wait(hosts: &[String], control: &Control) -> Vec<String> {
    let begin = Instant::now();
    let mut missing: BTreeMap<String, String> =
        hosts.iter().map(|host| (host.clone(), "no answer yet".to_owned())).collect();
    let (answers, results) = channel();
    let wanted = hosts.to_vec();
    // A look-up can take longer than a command may wait that is to end, so that it has its own
    // thread.
    std::thread::spawn(move || resolve(wanted, &answers));
    while !missing.is_empty() && !control.is_ended() && begin.elapsed() < PEER_NAMES_LIMIT {
        match results.recv_timeout(LOOKUP_PACE) {
            Ok((host, Ok(()))) => drop(missing.remove(&host)),
            Ok((host, Err(reason))) => drop(missing.insert(host, reason)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    missing.into_iter().map(|(host, reason)| format!("{host} ({reason})")).collect()
}

/// Looks names up until all have been found or nobody takes the answers any more.
fn resolve(mut hosts: Vec<String>, answers: &Sender<(String, Result<(), String>)>) {
    while !hosts.is_empty() {
        let mut is_wanted = true;
        hosts.retain(|host| {
            let found = (host.as_str(), 0).to_socket_addrs();
            let found = found.map(|_| ()).map_err(|error| error.to_string());
            let is_missing = found.is_err();
            is_wanted &= answers.send((host.clone(), found)).is_ok();
            is_missing
        });
        if !is_wanted {
            return;
        }
        std::thread::sleep(LOOKUP_PACE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwanted_command_waits_for_nothing() {
        let control = Control::default();
        let known = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        assert_eq!(wait(&known, &control), Vec::<String>::new());
        control.kill();
        let unknown = ["no-such-host.invalid".to_owned()];
        assert!(wait(&unknown, &control)[0].starts_with("no-such-host.invalid ("));
    }
}
