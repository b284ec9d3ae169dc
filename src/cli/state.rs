//! Errors of the state folder and the runtimes, classified and with what to do.

use super::{CliError, ErrorKind};
use crate::backend::BackendError;
use crate::store::{StoreError, SyncError};
use crate::ui::FollowError;

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Io(error) => error.into(),
            StoreError::Newer { .. } => Self::new(ErrorKind::Refused, message)
                .hint("use the newer mlctl, or another state folder: XDG_STATE_HOME=..."),
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

impl From<BackendError> for CliError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Io(error) => error.into(),
            BackendError::Refused(reasons) => {
                Self::new(ErrorKind::Refused, reasons.join("\n       "))
            }
            error => Self::new(ErrorKind::Refused, error.to_string()),
        }
    }
}

impl From<SyncError> for CliError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => error.into(),
            SyncError::Backend(error) => error.into(),
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
