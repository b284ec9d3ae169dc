//! The variables that SkyPilot itself sets.

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

/// Variables of SkyPilot's in a script that nothing sets here.
pub(super) fn unset_in(script: &str) -> Vec<String> {
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
