//! The run's Secret: the gang's token and values that no other object may show.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;

use super::context::ManifestContext;
use super::error::Reason;
use super::names::{meta, secret_name};
use crate::plan::{Plan, Withheld};

/// The key of the gang's token in the run's Secret.
const TOKEN: &str = "token";

/// The key of a role's secret variables in the run's Secret. The value is JSON, by variable.
pub fn env_key(role: &str) -> String {
    format!("env.{role}")
}

/// The key of what is masked in the agents' document of a role, as it is.
fn withheld_key(role: &str) -> String {
    format!("withheld.{role}")
}

/// The Secret of a run. The error says whose values can't be written as JSON.
pub(crate) fn secret(plan: &Plan, context: &ManifestContext) -> Result<Secret, Reason> {
    let mut data = BTreeMap::new();
    data.insert(TOKEN.to_owned(), ByteString(context.token.clone().into_bytes()));
    for (role, values) in context.secrets.0.iter().filter(|(_, values)| !values.is_empty()) {
        let json = serde_json::to_vec(values)
            .map_err(|error| Reason::new(format!("its secret values: {error}")).in_role(role))?;
        data.insert(env_key(role), ByteString(json));
    }
    for role in &plan.gang().roles {
        let withheld = Withheld::of(plan, role);
        if !withheld.is_empty() {
            let json = serde_json::to_vec(&withheld).map_err(|error| {
                Reason::new(format!("its command: {error}")).in_role(&role.name)
            })?;
            data.insert(withheld_key(&role.name), ByteString(json));
        }
    }
    Ok(Secret {
        metadata: meta(plan, context, secret_name(&plan.head.run, &context.token)),
        data: Some(data),
        immutable: Some(true),
        type_: Some("Opaque".into()),
        ..Secret::default()
    })
}
