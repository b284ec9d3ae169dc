//! What an agent must know and no document may show: it goes the way of the secret values.

use serde::{Deserialize, Serialize};

use super::known::Known;
use super::mask::mask_setup;
use super::types::{Plan, RolePlan};
use crate::spec::Setup;

/// The parts of an agent's orders that are masked in its documents, as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withheld {
    /// Program and arguments, where a secret is among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The set-up, where a secret is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
    /// Secret values that the command may print: what the agent itself tells leaves them out.
    #[serde(default, skip_serializing_if = "Known::is_empty")]
    pub known: Known,
}

impl Withheld {
    /// What of a role is not in the masked plan.
    pub fn of(plan: &Plan, role: &RolePlan) -> Self {
        let known = &plan.head.known;
        let setup = plan.gang().setup.as_ref().filter(|setup| {
            let mut masked = (*setup).clone();
            mask_setup(&mut masked, known);
            masked != **setup
        });
        let command = Some(&role.command).filter(|command| known.argv(command) != **command);
        Self { command: command.cloned(), setup: setup.cloned(), known: known.clone() }
    }

    /// The documents say everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
