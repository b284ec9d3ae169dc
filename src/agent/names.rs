//! The names of a gang's other pods: a new one reaches the nodes' DNS servers a moment after the pod
//! has its address, and a server may remember for up to 30 s that it was not there. Frameworks don't
//! wait for it: gRPC fails a call at once, and asks again as late as 30 s after a failure.

use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

use super::process::Control;

/// Long enough for what a server remembers of a name that was not there.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two tries.
const PACE: Duration = Duration::from_millis(100);

/// Waits until these hosts have addresses here, or the command isn't wanted any more. Returns the
/// names that have none in the end, and why.
pub(super) fn wait(hosts: &[String], control: &Control) -> Vec<String> {
    let begin = Instant::now();
    let mut missing: Vec<&String> = hosts.iter().collect();
    loop {
        let mut reasons = Vec::new();
        missing.retain(|host| match (host.as_str(), 0).to_socket_addrs() {
            Ok(_) => false,
            Err(error) => {
                reasons.push(format!("{host} ({error})"));
                true
            }
        });
        if missing.is_empty() || control.is_ended() || begin.elapsed() > PATIENCE {
            return reasons;
        }
        std::thread::sleep(PACE);
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
