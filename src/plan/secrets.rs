//! Secret values leave the plan before anything is written down.

use std::collections::{BTreeMap, BTreeSet};

use super::mask::{MASK, is_secret_value};
use super::types::Plan;
use crate::spec::check::is_secret_name;

/// Variables by role and name.
pub type SecretVariables = BTreeMap<String, BTreeMap<String, String>>;

impl Plan {
    /// Takes out the values of variables that look like secrets or whose text is in `known` (what
    /// `${VAR}` brought in), and leaves a mask in their place.
    pub fn take_secrets(&mut self, known: &BTreeSet<String>) -> SecretVariables {
        let mut taken = SecretVariables::new();
        for role in &mut self.roles {
            for variable in &mut role.env {
                let Some(value) = &mut variable.value else { continue };
                let secret = is_secret_name(&variable.name)
                    || is_secret_value(value)
                    || known.contains(value.as_str());
                if secret && !value.is_empty() {
                    let value = std::mem::replace(value, MASK.into());
                    taken
                        .entry(role.name.clone())
                        .or_default()
                        .insert(variable.name.clone(), value);
                }
            }
        }
        taken
    }
}
