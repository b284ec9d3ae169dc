//! Secrets out of a plan, before it is shown or written down.

use super::known::Known;
use super::types::{Plan, RolePlan};
use crate::spec::Setup;
use crate::spec::check::{mask_json, mask_script, mask_text, mask_value};
use crate::storage::Place;

impl Plan {
    /// The plan as it may be shown or printed by `-o yaml|json`.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut plan = self.clone();
        let known = std::mem::take(&mut plan.head.known);
        let gang = plan.gang_mut();
        for role in &mut gang.roles {
            mask_role(role, &known);
        }
        if let Some(setup) = &mut gang.setup {
            mask_setup(setup, &known);
        }
        let places = gang.data.iter_mut().map(|data| &mut data.uri);
        for place in places.chain(&mut gang.output).chain(&mut gang.code) {
            mask_place(place);
        }
        for endpoint in gang.storage.buckets.values_mut().filter_map(|one| one.endpoint.as_mut()) {
            *endpoint = mask_text(endpoint).into_owned();
        }
        if let Some(batch) = plan.batch_mut() {
            mask_place(&mut batch.output);
            batch.server.model.iter_mut().for_each(mask_place);
            if let Some(address) = &mut batch.server.address {
                *address = mask_text(address).into_owned();
            }
            if let Some(parameters) = &mut batch.server.parameters {
                mask_json("parameters", parameters);
                known.hide_json(parameters);
            }
        }
        let gang = plan.gang_mut();
        for (name, value) in &mut gang.pods.patch {
            mask_json(name, value);
            known.hide_json(value);
        }
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
pub(super) fn mask_setup(setup: &mut Setup, known: &Known) {
    if let Some(script) = &mut setup.shell {
        *script = known.hide(&mask_script(script)).into_owned();
    }
    for package in setup.python.iter_mut().flat_map(|python| &mut python.no_deps) {
        *package = known.hide(&mask_text(package)).into_owned();
    }
}

fn mask_role(role: &mut RolePlan, known: &Known) {
    role.command = known.argv(&role.command);
    role.entrypoint_args = known.argv(&role.entrypoint_args);
    if let Some(image) = &mut role.image {
        *image = mask_text(image).into_owned();
    }
    for variable in &mut role.env {
        if let Some(value) = &mut variable.value {
            *value = known.hide(&mask_value(&variable.name, value)).into_owned();
        }
    }
    for (name, value) in role.volumes.iter_mut().flat_map(|volume| &mut volume.source) {
        mask_json(name, value);
        known.hide_json(value);
    }
}
