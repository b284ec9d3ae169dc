//! What can go wrong between mlctl and a cluster, told apart so that each has its own next step.

use std::error::Error as StdError;
use std::io;

use kube::client::AuthError;
use kube::core::Status;

use crate::runtime::ClusterError;

/// Where requests go, for messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) context: String,
    pub(crate) namespace: String,
    pub(crate) server: String,
}

impl Target {
    /// Turns an error of the client into one that says what a user can do about it.
    pub(crate) fn explain(&self, error: kube::Error) -> ClusterError {
        match error {
            kube::Error::Api(status) => self.explain_status(&status),
            kube::Error::Auth(error) => self.explain_auth(error),
            kube::Error::Service(error) => self.explain_connection(error.as_ref()),
            kube::Error::HyperError(error) => self.explain_connection(&error),
            kube::Error::ReadEvents(error) => self.explain_connection(&error),
            other => self.explain_connection(&other),
        }
    }

    /// Turns a refusal of the API server into one that says what a user can do about it.
    pub(crate) fn explain_status(&self, status: &Status) -> ClusterError {
        let message = status.message.clone();
        match status.code {
            401 => ClusterError::Unauthorized { context: self.context.clone(), reason: message },
            403 if message.contains("exceeded quota") || message.contains("failed quota") => {
                ClusterError::Quota(message)
            }
            403 if message.contains(" cannot ") => self.forbidden(&message),
            403 if message.starts_with("namespaces ") && message.contains("not found") => {
                self.namespace_missing()
            }
            403 => ClusterError::Admission(message),
            404 if message.starts_with("namespaces ") => self.namespace_missing(),
            404 => ClusterError::NotFound(message),
            400 | 422 if message.contains("admission webhook") => ClusterError::Admission(message),
            400 | 415 | 422 => ClusterError::Invalid(message),
            _ if message.contains("admission webhook") => ClusterError::Admission(message),
            500.. if names_kubelet(&message) => ClusterError::Node(of_kubelet(&message)),
            _ => ClusterError::Api(message),
        }
    }

    fn namespace_missing(&self) -> ClusterError {
        ClusterError::NamespaceMissing {
            context: self.context.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// Reads who may not do what from the text of a refusal, since its fields don't hold it:
    /// `... User "alice" cannot create resource "jobs" in API group "batch" in the namespace "x"`.
    fn forbidden(&self, message: &str) -> ClusterError {
        let quoted = |after: &str| -> Option<String> {
            let rest = &message[message.find(after)? + after.len()..];
            rest.split('"').next().map(str::to_owned)
        };
        let verb = message.split(" cannot ").nth(1).and_then(|rest| rest.split(' ').next());
        let group = quoted("in API group \"").filter(|group| !group.is_empty());
        let resource = quoted("resource \"").unwrap_or_else(|| "this".into());
        ClusterError::Forbidden {
            user: quoted("User \"").unwrap_or_else(|| "this user".into()),
            verb: verb.unwrap_or("do").into(),
            resource: group.map_or(resource.clone(), |group| format!("{resource}.{group}")),
            namespace: quoted("in the namespace \"").unwrap_or_else(|| self.namespace.clone()),
        }
    }

    /// Turns a failure of the client's own authentication into one that says who gave no
    /// credentials.
    fn explain_auth(&self, error: AuthError) -> ClusterError {
        let context = self.context.clone();
        match error {
            AuthError::AuthExecRun { cmd, out } => {
                let stderr = String::from_utf8_lossy(&out.stderr).trim().to_owned();
                let said = if stderr.is_empty() { out.status.to_string() } else { stderr };
                // The command line begins with the variables that are set for it. People need only
                // what stands behind them.
                let command = cmd.split_once("}\" ").map_or(cmd.as_str(), |(_, rest)| rest);
                ClusterError::ExecPlugin { context, command: command.replace('"', ""), said }
            }
            AuthError::AuthExecStart(error) => ClusterError::ExecPlugin {
                context,
                command: "exec plugin".into(),
                said: error.to_string(),
            },
            AuthError::ExecPluginFailed
            | AuthError::AuthExecParse(_)
            | AuthError::AuthExec(_)
            | AuthError::MissingCommand => ClusterError::ExecPlugin {
                context,
                command: "exec plugin".into(),
                said: error.to_string(),
            },
            other => ClusterError::Unauthorized { context, reason: other.to_string() },
        }
    }

    /// Turns a broken connection into one that says why, as far as its causes tell.
    fn explain_connection(&self, error: &(dyn StdError + 'static)) -> ClusterError {
        let (context, server) = (self.context.clone(), self.server.clone());
        let chain = chain(error);
        if let Some(auth) = chain.iter().find(|error| error.is::<AuthError>()) {
            return ClusterError::Unauthorized { context, reason: auth.to_string() };
        }
        if let Some(tls) = chain.iter().find_map(|error| find_tls(*error)) {
            return ClusterError::Certificate { context, server, reason: tls };
        }
        let text = chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        if let Some(last) = chain.last().filter(|_| text.contains("peer certificate")) {
            return ClusterError::Certificate { context, server, reason: last.to_string() };
        }
        let io = chain.iter().rev().find_map(|error| error.downcast_ref::<io::Error>());
        let reason = match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => "connection refused".into(),
            Some(io::ErrorKind::TimedOut) => "no answer in time".into(),
            _ if text.contains("dns error") || text.contains("failed to lookup address") => {
                "its name can't be resolved".into()
            }
            _ => chain.last().map_or(text.clone(), ToString::to_string),
        };
        ClusterError::Unreachable { context, server, reason }
    }
}

/// A TLS failure, which hides in the `io::Error` of the handshake.
fn find_tls(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string());
    }
    let mut cause = error.downcast_ref::<io::Error>()?.get_ref()?;
    // Each layer of a connection wraps the error once more.
    while let Some(deeper) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = deeper;
    }
    cause.downcast_ref::<rustls::Error>().map(ToString::to_string)
}

/// An error and all that caused it, outermost first.
pub(crate) fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut chain = vec![error];
    let mut next = error.source();
    while let Some(error) = next {
        chain.push(error);
        next = error.source();
    }
    chain
}

/// The server is busy or away, so that another try may succeed. The request may have arrived all
/// the same.
pub(crate) fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
        kube::Error::Service(error) => !is_lasting(error.as_ref()),
        kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => true,
        _ => false,
    }
}

/// Another try would fail in the same way: the certificate or the credentials are wrong.
fn is_lasting(error: &(dyn StdError + 'static)) -> bool {
    chain(error).into_iter().any(|error| find_tls(error).is_some() || error.is::<AuthError>())
}

/// Nobody listens at the address, or no such address is there. Trying again would only delay the
/// answer.
pub(crate) fn is_refused(error: &kube::Error) -> bool {
    let kube::Error::Service(error) = error else { return false };
    chain(error.as_ref()).into_iter().any(|error| {
        let io = error.downcast_ref::<io::Error>();
        let timed_out = error.to_string().contains("timed out");
        timed_out
            || error.to_string().contains("dns error")
            || io.is_some_and(|io| {
                matches!(io.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut)
            })
    })
}

/// The API server could not ask the kubelet of a node, which is most often down: another try would take
/// as long and come to the same.
pub(crate) fn is_of_node(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code >= 500 && names_kubelet(&status.message))
}

/// In the API server's words for a connection to a kubelet that failed, directly (its port is 10250, its
/// path for logs `containerLogs`) or over the konnectivity proxy.
pub(crate) fn names_kubelet(message: &str) -> bool {
    [":10250/", "/containerLogs/", "error dialing backend", "No agent available"]
        .iter()
        .any(|words| message.contains(words))
}

/// What is wrong with the connection to a kubelet, without the request that was made of it.
pub(crate) fn of_kubelet(message: &str) -> String {
    message.rsplit_once("\": ").map_or(message, |(_, reason)| reason).trim().to_owned()
}

/// The API server says that there is nothing of that name.
pub(crate) fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(code: u16, message: &str) -> ClusterError {
        let target = Target {
            context: "prod".into(),
            namespace: "ml".into(),
            server: "https://10.0.0.1".into(),
        };
        target.explain_status(&Status { code, message: message.into(), ..Status::success() })
    }

    #[test]
    fn refusals_are_told_apart() {
        let error = explained(
            403,
            r#"jobs.batch is forbidden: User "alice" cannot create resource "jobs" in API group "batch" in the namespace "ml""#,
        );
        assert_eq!(error.to_string(), "alice may not create jobs.batch in namespace ml");
        let quota = explained(403, r#"pods "x" is forbidden: exceeded quota: q, requested: cpu=2"#);
        assert!(matches!(quota, ClusterError::Quota(_)));
        let pss =
            explained(403, r#"pods "x" is forbidden: violates PodSecurity "restricted:latest""#);
        assert!(matches!(pss, ClusterError::Admission(_)));
        let missing = explained(404, r#"namespaces "ml" not found"#);
        assert_eq!(missing.to_string(), "there is no namespace ml in prod");
        assert!(matches!(explained(401, "Unauthorized"), ClusterError::Unauthorized { .. }));
        let unknown = explained(422, "Job in version \"v1\" cannot be handled");
        assert!(matches!(unknown, ClusterError::Invalid(_)));
    }
}
