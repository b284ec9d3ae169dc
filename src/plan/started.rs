//! What a run was started with, as far as anybody may see it: for whoever looks at it later, and compares it
//! with another one.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::table::{command, env_rows};
use super::types::{Plan, RolePlan};
use crate::gang::RoleName;
use crate::spec::check::mask_argv;

/// What a role was started with. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedWith {
    /// The role.
    pub role: String,
    /// How many replicas it has.
    pub replicas: u32,
    /// The image as the spec names it; absent where the command ran on a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What the nodes called that image, by its digest: several where its name has led to several; empty where
    /// none has said it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_ids: Vec<String>,
    /// The program and all of its arguments; empty where the image's own was meant.
    pub command: Vec<String>,
    /// Arguments for the image's own program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The variables of the spec, with the key of a Secret where that has the value.
    pub env: IndexMap<String, String>,
}

/// What the nodes called the images of a run's replicas, by their roles.
pub type ImageIds = BTreeMap<RoleName, BTreeSet<String>>;

/// What each role of a plan is started with.
pub fn started_with(plan: &Plan, images: &ImageIds) -> Vec<StartedWith> {
    let of = |role: &RolePlan| StartedWith {
        role: role.name.to_string(),
        image_ids: images.get(&role.name).into_iter().flatten().cloned().collect(),
        replicas: role.replicas,
        image: role.image.clone(),
        command: mask_argv(&role.command),
        arguments: mask_argv(&role.entrypoint_args),
        env: env_rows(&role.env).into_iter().collect(),
    };
    plan.masked().gang().roles.iter().map(of).collect()
}

/// The same in words: names and values, of which one stands for all roles where they agree.
pub fn started_rows(plan: &Plan, images: &ImageIds) -> Vec<(&'static str, String)> {
    let plan = plan.masked();
    let roles = &plan.gang().roles;
    let rows = |name: &'static str, of: &dyn Fn(&RolePlan) -> Option<String>| {
        let mut all: Vec<(String, String)> =
            roles.iter().filter_map(|role| Some((role.name.to_string(), of(role)?))).collect();
        let agree = all.len() == roles.len() && all.iter().all(|(_, value)| *value == all[0].1);
        if agree {
            all.truncate(1);
        }
        let told = |(role, value): (String, String)| {
            (name, if agree { value } else { format!("{role}: {value}") })
        };
        all.into_iter().map(told).collect::<Vec<_>>()
    };
    let env = |role: &RolePlan| {
        let all = env_rows(&role.env).into_iter().map(|(name, value)| format!("{name}={value}"));
        Some(all.collect::<Vec<_>>().join(" ")).filter(|all| !all.is_empty())
    };
    let image = |role: &RolePlan| {
        let image = role.image.clone()?;
        let ids = images.get(&role.name).into_iter().flatten();
        let digests: Vec<&str> = ids.map(|id| short(id)).collect();
        Some(if digests.is_empty() { image } else { format!("{image} ({})", digests.join(", ")) })
    };
    let mut found = rows("image", &image);
    found.extend(rows("command", &|role| Some(command(&brief(role)))));
    found.extend(rows("env", &env));
    found
}

/// A role of whose scripts, which are words of its command, the first line stands for all.
fn brief(role: &RolePlan) -> RolePlan {
    let mut role = role.clone();
    for word in role.command.iter_mut().chain(&mut role.entrypoint_args) {
        let script = word.trim();
        if let Some((first, _)) = script.split_once('\n') {
            *word = format!("{} ...", first.trim_end());
        }
    }
    role
}

/// A digest as people compare them: its algorithm and its first twelve digits, without the name before it.
fn short(id: &str) -> &str {
    let digest = id.rsplit_once('@').map_or(id, |(_, digest)| digest);
    let start = digest.find(':').map_or(0, |colon| colon + 1);
    digest.char_indices().nth(start + 12).map_or(digest, |(end, _)| &digest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_short_whatever_stands_before_it() {
        let digest = "sha256:0123456789abcdef0123456789abcdef";
        for id in [digest.to_owned(), format!("docker.io/library/python@{digest}")] {
            assert_eq!(short(&id), "sha256:0123456789ab");
        }
        assert_eq!(short("é"), "é");
    }
}
