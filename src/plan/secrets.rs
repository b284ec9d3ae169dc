//! Secret values leave the plan before anything is written down.

use std::collections::{BTreeMap, BTreeSet};

use super::known::is_secret_variable;
use super::types::Plan;
use crate::spec::check::MASK;

/// Variables by role and name.
pub type SecretVariables = BTreeMap<String, BTreeMap<String, String>>;

impl Plan {
    /// Takes out the values of variables that look like secrets, whose text is in `given` (what
    /// `${VAR}` brought in), or that have a known secret in them, and leaves a mask in their place.
    pub fn take_secrets(&mut self, given: &BTreeSet<String>) -> SecretVariables {
        self.know(given);
        let known = self.head.known.clone();
        let mut taken = SecretVariables::new();
        for role in &mut self.gang_mut().roles {
            for variable in &mut role.env {
                let Some(value) = &mut variable.value else { continue };
                if is_secret_variable(&variable.name, value, given) || known.within(value) {
                    let value = std::mem::replace(value, MASK.into());
                    taken
                        .entry(role.name.to_string())
                        .or_default()
                        .insert(variable.name.clone(), value);
                }
            }
        }
        for revision in self.service_mut().into_iter().flat_map(|service| &mut service.revisions) {
            // A revision's replicas are a role of its name.
            for (role, variables) in revision.plan.take_secrets(given) {
                taken.entry(role).or_default().extend(variables);
            }
        }
        taken
    }
}

/// A text without the secret values that were taken out of a plan. Values of three characters and
/// less stay: masking them would tear the text apart and hide nothing.
pub fn hide(text: &str, secrets: &SecretVariables) -> String {
    let values = secrets.values().flat_map(BTreeMap::values).filter(|value| value.len() >= 4);
    let mut values: Vec<&String> = values.collect();
    // One that begins with another is hidden as a whole.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.into_iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_end_of_a_value_is_left() {
        let of_role = [("A", "secr"), ("B", "secret-of-b"), ("C", "abc")];
        let of_role = of_role.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let secrets = SecretVariables::from([("worker".to_owned(), of_role.into())]);
        assert_eq!(hide("x secret-of-b y secr abc", &secrets), "x *** y *** abc");
    }
}
