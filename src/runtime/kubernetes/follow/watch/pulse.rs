//! Whether the API server is there, where nothing that comes from it says so.

use std::time::Duration;

use tokio::time::timeout;

use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::{Cluster, is_passing};

/// The server is asked so often whether it is there: a connection that was cut without a word looks like
/// one over which nothing happens.
pub(super) const PULSE_PACE: Duration = Duration::from_secs(10);
/// It has answered that within this time.
pub(super) const PULSE_LIMIT: Duration = Duration::from_secs(10);

/// Asks the server again and again whether it is there, and tells `hear` why it doesn't say so. Whatever it
/// says, it is there, unless another says in its place that it is not.
pub(super) async fn pulse(
    cluster: Cluster,
    mut hear: impl FnMut(Option<ClusterError>),
    pace: Duration,
    limit: Duration,
) {
    // One that was lost alone says nothing, and one that is away is asked again soon.
    let soon = pace / 10;
    let mut pause = pace;
    loop {
        tokio::time::sleep(pause).await;
        let mut silent = ask(&cluster, limit).await;
        if silent.is_some() {
            tokio::time::sleep(soon).await;
            silent = ask(&cluster, limit).await;
        }
        pause = if silent.is_some() { soon } else { pace };
        hear(silent);
    }
}

/// Why it doesn't say that it is there.
async fn ask(cluster: &Cluster, limit: Duration) -> Option<ClusterError> {
    match timeout(limit, cluster.client.apiserver_version()).await {
        Ok(Err(error)) if is_passing(&error) => Some(cluster.target.explain(error)),
        Ok(_) => None,
        Err(_) => Some(ClusterError::Unreachable {
            context: cluster.target.context.clone(),
            server: cluster.target.server.clone(),
            reason: format!("no answer within {} s", limit.as_secs()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::runtime::kubernetes::client::{Location, Target};

    /// A server that takes connections and says nothing, and then answers.
    #[tokio::test]
    async fn a_silent_server_is_noticed_and_so_is_its_return() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let config = kube::Config::new(server.parse().unwrap());
        let client = kube::Client::try_from(config).unwrap();
        let target = Target { context: "prod".into(), server, ..Target::default() };
        let location = Location { context: "prod".into(), namespace: "ml".into() };
        let cluster = Cluster { client, location, target };
        let heard = Arc::<Mutex<Vec<Option<String>>>>::default();
        let told = Arc::clone(&heard);
        let hear = move |silent: Option<ClusterError>| {
            told.lock().unwrap().push(silent.map(|error| error.to_string()));
        };
        let short = Duration::from_millis(50);
        let task = tokio::spawn(pulse(cluster, hear, short, 4 * short));
        let until = async |is_there: bool| {
            let last = || heard.lock().unwrap().last().cloned();
            while last().is_none_or(|silent| silent.is_none() != is_there) {
                tokio::time::sleep(short).await;
            }
        };
        until(false).await;
        let said = heard.lock().unwrap().last().cloned().flatten().unwrap_or_default();
        assert!(said.contains("prod") && said.contains("no answer"), "{said}");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let body = r#"{"major":"1","minor":"34","gitVersion":"v1.34.0","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            }
        });
        until(true).await;
        task.abort();
    }
}
