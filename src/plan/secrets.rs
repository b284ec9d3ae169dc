//! Secret values leave the plan before anything is written down.

use std::collections::{BTreeMap, BTreeSet};

use super::types::Plan;
use crate::spec::check::{MASK, is_secret_name, mask_value};

/// Variables by role and name.
pub type SecretVariables = BTreeMap<String, BTreeMap<String, String>>;

impl Plan {
    /// Takes out the values of variables that look like secrets or whose text is in `known` (what
    /// `${VAR}` brought in), and leaves a mask in their place.
    pub fn take_secrets(&mut self, known: &BTreeSet<String>) -> SecretVariables {
        let mut taken = SecretVariables::new();
        for role in &mut self.gang_mut().roles {
            for variable in &mut role.env {
                let Some(value) = &mut variable.value else { continue };
                let secret = is_secret_name(&variable.name)
                    || mask_value(&variable.name, value) != *value
                    || known.contains(value.as_str());
                if secret && !value.is_empty() {
                    let value = std::mem::replace(value, MASK.into());
                    taken
                        .entry(role.name.to_string())
                        .or_default()
                        .insert(variable.name.clone(), value);
                }
            }
        }
        taken
    }
}

/// A text without the secret values that were taken out of a plan. Values of three characters and
/// less stay: masking them would tear the text apart and hide nothing.
pub fn hide(text: &str, secrets: &SecretVariables) -> String {
    let values = secrets.values().flat_map(BTreeMap::values).filter(|value| value.len() >= 4);
    values.fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK))
}
