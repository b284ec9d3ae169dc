//! Errors of studies, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::work::tune::StudyError;

impl From<StudyError> for CliError {
    fn from(error: StudyError) -> Self {
        let message = error.to_string();
        match error {
            StudyError::Missing(study) => Self::new(ErrorKind::NotFound, message).hint(format!(
                "its folder below `studies` in the state is gone; its trials are runs: \
                 mlctl list --study {study}"
            )),
            StudyError::Damaged { path, .. } => {
                // The folder of a study is called after it.
                let study = path.parent().and_then(|folder| folder.file_name());
                let study = study.unwrap_or_default().to_string_lossy().into_owned();
                Self::new(ErrorKind::Internal, message).hint(format!(
                    "put it back as it was, or begin the study anew; its trials are runs: \
                     mlctl list --study {study}"
                ))
            }
            StudyError::Empty(study) => Self::new(ErrorKind::Internal, message).hint(format!(
                "put it back, or begin the study anew; its trials are runs: mlctl list --study {study}"
            )),
            StudyError::Busy(study) => Self::new(ErrorKind::Refused, message)
                .hint(format!("follow it: mlctl wait {study}")),
            StudyError::Secrets(_) => Self::new(ErrorKind::Refused, message)
                .hint("name the study's file, which has them: -f FILE"),
            StudyError::Space(_) | StudyError::Apply(_) => Self::new(ErrorKind::Spec, message),
            StudyError::Store(error) => error.into(),
            StudyError::Run(error) => error.into(),
        }
    }
}
