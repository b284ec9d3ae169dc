//! The first question: who answers, of which version, and what time it is there.

use http::Request;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::client::Body;
use kube::core::Status;

use crate::doctor::ServerFacts;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;

/// What the answer to the first request holds.
pub(crate) struct Reached {
    /// Which version answers, and where.
    pub(crate) server: ServerFacts,
    /// The server's clock, in whole seconds, and this machine's at about the same moment; `None`
    /// when the answer has no date.
    pub(crate) clocks: Option<(Timestamp, Timestamp)>,
}

/// Asks for the version of the API server, which any user may see whom the cluster knows.
pub(crate) async fn reach(cluster: &Cluster) -> Result<Reached, ClusterError> {
    let explain = |error| cluster.target.explain(error);
    let mut sent = Timestamp::now();
    let answer = cluster
        .retry(|| {
            // The time of the try that is answered counts.
            sent = Timestamp::now();
            let request = Request::get("/version").body(Body::empty());
            async {
                let request = request.map_err(kube::Error::HttpError)?;
                cluster.client.send(request).await
            }
        })
        .await
        .map_err(explain)?;
    let clocks = answer
        .headers()
        .get(http::header::DATE)
        .and_then(|date| date.to_str().ok())
        .and_then(|date| rfc2822::parse(date).ok())
        .map(|date| (date.timestamp(), middle(sent, Timestamp::now())));
    let status = answer.status();
    let body = answer.into_body().collect_bytes().await.map_err(explain)?;
    let number = |info: &Info| {
        // Clouds write `31+`.
        let digits = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse();
        Some((digits(&info.major).ok()?, digits(&info.minor).ok()?))
    };
    let server = cluster.target.server.clone();
    let server = match status.as_u16() {
        200 => match serde_json::from_slice::<Info>(&body) {
            Ok(info) => ServerFacts { number: number(&info), version: info.git_version, server },
            Err(error) => return Err(ClusterError::Api(format!("its version is {error}"))),
        },
        // Some clusters hide the version from users whom they know.
        403 => ServerFacts { version: "hidden from this user".into(), number: None, server },
        code => {
            // A body that is no status has nothing to tell beside the code.
            let refusal = serde_json::from_slice::<Status>(&body).unwrap_or_default();
            let message =
                if refusal.message.is_empty() { status.to_string() } else { refusal.message };
            let refusal = Status { code, message, ..Status::default() };
            return Err(cluster.target.explain_status(&refusal));
        }
    };
    Ok(Reached { server, clocks })
}

/// The moment between two others, at about which the server must have read its clock.
fn middle(from: Timestamp, to: Timestamp) -> Timestamp {
    let half = to.duration_since(from) / 2;
    from.checked_add(half).unwrap_or(to)
}
