//! Errors of the state folder and the runtimes, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::run::{FollowError, SyncError};
use crate::runtime::ClusterError;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::AdminRole;
use crate::runtime::local::SecretsError;
use crate::storage::{ReadError, StorageError, StorageErrorKind};
use crate::store::StoreError;
use crate::sys::Untrusted;
use crate::work::batch::BatchSubmitError;
use crate::work::train::TrainError;

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io { .. } => std::io::Error::from(error).into(),
            _ => Self::new(ErrorKind::Usage, error.to_string()),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Io(error) => error.into(),
            StoreError::Newer { .. } => Self::new(ErrorKind::Refused, message)
                .hint("use the newer mlctl, or another state folder: XDG_STATE_HOME=..."),
            StoreError::NewerFile { .. } => Self::new(ErrorKind::Refused, message)
                .hint("use the mlctl that wrote it, or a newer one"),
            StoreError::Damaged { .. } => Self::new(ErrorKind::Internal, message)
                .hint("`mlctl state check` says what is damaged, `mlctl state rebuild` mends"),
            StoreError::Locked { holder, .. } => {
                let error = Self::new(ErrorKind::Internal, message);
                match holder {
                    Some(pid) => error.hint(format!("see what it is: ps -p {pid}")),
                    None => error,
                }
            }
            StoreError::NotFound { selector, near, .. } => {
                let error = Self::new(ErrorKind::NotFound, message);
                match (selector, near.is_empty()) {
                    (_, true) => error.hint("`mlctl list` shows all runs"),
                    (Some(_), false) => error.hint(format!("did you mean {}?", near.join(", "))),
                    (None, false) => {
                        error.hint(format!("name one, for example {}", near.join(", ")))
                    }
                }
            }
            StoreError::Ambiguous { candidates, .. } => {
                let shown = candidates.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
                let more = candidates.len().saturating_sub(8);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                Self::new(ErrorKind::Usage, message).hint(format!("it could be {shown}{more}"))
            }
        }
    }
}

impl From<RuntimeError> for CliError {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Io(error) => error.into(),
            RuntimeError::Refused(reasons) => {
                let mut reasons = reasons.into_iter();
                Self::new(ErrorKind::Refused, reasons.next().unwrap_or_default()).more(reasons)
            }
            RuntimeError::Cluster(error) => error.into(),
            RuntimeError::Withdrawn(_) => Self::new(ErrorKind::Cancelled, error.to_string()),
            RuntimeError::NotRun(..) => Self::new(ErrorKind::NotFound, error.to_string()),
            error => Self::new(ErrorKind::Refused, error.to_string()),
        }
    }
}

impl From<SecretsError> for CliError {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::Io(error) => error.into(),
            error => Self::new(ErrorKind::Refused, error.to_string()),
        }
    }
}

impl From<Untrusted> for CliError {
    fn from(reason: Untrusted) -> Self {
        let error = Self::new(ErrorKind::Refused, reason.to_string());
        match reason {
            Untrusted::Owner { user: 0, owner, .. } => error.hint(format!(
                "as root mlctl uses only what is root's: run it as user {owner}, or set HOME, or \
                 XDG_STATE_HOME, XDG_CONFIG_HOME and XDG_CACHE_HOME, to folders of root's"
            )),
            Untrusted::Owner { path, .. } => error.hint(format!(
                "see who has made it: ls -ld {}; or set HOME, or XDG_STATE_HOME, XDG_CONFIG_HOME \
                 and XDG_CACHE_HOME, to folders of this user's",
                path.display()
            )),
            Untrusted::Writable { path, .. } => {
                error.hint(format!("let nobody else write there: chmod go-w {}", path.display()))
            }
            Untrusted::Kind { path } => {
                error.hint(format!("see what it is, and move it away: ls -ld {}", path.display()))
            }
        }
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        use ErrorKind::{NotFound, Refused, Unreachable, Usage};
        let message = error.to_string();
        let of_kind = |kind| Self::new(kind, message.clone());
        match &error {
            ClusterError::NoKubeconfig(_) => of_kind(Usage)
                .hint("set KUBECONFIG, or fetch one with your cluster's own command line")
                .hint("or run on this machine: --runtime local"),
            ClusterError::Kubeconfig(_) => {
                Self::of_lines(Usage, &message).hint("see what kubectl says: kubectl config view")
            }
            ClusterError::NoContext(known) => of_kind(Usage).hint(format!(
                "name one with --context, or choose one: kubectl config use-context {}",
                known.first().map_or("NAME", String::as_str)
            )),
            ClusterError::UnknownContext { near, .. } if near.is_empty() => {
                of_kind(Usage).hint("it has none at all")
            }
            ClusterError::UnknownContext { near, .. } => {
                of_kind(Usage).hint(format!("it has {}", near.join(", ")))
            }
            ClusterError::Unreachable { .. } => of_kind(Unreachable)
                .hint("is the cluster up, and the network (VPN, proxy) that leads there?")
                .hint("running gangs go on; the same command works once it answers"),
            ClusterError::Node(_) => of_kind(Unreachable)
                .hint("see whether it is down: kubectl get nodes")
                .hint("all that is known without it: mlctl status, mlctl why"),
            ClusterError::Certificate { .. } => of_kind(Unreachable)
                .hint("the kubeconfig's certificate-authority is not this server's: fetch it anew"),
            ClusterError::Unauthorized { .. } => {
                of_kind(Refused).hint("log in again with your cluster's own command line")
            }
            ClusterError::ExecPlugin { command, .. } => of_kind(Refused).hint(format!(
                "run it by hand: {command}; most often a log-in has expired, or it is not installed"
            )),
            ClusterError::Forbidden { user, verb, resource, namespace } => of_kind(Refused)
                .hint(format!(
                    "the Role {} has that permission; an admin gives it: mlctl cluster manifests \
                     --for-namespace {namespace} --user {user} --role {} --roles-only | \
                     kubectl apply -f -",
                    AdminRole::with(verb, resource).name(),
                    AdminRole::with(verb, resource).word(),
                ))
                .hint("or use another namespace: --namespace NAME"),
            ClusterError::NamespaceMissing { namespace, .. } => of_kind(NotFound)
                .hint(format!("make it: kubectl create namespace {namespace}"))
                .hint("or use another one: --namespace NAME"),
            ClusterError::Quota(_) => of_kind(Refused)
                .hint("end something there, ask for less, or ask for a larger quota"),
            ClusterError::Admission(reason) if reason.contains("PodSecurity") => of_kind(Refused)
                .hint("`security: restricted` is the default; what the spec adds must keep to it"),
            ClusterError::Taken(_) => of_kind(Refused).hint(
                "submit again: the next run has another name; if it happens again, somebody in the \
                 namespace does it",
            ),
            ClusterError::NotFound(_) => of_kind(NotFound),
            _ => of_kind(Refused),
        }
    }
}

impl From<SyncError> for CliError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => error.into(),
            SyncError::Runtime(error) => error.into(),
        }
    }
}

impl From<FollowError> for CliError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Sync(error) => error.into(),
            FollowError::Output(error) => error.into(),
        }
    }
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        let message = error.to_string();
        match error {
            TrainError::Plan(_) => Self::new(ErrorKind::Spec, message),
            TrainError::NoPrices(_) => Self::new(ErrorKind::Spec, message).hint(
                "name a price file in the settings (`prices: prices.yaml`; `mlctl cost --template \
                 gcp` prints one) that has prices for all of it, and give every role `cpu` and \
                 `memory`",
            ),
            TrainError::Unwritable(_) => Self::new(ErrorKind::Internal, message),
            TrainError::Store(error) => error.into(),
            TrainError::Runtime(error) => error.into(),
        }
    }
}

impl From<StorageError> for CliError {
    fn from(error: StorageError) -> Self {
        let kind = match error.kind {
            StorageErrorKind::NotFound => ErrorKind::NotFound,
            StorageErrorKind::Unreachable => ErrorKind::Unreachable,
            StorageErrorKind::Local => ErrorKind::Internal,
            StorageErrorKind::Denied
            | StorageErrorKind::Changed
            | StorageErrorKind::Unsupported
            | StorageErrorKind::TooLarge => ErrorKind::Refused,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<BatchSubmitError> for CliError {
    fn from(error: BatchSubmitError) -> Self {
        let message = error.to_string();
        match error {
            BatchSubmitError::Storage(error) => error.into(),
            BatchSubmitError::NoInput(_) => Self::new(ErrorKind::NotFound, message).hint(
                "a folder means everything below it; `*` stays within a folder, `**` doesn't",
            ),
            BatchSubmitError::Other { differs, .. } => {
                Self::new(ErrorKind::Refused, message).more(differs).hint(
                    "name another `output`, or run the job that it belongs to; `mlctl cleanup` \
                     removes what an abandoned job has left",
                )
            }
            BatchSubmitError::Document { .. } => Self::new(ErrorKind::Refused, message)
                .hint("name another `output`, or use the mlctl that wrote it, or a newer one"),
            BatchSubmitError::NoProgram => Self::new(ErrorKind::Refused, message)
                .hint("add `command` below `model`, or run it in a cluster: --runtime kubernetes"),
            BatchSubmitError::Local(_) => Self::new(ErrorKind::Refused, message)
                .hint("use a bucket, or run it here: --runtime local"),
            BatchSubmitError::Run(error) => error.into(),
        }
    }
}
