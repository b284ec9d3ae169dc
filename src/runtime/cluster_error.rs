//! What can go wrong between mlctl and a machine room that is asked from afar, told apart so that each
//! has its own next step.

use std::path::PathBuf;

/// A cluster can't be reached, or refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// There is no kubeconfig and this is no pod.
    #[error("there is no kubeconfig: {} not found", looked(.0))]
    NoKubeconfig(Vec<PathBuf>),
    /// A kubeconfig can't be read or understood.
    #[error("the kubeconfig can't be used: {0}")]
    Kubeconfig(String),
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context `{context}`")]
    UnknownContext {
        /// The name that was asked for.
        context: String,
        /// Names that are there, the nearest first.
        near: Vec<String>,
    },
    /// No context was named, and the kubeconfig chooses none.
    #[error("the kubeconfig chooses no context")]
    NoContext(Vec<String>),
    /// Nobody answers.
    #[error("the API server of {context} can't be reached at {server}: {reason}")]
    Unreachable {
        /// The context.
        context: String,
        /// Its address.
        server: String,
        /// Refused, no such name, no answer in time.
        reason: String,
    },
    /// Its certificate is not trusted, or it speaks no TLS.
    #[error("the API server of {context} at {server} is not trusted: {reason}")]
    Certificate {
        /// The context.
        context: String,
        /// Its address.
        server: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The credentials are wrong or have expired.
    #[error("the API server of {context} doesn't accept these credentials: {reason}")]
    Unauthorized {
        /// The context.
        context: String,
        /// Its words.
        reason: String,
    },
    /// The program that should give credentials failed.
    #[error("`{command}` gave no credentials for {context}: {said}")]
    ExecPlugin {
        /// The context.
        context: String,
        /// The program.
        command: String,
        /// What it wrote on standard error, or why it did not start.
        said: String,
    },
    /// The user may not do that.
    #[error("{user} may not {verb} {resource} in namespace {namespace}")]
    Forbidden {
        /// Who, as the cluster knows them.
        user: String,
        /// What.
        verb: String,
        /// To which resource.
        resource: String,
        /// Where.
        namespace: String,
    },
    /// There is no such namespace.
    #[error("there is no namespace {namespace} in {context}")]
    NamespaceMissing {
        /// The context.
        context: String,
        /// The namespace.
        namespace: String,
    },
    /// A quota is spent.
    #[error("a quota refuses it: {0}")]
    Quota(String),
    /// Pod security or an admission webhook refuses it.
    #[error("the cluster's admission refuses it: {0}")]
    Admission(String),
    /// The cluster doesn't understand an object.
    #[error("the cluster refuses an object: {0}")]
    Invalid(String),
    /// What is asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// Anything else that the API server says.
    #[error("the API server says: {0}")]
    Api(String),
}

fn looked(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    names.join(", ")
}
