//! Secrets out of a plan, before it is shown or written down.

use indexmap::IndexMap;

use super::known::{Known, is_telling};
use super::types::{Head, Plan, RolePlan};
use crate::spec::Setup;
use crate::spec::check::{is_password_name, mask_json, mask_script, mask_text, mask_value};
use crate::storage::Place;

impl Plan {
    /// The plan as it may be shown or printed by `-o yaml|json`.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut plan = self.clone();
        let known = plan.head.known.clone();
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
        for revision in plan.service_mut().into_iter().flat_map(|service| &mut service.revisions) {
            revision.plan = revision.plan.masked();
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
        plan.head.labels = plan.head.shown_labels();
        plan
    }
}

impl Head {
    /// The labels as they may be written down, without what is known for a secret either.
    pub fn shown_labels(&self) -> IndexMap<String, String> {
        let shown =
            |name: &str, value: &str| self.known.hide(&shown_label(name, value)).into_owned();
        self.labels.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
    }
}

/// A label's value as it may be written down. People select runs by labels, and a word behind a suspicious
/// name is one of theirs; everything that looks like a secret isn't.
pub fn shown_label(name: &str, value: &str) -> String {
    let is_word = !is_telling(value) && !is_password_name(name);
    if is_word { mask_text(value) } else { mask_value(name, value) }.into_owned()
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
