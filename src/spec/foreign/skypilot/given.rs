//! The variables that SkyPilot itself sets.

use crate::spec::foreign::common::fields::{Fields, Findings};
use crate::spec::syntax::Node;

/// What SkyPilot sets for every node of a task.
pub(super) fn of_skypilot(gpus: u32, scripts: &[&str]) -> Vec<(&'static str, String)> {
    let of = |name: &str| format!("$({name})");
    let mut set = vec![
        ("SKYPILOT_TASK_ID", of("MLCTL_RUN")),
        ("SKYPILOT_NODE_RANK", of("RANK")),
        ("SKYPILOT_NODE_IPS", of("MLCTL_HOSTS")),
        ("SKYPILOT_NUM_NODES", of("WORLD_SIZE")),
        ("SKYPILOT_NUM_GPUS_PER_NODE", gpus.to_string()),
    ];
    // Those that few scripts read are set for them alone.
    let rare = [
        ("SKYPILOT_SETUP_NODE_RANK", of("RANK")),
        ("SKYPILOT_SETUP_NODE_IPS", of("MLCTL_HOSTS")),
        ("SKYPILOT_SETUP_NUM_GPUS_PER_NODE", gpus.to_string()),
        ("SKYPILOT_INTERNAL_JOB_ID", "1".to_owned()),
        ("SKYPILOT_TASK_IDS", of("MLCTL_RUN")),
        (
            "SKYPILOT_CLUSTER_INFO",
            "{\"cluster_name\": \"$(MLCTL_RUN)\", \"cloud\": \"mlctl\"}".to_owned(),
        ),
    ];
    let is_read = |name: &str| scripts.iter().any(|script| reads(script, name));
    set.extend(rare.into_iter().filter(|(name, _)| is_read(name)));
    set
}

/// A script names a variable.
pub(super) fn reads(script: &str, name: &str) -> bool {
    script.match_indices(name).any(|(at, _)| {
        !script[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Says which variables of SkyPilot's a script reads though nothing sets them.
pub(super) fn tell_of_unset(findings: &mut Findings, top: &Fields<'_>, scripts: &[&str]) {
    let is_given = |name: &str| {
        let fields = ["envs", "secrets"].into_iter();
        fields.filter_map(|field| top.get(field)).any(|map| map.get(name).is_some())
    };
    for (field, script) in ["run", "setup"].into_iter().zip(scripts.iter().rev()) {
        let Some(entry) = top.entry(field) else { continue };
        if script.contains("sky_templates/") {
            let at = Node { span: entry.key.span, value: entry.value.value.clone() };
            let message = "`~/sky_templates` is not there".to_owned();
            findings.instead(&at, message, "put the script that is called there into `workdir`");
        }
        for name in unset_in(script).into_iter().filter(|name| !is_given(name)) {
            let message = format!("nothing sets `{name}` here");
            let help = "it is empty for the script: give it a value in `envs`";
            findings.instead(
                &Node { span: entry.key.span, value: entry.value.value.clone() },
                message,
                help,
            );
        }
    }
}

/// Variables of SkyPilot's in a script that nothing sets here.
fn unset_in(script: &str) -> Vec<String> {
    const SET: [&str; 11] = [
        "SKYPILOT_TASK_ID",
        "SKYPILOT_NODE_RANK",
        "SKYPILOT_NODE_IPS",
        "SKYPILOT_NUM_NODES",
        "SKYPILOT_NUM_GPUS_PER_NODE",
        "SKYPILOT_SETUP_NODE_RANK",
        "SKYPILOT_SETUP_NODE_IPS",
        "SKYPILOT_SETUP_NUM_GPUS_PER_NODE",
        "SKYPILOT_INTERNAL_JOB_ID",
        "SKYPILOT_TASK_IDS",
        "SKYPILOT_CLUSTER_INFO",
    ];
    let mut names: Vec<String> = Vec::new();
    for (at, _) in script.match_indices("SKYPILOT_") {
        let before = script[..at].chars().next_back();
        let rest = &script[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &rest[..end.unwrap_or(rest.len())];
        let is_reference = before.is_some_and(|c| c == '$' || c == '{');
        if is_reference && !SET.contains(&name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}
