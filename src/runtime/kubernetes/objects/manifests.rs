//! The objects of one run.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde_json::{Map, Value as Json};

use super::context::ManifestContext;
use super::decided::gang_of;
use super::error::{ManifestError, Reason};
use super::{code_maps, data, job, output, record, secret, service};
use crate::agent::pod::PodDocument;
use crate::plan::{ClusterLayout, GangPlan, Plan, RolePlan};
use crate::storage::left_behind;
use crate::text::ByteSize;

/// The least memory of a role. The agent with its guard takes half of it, and the command needs
/// some.
const LEAST_MEMORY: ByteSize = ByteSize { bytes: 32 << 20 };

/// The objects of one run, in the order in which they are created.
#[derive(Clone, Debug)]
pub struct Manifests {
    /// The record and owner of everything: spec, plan, later the verdict. Deleting it deletes all.
    pub record: ConfigMap,
    /// Gives pods their names.
    pub service: Service,
    /// The token and secret values.
    pub secret: Secret,
    /// `pod.json` and the code.
    pub config_maps: Vec<ConfigMap>,
    /// The Jobs, whose pods are the gang.
    pub jobs: Vec<Job>,
    /// Sentences for the user about what the objects will do, which are no reason against them.
    pub notices: Vec<String>,
}

/// Writes the objects of a run. The error has every reason against them, so that one correction of
/// a spec is enough.
pub fn manifests(plan: &Plan, context: &ManifestContext) -> Result<Manifests, ManifestError> {
    let gang = gang_of(plan);
    let layout = ClusterLayout::of(plan);
    let mut notices = left_behind("data", &context.code.data_left);
    if let Some(archive) = &gang.archive {
        let mib = archive.size as f64 / f64::from(1 << 20);
        notices.push(format!(
            "the code, {mib:.1} MiB when packed, goes to the pods through {}",
            archive.uri
        ));
    }
    let mut refused = output::reasons(plan, &mut notices);
    refused.extend(incomplete(gang));
    let document = document(plan, context, &layout);
    let mut config_maps = Vec::new();
    match record::pod_document(plan, context, &document) {
        Ok(map) => config_maps.push(map),
        Err(reason) => refused.push(reason),
    }
    config_maps.extend(code_maps::code_maps(plan, context));
    let record = record::record(plan, context).map_err(|reason| refused.push(reason)).ok();
    let secret = secret::secret(plan, context).map_err(|reason| refused.push(reason)).ok();
    let jobs = job::jobs(plan, context, &layout, &mut refused);
    match (record, secret) {
        (Some(record), Some(secret)) if refused.is_empty() => Ok(Manifests {
            record,
            service: service::service(plan, context),
            secret,
            config_maps,
            jobs,
            notices,
        }),
        _ => Err(ManifestError::Refused(refused)),
    }
}

/// The reasons against roles of which no pod can be made.
pub(crate) fn incomplete(gang: &GangPlan) -> Vec<Reason> {
    let mut refused = Vec::new();
    for role in gang.roles.iter().filter(|role| role.command.is_empty()) {
        let image = role.image.as_deref().unwrap_or("the image");
        let reason = Reason::new(format!("the entrypoint of {image} is not known"));
        refused.push(reason.of("command").in_role(&role.name).help("add `command`"));
    }
    for role in gang.roles.iter().filter(|role| role.image.is_none()) {
        let reason = Reason::new("a pod needs an image").of("image").in_role(&role.name);
        refused.push(reason.help("add `image`"));
    }
    refused.extend(too_little_memory(gang));
    refused
}

/// The reasons against roles whose memory is too little for the agent. It would be killed before it can
/// say anything, again and again, and nobody could tell why.
pub(crate) fn too_little_memory(gang: &GangPlan) -> Vec<Reason> {
    let against = |role: &RolePlan| {
        let memory = role.memory.filter(|memory| *memory < LEAST_MEMORY)?;
        let what = format!("`memory` {memory} is too little even for mlctl's own agent");
        let reason = Reason::new(what).of("memory").in_role(&role.name);
        Some(reason.help(format!("write {LEAST_MEMORY} or more")))
    };
    gang.roles.iter().filter_map(against).collect()
}

/// What the agents of a plan are told.
pub(crate) fn document(
    plan: &Plan,
    context: &ManifestContext,
    layout: &ClusterLayout,
) -> PodDocument {
    PodDocument {
        schema_version: plan.head.schema_version,
        plan: plan.masked(),
        layout: layout.clone(),
        nonce: context.nonce.clone(),
        output: output::base(plan),
        code: context.code.files.clone(),
        links: data::links(plan),
    }
}

impl Manifests {
    /// Makes the record the owner of everything else, so that deleting it deletes all. `uid` is the
    /// record's, known once it is created.
    pub fn own(&mut self, uid: &str) {
        let owner = owner(&self.record, uid);
        let owned = |meta: &mut ObjectMeta| meta.owner_references = Some(vec![owner.clone()]);
        owned(&mut self.service.metadata);
        owned(&mut self.secret.metadata);
        self.config_maps.iter_mut().for_each(|map| owned(&mut map.metadata));
        self.jobs.iter_mut().for_each(|job| owned(&mut job.metadata));
    }

    /// All objects as JSON, in the order in which they are created.
    pub fn documents(&self) -> Result<Vec<Json>, serde_json::Error> {
        let mut documents = vec![
            serde_json::to_value(&self.record)?,
            serde_json::to_value(&self.service)?,
            serde_json::to_value(&self.secret)?,
        ];
        for map in &self.config_maps {
            documents.push(serde_json::to_value(map)?);
        }
        for job in &self.jobs {
            documents.push(serde_json::to_value(job)?);
        }
        Ok(documents.into_iter().map(metadata_first).collect())
    }
}

/// What makes a record the owner of an object.
pub(crate) fn owner(record: &ConfigMap, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        name: record.metadata.name.clone().unwrap_or_default(),
        uid: uid.into(),
        // Otherwise a deletion of the record would wait for the pods.
        block_owner_deletion: Some(false),
        controller: None,
    }
}

/// Puts the fields of an object into the order in which people write them.
pub(crate) fn metadata_first(object: Json) -> Json {
    let Json::Object(mut fields) = object else { return object };
    let head = ["apiVersion", "kind", "metadata"];
    let mut ordered: Map<String, Json> = head
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), fields.shift_remove(*name)?)))
        .collect();
    ordered.extend(fields);
    Json::Object(ordered)
}
