//! Errors of asking a model that serves, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::text::nearest;
use crate::work::predict::PredictionError;
use crate::work::protocol::{CallError, DiscoverError};

impl From<DiscoverError> for CliError {
    fn from(error: DiscoverError) -> Self {
        let message = error.to_string();
        match error {
            DiscoverError::Call(error) => error.into(),
            DiscoverError::Several { models, .. } => Self::new(ErrorKind::Usage, message)
                .hint(format!("name one with --model: {}", models.join(", "))),
            DiscoverError::NoModel { .. } => Self::new(ErrorKind::Usage, message)
                .hint("name it with --model, or in the URL: http://host:8501/v1/models/NAME"),
            DiscoverError::Unknown { .. } => Self::new(ErrorKind::Refused, message).hint(
                "say what it speaks with --protocol (tensorflow, v2, openai or vertex), and the \
                 model's name with --model",
            ),
            _ => Self::new(ErrorKind::Usage, message),
        }
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> Self {
        let message = error.to_string();
        match error {
            CallError::Unreachable { .. } => Self::new(ErrorKind::Unreachable, message)
                .hint("look whether it serves, and whether host and port are right"),
            CallError::Timeout { .. } => Self::new(ErrorKind::Unreachable, message)
                .hint("a model that takes longer needs a longer --timeout, such as 5m"),
            CallError::Cut { .. } => Self::new(ErrorKind::Unreachable, message).hint(
                "the server may have died of the request, or not speak this protocol at this port",
            ),
            CallError::Refused { code, .. } => refused(code, message),
            CallError::Garbage { .. } => Self::new(ErrorKind::Refused, message)
                .hint("--raw prints the answer as it is; --protocol says another protocol"),
            CallError::NoSignature { signature, known } => {
                let error = Self::new(ErrorKind::NotFound, message);
                let near = nearest(&signature, known.iter().map(String::as_str));
                let error = match near {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error,
                };
                error.hint(format!("its signatures are {}", known.join(", ")))
            }
            CallError::Row(_) => Self::new(ErrorKind::Usage, message),
            _ => Self::new(ErrorKind::Refused, message),
        }
    }
}

/// A refusal by its status.
fn refused(code: u16, message: String) -> CliError {
    match code {
        401 | 403 => CliError::new(ErrorKind::Refused, message).hint(
            "put a token that lets you in into the variable MLCTL_TOKEN, or name another variable \
                   with --token-env",
        ),
        404 | 405 => CliError::new(ErrorKind::NotFound, message).hint(
            "look at the URL and at the model's name (--model), and at what it speaks (--protocol)",
        ),
        413 => CliError::new(ErrorKind::Refused, message)
            .hint("the request is larger than the server takes: fewer rows with --batch"),
        429 | 502..=504 => CliError::new(ErrorKind::Unreachable, message)
            .hint("the server has no room or is not there yet: try again in a moment"),
        300..=399 => CliError::new(ErrorKind::Refused, message).hint(
            "a redirect is not followed, since a token would go wherever it says: name that URL",
        ),
        _ => CliError::new(ErrorKind::Refused, message),
    }
}

impl From<PredictionError> for CliError {
    fn from(error: PredictionError) -> Self {
        let message = error.to_string();
        match error {
            PredictionError::Discover(error) => error.into(),
            PredictionError::Call(error) => error.into(),
            PredictionError::Json(_) => Self::new(ErrorKind::Usage, message).hint(
                "--json takes JSON itself, @FILE for what is in a file, or - for standard input",
            ),
            PredictionError::Inputs => Self::new(ErrorKind::Usage, message)
                .hint("give rows: one with --json, many with {\"instances\": [...]} or --file"),
            _ => Self::new(ErrorKind::Usage, message),
        }
    }
}
