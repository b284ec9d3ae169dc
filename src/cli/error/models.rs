//! Errors of a registry of models, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::model::inspect::InspectError;
use crate::model::registry::{ParseModelError, RegistryError};
use crate::storage::{StorageError, StorageErrorKind};

impl From<ParseModelError> for CliError {
    fn from(error: ParseModelError) -> Self {
        Self::new(ErrorKind::Usage, error.to_string())
    }
}

impl From<InspectError> for CliError {
    fn from(error: InspectError) -> Self {
        let message = error.to_string();
        match error {
            InspectError::Storage(error) => (*error).into(),
            InspectError::NoModel(error) => (*error).into(),
            InspectError::Several { .. } => {
                Self::new(ErrorKind::Refused, message).hint("name one of them by its path")
            }
            InspectError::NoFile { .. } => Self::new(ErrorKind::Refused, message).hint(
                "copy what it stands for into the folder, if you trust whom the model is from",
            ),
            // A damaged model is nobody's fault here, and nothing can be said of it.
            _ => Self::new(ErrorKind::Refused, message)
                .hint("export it anew, or look whether it was copied whole"),
        }
    }
}

impl From<RegistryError> for CliError {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        let of_kind = |kind| Self::new(kind, message.clone());
        match error {
            RegistryError::Storage(error) => of_store(error),
            RegistryError::Damaged { .. } => of_kind(ErrorKind::Refused)
                .hint("use the newer mlctl, or move the document away if nothing else helps"),
            RegistryError::NoRegistry { .. } => of_kind(ErrorKind::Usage),
            RegistryError::NoModel { near, .. } => {
                let error = of_kind(ErrorKind::NotFound);
                match near {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error.hint("`mlctl models list` shows all models"),
                }
            }
            RegistryError::NoVersion { reference, .. } => of_kind(ErrorKind::NotFound)
                .hint(format!("see what there is: mlctl models show {}", reference.name)),
            RegistryError::NotAModel { hint, .. } => {
                let error = of_kind(ErrorKind::Refused);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            RegistryError::Deployed { endpoints, .. } => {
                let endpoint = endpoints.first().cloned().unwrap_or_default();
                of_kind(ErrorKind::Refused)
                    .hint(format!("deploy another version, or end it: mlctl undeploy {endpoint}"))
                    .hint(format!("if it is long gone: --forget {endpoint} removes its record too"))
            }
            RegistryError::Aliased { name, alias, .. } => of_kind(ErrorKind::Refused).hint(format!(
                "move it to another version: mlctl models alias {name}@VERSION {alias}; or take it \
                 away: mlctl models alias {name} {alias} --remove"
            )),
            RegistryError::GivenUp { .. } => {
                of_kind(ErrorKind::Refused).hint("nothing of it is left; push again")
            }
            RegistryError::Taken { place } => of_kind(ErrorKind::Refused)
                .hint(format!("see what it is: {place}; or push again, which takes another number")),
            RegistryError::Incomplete { .. } => of_kind(ErrorKind::Refused)
                .hint("somebody has changed the files of this version: push it anew"),
            RegistryError::Busy { .. } => of_kind(ErrorKind::Refused).hint("try again"),
        }
    }
}

fn of_store(error: StorageError) -> CliError {
    let kind = error.kind;
    let error = CliError::from(error);
    match kind {
        StorageErrorKind::Denied => error.hint(
            "`models` in the settings says where models are kept, `--registry PLACE` names another",
        ),
        _ => error,
    }
}
