//! Which model is served: as somebody has named it, and as it was found.

use serde::{Deserialize, Serialize};

use crate::spec::{ModelRef, Server};
use crate::storage::Place;

/// The model of a revision or of a batch prediction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServedModel {
    /// The model as the spec names it; absent where the image has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its name in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl ServedModel {
    /// The version of the registry that it is, `NAME@N`; `None` for all others.
    pub fn registered(&self) -> Option<String> {
        Some(format!("{}@{}", self.name.as_ref()?, self.version?))
    }

    /// The model by a name that always means this one; `None` where the image has it.
    pub fn pinned(&self) -> Option<ModelRef> {
        let place = || self.place.as_ref().map(|place| ModelRef::Place(place.clone()));
        self.registered().map(ModelRef::from).or_else(place)
    }

    /// The version that its server is to call it: TensorFlow's has the number in its paths and answers.
    pub(crate) fn served_version(&self, server: Option<Server>) -> Option<String> {
        let of_tensorflow = server == Some(Server::TensorflowServing);
        self.version.filter(|_| of_tensorflow).map(|version| version.to_string())
    }
}
