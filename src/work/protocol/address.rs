//! URLs of a server's routes.

use crate::plan::{Protocol, ServerPlan};

/// The URLs that one model is asked at.
#[derive(Clone, Debug)]
pub(super) struct Address {
    base: String,
    protocol: Protocol,
    name: String,
    version: Option<String>,
    predict: Option<String>,
}

impl Address {
    /// The routes of a plan at this base, such as `http://127.0.0.1:8501`.
    pub(super) fn new(base: &str, plan: &ServerPlan) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            protocol: plan.protocol,
            name: plan.model_name.clone(),
            version: plan.version.clone(),
            predict: plan.predict_route.clone(),
        }
    }

    /// Another route of the same server.
    pub(super) fn at(&self, route: &str) -> String {
        format!("{}/{}", self.base, route.trim_start_matches('/'))
    }

    /// Where predictions are asked for.
    pub(super) fn predict(&self) -> String {
        match (&self.predict, self.protocol) {
            (Some(route), _) => self.at(route),
            (None, Protocol::V2Rest) => format!("{}/infer", self.model()),
            (None, Protocol::Vertex) => self.base.clone(),
            (None, _) => format!("{}:predict", self.model()),
        }
    }

    /// What describes the model: TF Serving's status, the Open Inference Protocol's metadata.
    pub(super) fn model(&self) -> String {
        let (root, versions) = match self.protocol {
            Protocol::V2Rest => ("v2", "versions"),
            _ => ("v1", "versions"),
        };
        let version = self.version.as_ref();
        let version = version.map(|version| format!("/{versions}/{version}")).unwrap_or_default();
        format!("{}/{root}/models/{}{version}", self.base, self.name)
    }
}
