//! How much a program may be given at its start.

use std::collections::BTreeMap;

use rustix::process::{Resource, getrlimit};

use super::config::LocalConfig;
use crate::plan::{Plan, RolePlan};

/// The least that Linux takes, whatever the limit of the stack.
const LEAST: u64 = 128 << 10;
/// The most that it takes: three quarters of the usual stack.
const MOST: u64 = 6 << 20;
/// What mlctl's own variables may add.
const OWN: u64 = 16 << 10;

/// Refuses roles whose arguments and variables, with what commands inherit, are more than Linux takes.
pub(crate) fn sizes(config: &LocalConfig, plan: &Plan, refused: &mut Vec<String>) {
    // What the kernel grants is a quarter of the stack.
    let stack = getrlimit(Resource::Stack).current.unwrap_or(u64::MAX);
    let limit = (stack / 4).clamp(LEAST, MOST);
    for role in &plan.gang().roles {
        // A value may have become longer than its spec, from the shell.
        let variables = role.env.iter().filter_map(|one| Some((&one.name, one.value.as_ref()?)));
        for (name, value) in variables {
            if name.len() + value.len() + 2 > LEAST as usize {
                refused.push(format!(
                    "role {}: the variable {name} has {} KiB, and Linux gives a program 128 KiB in one at \
                     most: put it into a file of `code`",
                    role.name,
                    value.len() >> 10,
                ));
            }
        }
        let wanted = size(&config.env, role) + OWN;
        if wanted > limit {
            refused.push(format!(
                "role {}: its arguments and variables, with those of this shell, are {} KiB, and \
                 Linux gives a program {} KiB at most: put what is large into a file of `code`",
                role.name,
                wanted >> 10,
                limit >> 10
            ));
        }
    }
}

/// Bytes of the texts and of the pointers to them.
fn size(inherited: &BTreeMap<String, String>, role: &RolePlan) -> u64 {
    let mut variables: BTreeMap<&str, usize> =
        inherited.iter().map(|(name, value)| (name.as_str(), value.len())).collect();
    for variable in &role.env {
        let length = variable.value.as_ref().map_or(0, String::len);
        variables.insert(&variable.name, length);
    }
    let words = role.command.iter().map(|word| word.len() + 1);
    let variables = variables.iter().map(|(name, length)| name.len() + length + 2);
    words.chain(variables).map(|length| (length + size_of::<usize>()) as u64).sum()
}
