//! Whether a server is ready, by the protocol that it speaks.

use serde::Deserialize;

use super::launch::Launch;
use super::probe::Probe;
use crate::plan::{Protocol, ServerPlan};
use crate::work::protocol::grpc_ready;

/// Asks once. An error says what is still missing.
pub(super) async fn ready(plan: &ServerPlan, launch: &Launch, probe: &Probe) -> Result<(), String> {
    let name = &plan.model_name;
    let version = plan.version.as_ref().map(|version| format!("/versions/{version}"));
    let version = version.unwrap_or_default();
    let at = |route: &str| format!("{}/{}", launch.http, route.trim_start_matches('/'));
    if let Some(route) = &plan.health_route {
        ok(probe, &at(route)).await?;
    }
    match plan.protocol {
        Protocol::TensorflowRest => {
            let url = at(&format!("v1/models/{name}{version}"));
            let (status, body) = probe.get(&url).await?;
            if status != 200 {
                return Err(format!("{url} answers {status}"));
            }
            available(&body)
        }
        Protocol::V2Rest => {
            ok(probe, &at("v2/health/ready")).await?;
            ok(probe, &at(&format!("v2/models/{name}{version}/ready"))).await
        }
        // Its HTTP port need not be served.
        Protocol::TensorflowGrpc | Protocol::V2Grpc => {
            grpc_ready(plan, &launch.base, Probe::LIMIT).await
        }
        Protocol::Openai | Protocol::Vertex if plan.health_route.is_some() => Ok(()),
        // Not every server of this protocol has `/health`, as vLLM has.
        Protocol::Openai => match ok(probe, &at("health")).await {
            Ok(()) => Ok(()),
            Err(_) => ok(probe, &at("v1/models")).await,
        },
        Protocol::Vertex => ok(probe, &at("health")).await,
    }
}

async fn ok(probe: &Probe, url: &str) -> Result<(), String> {
    match probe.get(url).await? {
        (200, _) => Ok(()),
        (status, _) => Err(format!("{url} answers {status}")),
    }
}

#[derive(Deserialize)]
struct Status {
    model_version_status: Vec<VersionStatus>,
}

#[derive(Deserialize)]
struct VersionStatus {
    version: String,
    state: String,
    #[serde(default)]
    status: Told,
}

#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    error_message: String,
}

/// TF Serving answers 200 for versions that load or have ended, too.
fn available(body: &[u8]) -> Result<(), String> {
    let status: Status = serde_json::from_slice(body)
        .map_err(|error| format!("its status can't be read: {error}"))?;
    let versions = &status.model_version_status;
    if versions.iter().any(|version| version.state == "AVAILABLE") {
        return Ok(());
    }
    let told: Vec<String> = versions
        .iter()
        .map(|v| format!("version {} is {} {}", v.version, v.state, v.status.error_message))
        .map(|line| line.trim_end().to_owned())
        .collect();
    Err(if told.is_empty() { "it has no version of the model".to_owned() } else { told.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_available_version_is_ready() {
        let status = |states: &[&str]| {
            let versions = states.iter().map(|state| {
                format!(
                    r#"{{"version":"3","state":"{state}","status":{{"error_code":"OK","error_message":"m"}}}}"#
                )
            });
            let versions: Vec<String> = versions.collect();
            available(format!(r#"{{"model_version_status":[{}]}}"#, versions.join(",")).as_bytes())
        };
        assert_eq!(status(&["END", "AVAILABLE"]), Ok(()));
        assert_eq!(status(&["LOADING"]), Err("version 3 is LOADING m".into()));
        assert_eq!(status(&[]), Err("it has no version of the model".into()));
        assert!(available(b"<html>").unwrap_err().starts_with("its status can't be read"));
    }
}
