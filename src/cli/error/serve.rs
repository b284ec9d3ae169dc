//! Errors of endpoints, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::work::serve::ServeError;

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> Self {
        let message = error.to_string();
        match error {
            ServeError::Missing(endpoint) => Self::new(ErrorKind::NotFound, message).hint(format!(
                "its folder below `endpoints` in the state is gone; end what is left: \
                 mlctl cancel {endpoint}"
            )),
            ServeError::Damaged { .. } => Self::new(ErrorKind::Internal, message)
                .hint("put it back as it was, or begin the endpoint anew: mlctl serve"),
            ServeError::Busy(endpoint) => Self::new(ErrorKind::Refused, message)
                .hint(format!("look at it: mlctl status {endpoint}")),
            ServeError::Secrets(_) => Self::new(ErrorKind::Refused, message)
                .hint("serve the endpoint's file again, which has them"),
            ServeError::Name(_) => Self::new(ErrorKind::Spec, message),
            ServeError::Routing(_) => Self::new(ErrorKind::Internal, message),
            ServeError::Store(error) => error.into(),
            ServeError::Run(error) => error.into(),
        }
    }
}
