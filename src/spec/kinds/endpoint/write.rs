//! An endpoint as YAML: short, and read back as the same endpoint.

use super::types::{Endpoint, Expose, ExposeBy, Revision};
use crate::spec::kinds::batch::{ModelRef, Routes, escape_model};
use crate::spec::kinds::train::{Role, TrainJob, written};
use crate::spec::syntax::escape;
use crate::storage::Place;

impl Endpoint {
    /// The endpoint as YAML, without what is a default anyway. Values are written in full: one that
    /// came from the environment is there in clear text.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        serde_saphyr::to_string(&self.written())
    }

    /// The endpoint as a file says it that means this one: what was replaced once is not replaced
    /// again.
    #[must_use]
    pub fn written(&self) -> Self {
        let common = TrainJob {
            name: self.name.clone(),
            labels: self.labels.clone(),
            image: self.image.clone(),
            code: self.code.clone(),
            env: self.env.clone(),
            accelerators: self.accelerators.clone(),
            node_selector: self.node_selector.clone(),
            priority_class: self.priority_class.clone(),
            service_account: self.service_account.clone(),
            ..TrainJob::default()
        };
        let TrainJob {
            name,
            labels,
            image,
            code,
            env,
            accelerators,
            node_selector,
            priority_class,
            service_account,
            ..
        } = written(&common);
        let mut endpoint = Self {
            name,
            labels,
            image,
            code,
            env,
            accelerators,
            node_selector,
            priority_class,
            service_account,
            revisions: self.revisions.iter().map(revision).collect(),
            ..self.clone()
        };
        endpoint.routes.iter_mut().for_each(escape_routes);
        let storage = &mut endpoint.storage;
        let texts = [
            &mut endpoint.model_name,
            &mut storage.secret,
            &mut storage.service_account,
            &mut storage.endpoint,
            &mut storage.region,
        ];
        texts.into_iter().flatten().for_each(escape);
        endpoint.shadow.iter_mut().for_each(|shadow| escape(&mut shadow.revision));
        if let Some(sticky) = &mut endpoint.sticky {
            [&mut sticky.header, &mut sticky.cookie].into_iter().flatten().for_each(escape);
        }
        for token in endpoint.auth.iter_mut().flat_map(|auth| &mut auth.tokens) {
            token.name.iter_mut().for_each(escape);
        }
        endpoint.tls.iter_mut().for_each(|tls| escape(&mut tls.secret));
        if let Expose::By(by) = &mut endpoint.expose {
            escape_ways(by);
        }
        let warmup = endpoint.warmup.iter_mut().map(|warmup| &mut warmup.file);
        let log = endpoint.log.iter_mut().map(|log| &mut log.to);
        warmup.chain(log).for_each(escape_place);
        endpoint
    }

    /// The places that are read: models, code and warm-up requests of the endpoint and its revisions.
    pub fn places(&self) -> Vec<&Place> {
        let warmups = self.revisions.iter().map(|revision| &revision.warmup).chain([&self.warmup]);
        let codes = self.revisions.iter().map(|revision| &revision.code).chain([&self.code]);
        self.revisions
            .iter()
            .filter_map(|revision| revision.model.as_ref()?.place())
            .chain(warmups.flatten().map(|warmup| &warmup.file))
            .chain(codes.flatten())
            .collect()
    }

    /// All its places for changes: those of [`Endpoint::places`], and where requests are logged.
    pub fn places_mut(&mut self) -> Vec<&mut Place> {
        let mut places = Vec::new();
        for revision in &mut self.revisions {
            let model = revision.model.as_mut().and_then(ModelRef::place_mut);
            let warmup = revision.warmup.as_mut().map(|warmup| &mut warmup.file);
            places.extend(model.into_iter().chain(warmup).chain(&mut revision.code));
        }
        let warmup = self.warmup.as_mut().map(|warmup| &mut warmup.file);
        let log = self.log.as_mut().map(|log| &mut log.to);
        places.extend(warmup.into_iter().chain(log).chain(&mut self.code));
        places
    }
}

fn revision(revision: &Revision) -> Revision {
    let role = Role {
        image: revision.image.clone(),
        env: revision.env.clone(),
        accelerators: revision.accelerators.clone(),
        node_selector: revision.node_selector.clone(),
        ..Role::default()
    };
    let common = TrainJob {
        name: revision.name.clone(),
        code: revision.code.clone(),
        roles: [(String::new(), role)].into(),
        ..TrainJob::default()
    };
    let TrainJob { name, code, mut roles, .. } = written(&common);
    let Role { image, env, accelerators, node_selector, .. } =
        roles.shift_remove("").unwrap_or_default();
    let mut revision =
        Revision { name, image, code, env, accelerators, node_selector, ..revision.clone() };
    revision.model.iter_mut().for_each(escape_model);
    revision.routes.iter_mut().for_each(escape_routes);
    revision.warmup.iter_mut().for_each(|warmup| escape_place(&mut warmup.file));
    revision
}

fn escape_routes(routes: &mut Routes) {
    [&mut routes.predict, &mut routes.health].into_iter().flatten().for_each(escape);
}

fn escape_ways(by: &mut ExposeBy) {
    if let Some(ingress) = &mut by.ingress {
        escape(&mut ingress.host);
        let texts = [&mut ingress.tls_secret, &mut ingress.class_name];
        texts.into_iter().flatten().for_each(escape);
    }
    if let Some(gateway) = &mut by.gateway {
        escape(&mut gateway.name);
        [&mut gateway.namespace, &mut gateway.host].into_iter().flatten().for_each(escape);
    }
}

fn escape_place(place: &mut Place) {
    let mut text = place.to_string();
    escape(&mut text);
    *place = text.into();
}
