//! What can go wrong between mlctl and a cluster. The kinds are told apart so far that each can
//! have its own next step for the user.

use std::path::PathBuf;

/// A cluster can't be reached, or refuses.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// The API server does not answer: refused, no such host, or no answer in time.
    #[error("the API server of {context} can't be reached at {server}: {reason}")]
    Unreachable {
        /// Name of the context whose server was asked.
        context: String,
        /// URL of the server.
        server: String,
        /// What the connection failed with.
        reason: String,
    },
    /// Its certificate is not trusted, or it speaks no TLS.
    #[error("the API server of {context} at {server} is not trusted: {reason}")]
    Certificate {
        /// Name of the context whose server was asked.
        context: String,
        /// URL of the server.
        server: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The credentials are wrong or have expired.
    #[error("the API server of {context} doesn't accept these credentials: {reason}")]
    Unauthorized {
        /// Name of the context whose credentials were used.
        context: String,
        /// What the API server says about them.
        reason: String,
    },
    /// The program that should give credentials failed.
    #[error("`{command}` gave no credentials for {context}: {said}")]
    ExecPlugin {
        /// Name of the context that asks for the program.
        context: String,
        /// The program, as the kubeconfig names it.
        command: String,
        /// What it wrote on standard error, or why it did not start.
        said: String,
    },
    /// The user has no permission for a request.
    #[error("{user} may not {verb} {resource} in namespace {namespace}")]
    Forbidden {
        /// Name of the user, as the cluster knows them.
        user: String,
        /// The verb of the request, for example `create`.
        verb: String,
        /// The resource that the request was about, for example `pods/log`.
        resource: String,
        /// The namespace of the request.
        namespace: String,
    },
    /// There is no such namespace.
    #[error("there is no namespace {namespace} in {context}")]
    NamespaceMissing {
        /// Name of the context whose cluster was asked.
        context: String,
        /// The namespace that does not exist.
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
    /// There is an object already under the name of one that a run needs.
    #[error("{0}: somebody made it first, and it is not this run's")]
    Taken(String),
    /// What is asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// The API server answers, and the node of a pod doesn't: what is on that node can't be read or asked.
    #[error("the node doesn't answer: {0}")]
    Node(String),
    /// Anything else that the API server says.
    #[error("the API server says: {0}")]
    Api(String),
}

fn looked(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    names.join(", ")
}
