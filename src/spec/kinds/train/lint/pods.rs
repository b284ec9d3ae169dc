//! What only a cluster knows: names of its objects, and parts that are written as in a Pod.

use k8s_openapi::api::core::v1::{Affinity, PodTemplateSpec, Volume as PodVolume};
use serde_json::{Map, Value as Json};

use super::context::Lint;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Misfit, typed};
use crate::spec::syntax::{index_path, key_path};
use crate::text::nearest;

/// Directives of a strategic merge patch.
const DIRECTIVES: [&str; 2] = ["$patch", "$retainKeys"];

impl Lint<'_> {
    pub(crate) fn pods(&mut self) {
        let job = self.job;
        let names = [
            ("queue", job.queue.as_ref()),
            ("priorityClass", job.priority_class.as_ref()),
            ("serviceAccount", job.service_account.as_ref()),
        ];
        for (path, name) in names {
            if let Some(name) = name {
                self.object_name(name, path);
            }
        }
        for (index, name) in job.image_pull_secrets.iter().enumerate() {
            self.object_name(name, &index_path("imagePullSecrets", index));
        }
        let affinity: Json =
            job.affinity.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Err(misfit) = typed::<Affinity>(&affinity) {
            self.misfit("affinity", &misfit);
        }
        self.pod_patch();
        for scope in self.scopes() {
            for (index, volume) in scope.volumes.iter().enumerate() {
                let path = index_path(&key_path(&scope.path, "volumes"), index);
                let mut fields: Map<String, Json> = Map::new();
                let [(source, value)] = &volume.source.iter().collect::<Vec<_>>()[..] else {
                    continue;
                };
                fields.insert((*source).clone(), (*value).clone());
                let known = typed::<PodVolume>(&Json::Object(fields));
                // An unknown source is told elsewhere.
                if let Err(misfit) = known.map(drop)
                    && misfit.path != **source
                {
                    self.misfit(&path, &misfit);
                }
            }
        }
    }

    fn pod_patch(&mut self) {
        let patch = &self.job.pod_patch;
        for name in patch.keys().filter(|name| !DIRECTIVES.contains(&name.as_str())) {
            if name == "metadata" || name == "spec" {
                continue;
            }
            let help = match nearest(name, ["metadata", "spec"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "a field of a pod stands below `spec`: `podPatch: {{spec: {{{name}: ...}}}}`"
                ),
            };
            self.add(
                Diagnostic::error(
                    Code::UnknownField,
                    format!("`podPatch` has no `{name}`: it patches a pod's `metadata` and `spec`"),
                )
                .at(self.spans.key(&key_path("podPatch", name)), "unknown field")
                .help(help),
            );
            return;
        }
        let mut value: Json =
            patch.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        without_directives(&mut value);
        if let Err(misfit) = typed::<PodTemplateSpec>(&value) {
            self.misfit("podPatch", &misfit);
        }
    }

    fn misfit(&mut self, base: &str, misfit: &Misfit) {
        let path = if misfit.path.is_empty() {
            base.to_owned()
        } else if misfit.path.starts_with('[') {
            format!("{base}{}", misfit.path)
        } else {
            format!("{base}.{}", misfit.path)
        };
        let (span, text) = if misfit.unknown {
            (self.spans.key(&path), "unknown field")
        } else {
            (self.spans.value(&path), "")
        };
        let what = if misfit.unknown {
            format!("Kubernetes knows no `{path}`")
        } else {
            format!("`{path}` is not what Kubernetes reads: {}", misfit.reason)
        };
        let code = if misfit.unknown { Code::UnknownField } else { Code::WrongType };
        self.add(
            Diagnostic::error(code, what)
                .at(span, text)
                .help("it is written as in a Pod: `kubectl explain pod.spec` lists the fields"),
        );
    }

    fn object_name(&mut self, name: &str, path: &str) {
        if let Some(finding) = wrong_object_name(name) {
            self.add(finding.at(self.spans.value(path), ""));
        }
    }
}

/// What is wrong with the name of an object in a cluster, if anything is.
pub(crate) fn wrong_object_name(name: &str) -> Option<Diagnostic> {
    let word = |part: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        edge(part.chars().next()) && edge(part.chars().last())
    };
    let plain =
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    let is_right = plain && name.len() <= 253 && name.split('.').all(word);
    (!is_right).then(|| {
        Diagnostic::error(
            Code::BadObjectName,
            format!("`{name}` can't be the name of an object in a cluster"),
        )
        .help("use lower-case letters, digits, `-` and `.`")
    })
}

/// A patch's directives are no fields; the items and mappings that they stand in may be fragments.
fn without_directives(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.retain(|key, _| !DIRECTIVES.contains(&key.as_str()));
            fields.values_mut().for_each(without_directives);
        }
        Json::Array(items) => items.iter_mut().for_each(without_directives),
        _ => {}
    }
}
