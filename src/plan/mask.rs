//! Secrets out of a plan, before it is shown or written down.

use super::types::{Plan, RolePlan};
use crate::spec::Setup;
use crate::spec::check::{mask_argv, mask_json, mask_script, mask_text, mask_value};
use crate::storage::Place;

impl Plan {
    /// The plan as it may be shown or printed by `-o yaml|json`.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut plan = self.clone();
        let gang = plan.gang_mut();
        for role in &mut gang.roles {
            mask_role(role);
        }
        if let Some(setup) = &mut gang.setup {
            mask_setup(setup);
        }
        let places = gang.data.iter_mut().map(|data| &mut data.uri);
        for place in places.chain(&mut gang.output).chain(&mut gang.code) {
            mask_place(place);
        }
        gang.pods.patch.iter_mut().for_each(|(name, value)| mask_json(name, value));
        for (name, value) in &mut plan.head.labels {
            *value = mask_value(name, value).into_owned();
        }
        plan
    }
}

fn mask_place(place: &mut Place) {
    *place = mask_text(place.as_str()).into_owned().into();
}

/// Scripts, and packages that are named by URLs.
pub(super) fn mask_setup(setup: &mut Setup) {
    if let Some(script) = &mut setup.shell {
        *script = mask_script(script).into_owned();
    }
    for package in setup.python.iter_mut().flat_map(|python| &mut python.no_deps) {
        *package = mask_text(package).into_owned();
    }
}

fn mask_role(role: &mut RolePlan) {
    role.command = mask_argv(&role.command);
    role.entrypoint_args = mask_argv(&role.entrypoint_args);
    if let Some(image) = &mut role.image {
        *image = mask_text(image).into_owned();
    }
    for variable in &mut role.env {
        if let Some(value) = &mut variable.value {
            *value = mask_value(&variable.name, value).into_owned();
        }
    }
    for (name, value) in role.volumes.iter_mut().flat_map(|volume| &mut volume.source) {
        mask_json(name, value);
    }
}
