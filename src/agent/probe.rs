//! What a pod of `doctor` sees: whether the cluster's names can be resolved in it.

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A name that resolves in the pods of every cluster.
const NAME: &str = "kubernetes.default.svc";
/// A DNS server has answered within this time, or it is not there. One that dropped a question is
/// asked again before that.
const RESOLVE_LIMIT: Duration = Duration::from_secs(15);
/// The pause between two look-ups.
const RESOLVE_PACE: Duration = Duration::from_millis(500);
/// The file that names the DNS servers of the pod.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// What the probe's program says of the pod that it runs in: its termination message, JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbeReport {
    /// The addresses of each name that resolves.
    pub resolved: BTreeMap<String, Vec<String>>,
    /// The names that don't resolve, each with the reason.
    pub failed: BTreeMap<String, String>,
    /// The addresses of the DNS servers; empty when they can't be read.
    pub nameservers: Vec<String>,
}

/// Looks up the names, which takes at most [`RESOLVE_LIMIT`].
pub fn probe() -> ProbeReport {
    let servers = fs_err::read_to_string(RESOLV_CONF).unwrap_or_default();
    let mut report = ProbeReport { nameservers: nameservers(&servers), ..ProbeReport::default() };
    match resolve(NAME, RESOLVE_LIMIT) {
        Ok(addresses) => drop(report.resolved.insert(NAME.into(), addresses)),
        Err(why) => report.failed = BTreeMap::from([(NAME.into(), why)]),
    }
    report
}

fn nameservers(text: &str) -> Vec<String> {
    let server = |line: &str| line.strip_prefix("nameserver ").map(|rest| rest.trim().to_owned());
    text.lines().filter_map(server).collect()
}

/// Looks a name up until there is an answer or `patience` is over. The error is the last reason.
fn resolve(name: &str, patience: Duration) -> Result<Vec<String>, String> {
    let begin = Instant::now();
    let (answers, results) = channel();
    let asked = name.to_owned();
    // The system's look-up can't be limited in time, so that it has a thread of its own.
    std::thread::spawn(move || {
        loop {
            let found = (asked.as_str(), 0).to_socket_addrs();
            let found = found.map(|all| all.map(|one| one.ip().to_string()).collect());
            let is_over = found.is_ok();
            if answers.send(found.map_err(|error| error.to_string())).is_err() || is_over {
                return;
            }
            std::thread::sleep(RESOLVE_PACE);
        }
    });
    let mut last = "no answer in time".to_owned();
    while let Ok(found) = results.recv_timeout(patience.saturating_sub(begin.elapsed())) {
        match found {
            Ok(addresses) => return Ok(addresses),
            Err(why) => last = why,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_and_names_resolved_or_not() {
        let text = "search ml.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";
        assert_eq!(nameservers(text), ["10.96.0.10"]);
        assert!(resolve("localhost", RESOLVE_LIMIT).is_ok_and(|all| !all.is_empty()));
        assert!(resolve("no-such-host.invalid", Duration::from_millis(200)).is_err());
    }
}
