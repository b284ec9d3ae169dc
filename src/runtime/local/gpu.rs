//! Which GPUs of this machine a role may be given: those that its user's own `CUDA_VISIBLE_DEVICES` shows.

use super::config::LocalConfig;
use crate::hardware::gpus::{Device, Gpu, devices, visible};
use crate::plan::RolePlan;

/// The variable by which CUDA is told what a process sees. Frameworks and nvidia's libraries all read it.
pub(crate) const VARIABLE: &str = "CUDA_VISIBLE_DEVICES";

/// What a user lets runs choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// In the order of the user's list, else of their numbers.
    pub(super) devices: Vec<Device>,
    /// What the variable shows, in a clause; `None` where it isn't set.
    pub(super) said: Option<String>,
    /// Something about the variable that its user can't have meant, in a sentence.
    pub(super) doubt: Option<String>,
}

/// What a role may be given. The value in its own `env` goes before that of the shell, since whoever
/// wrote the spec has chosen for this role; either is chosen within, and shown to nobody in full.
pub(super) fn choice(config: &LocalConfig, role: Option<&RolePlan>, gpus: &[Gpu]) -> Choice {
    let own = role.and_then(|role| own_value(role));
    let (value, whose) = match (own, config.env.get(VARIABLE)) {
        (Some(value), _) => (value, " in its `env`"),
        (None, Some(value)) => (value.as_str(), ""),
        (None, None) => return Choice { devices: devices(gpus), said: None, doubt: None },
    };
    let seen = visible(value, gpus);
    let shown =
        gpus.iter().filter(|gpu| seen.devices.iter().any(|one| one.gpu == gpu.uuid)).count();
    let count = match (shown, gpus.len()) {
        (0, _) => "no GPU".to_owned(),
        (shown, all) => format!("{shown} of {all} GPUs"),
    };
    let why = seen.unmatched.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let said = format!("{VARIABLE}={value}{whose} shows {count}{why}");
    let by_number = value.starts_with(|c: char| c.is_ascii_digit());
    let mixed = gpus.windows(2).any(|pair| pair[0].name != pair[1].name);
    let order = config.env.get("CUDA_DEVICE_ORDER").map(String::as_str);
    let doubt = if seen.unmatched.is_some() {
        Some(format!("{said}; by CUDA's rule that entry hides itself and all behind it"))
    } else if by_number && mixed && order != Some("PCI_BUS_ID") {
        Some(format!(
            "{VARIABLE}={value}{whose} is read in the order of nvidia-smi (CUDA_DEVICE_ORDER=PCI_BUS_ID); \
             CUDA by itself may count the fastest GPU first: name them by UUID where that matters"
        ))
    } else {
        None
    };
    Choice { devices: seen.devices, said: Some(said), doubt }
}

/// The value that a role's own `env` spells out.
pub(super) fn own_value(role: &RolePlan) -> Option<&str> {
    let mut own = role.env.iter().filter(|one| one.name == VARIABLE && one.value_from.is_none());
    own.next_back().map(|one| one.value.as_deref().unwrap_or_default())
}

/// The role's `env` has the variable, spelled out or from a Secret.
pub(super) fn sets_it(role: &RolePlan) -> bool {
    role.env.iter().any(|one| one.name == VARIABLE)
}

/// What the shell's variable makes of this machine's GPUs, in a clause; `None` where it isn't set.
pub(super) fn shown_by_environment(config: &LocalConfig, gpus: &[Gpu]) -> Option<String> {
    choice(config, None, gpus).said
}
