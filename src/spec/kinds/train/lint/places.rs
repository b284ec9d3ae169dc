//! Paths, volumes, secrets, tolerations and accelerators.

use std::collections::HashMap;

use super::context::{Lint, Scope};
use crate::hardware::accelerator;
use crate::spec::kinds::train::{Accelerators, Output, Toleration, TolerationOperator, Volume};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{index_path, key_path};
use crate::storage::mount_point;
use crate::text::{list_of, nearest};

/// Sources that a volume may have, as in a Pod.
const SOURCES: [&str; 14] = [
    "emptyDir",
    "hostPath",
    "persistentVolumeClaim",
    "configMap",
    "secret",
    "nfs",
    "csi",
    "ephemeral",
    "projected",
    "downwardAPI",
    "image",
    "iscsi",
    "cephfs",
    "fc",
];

impl Lint<'_> {
    pub(crate) fn places(&mut self) {
        self.code_and_output();
        for scope in self.scopes() {
            self.mounts(&scope);
        }
        let job = self.job;
        self.accelerators(job.accelerators.as_ref(), "accelerators");
        self.tolerations(&job.tolerations, "tolerations");
        for (name, role) in &job.roles {
            let base = key_path("roles", name);
            self.accelerators(role.accelerators.as_ref(), &key_path(&base, "accelerators"));
            self.tolerations(&role.tolerations, &key_path(&base, "tolerations"));
        }
    }

    fn code_and_output(&mut self) {
        let job = self.job;
        let output = job.output.as_ref().map(Output::place);
        for (field, value) in [("code", job.code.as_ref()), ("output", output)] {
            let Some(place) = value else { continue };
            let (place, span) = self.located(place, self.path_of(field));
            let value = place.as_str();
            if value.is_empty() {
                self.add(
                    Diagnostic::error(Code::EmptyPath, format!("`{field}` is empty"))
                        .at(span, "")
                        .help(if field == "code" {
                            "write `code: .` for the folder of this file, or leave it out"
                        } else {
                            "leave it out: the run then gets a folder of its own"
                        }),
                );
            } else if value == "~" || value.starts_with("~/") {
                self.add(
                    Diagnostic::error(
                        Code::Tilde,
                        format!("`{field}`: `~` is a shell's abbreviation"),
                    )
                    .at(span, "a folder called `~`")
                    .help(format!("write `{field}: ${{HOME}}{}`", &value[1..])),
                );
            } else if value.starts_with("/gcs/") {
                self.gcs_path(self.path_of(field), value);
            }
        }
        if let Some(output) = &job.output {
            self.placeholders(output.place().as_str());
            self.mode(output);
        }
        let requirements = job
            .setup
            .as_ref()
            .and_then(|s| s.python.as_ref())
            .and_then(|p| p.requirements.as_ref());
        let Some(requirements) = requirements else { return };
        let span = self.spans.value("setup.python.requirements");
        let help = "it is a path within `code`, such as `requirements.txt`: each replica reads \
            its own copy";
        if requirements.starts_with(['/', '~']) || requirements.split('/').any(|part| part == "..")
        {
            self.add(
                Diagnostic::error(Code::OutsideCode, "the requirements file lies outside `code`")
                    .at(span, "not there in a replica")
                    .help(help),
            );
        } else if job.code.is_none() {
            self.add(
                Diagnostic::error(
                    Code::OutsideCode,
                    "a requirements file, and no `code` that it could be in",
                )
                .at(span, "not there in a replica")
                .help("add `code: .` for the folder of this file"),
            );
        }
    }

    fn placeholders(&mut self, output: &str) {
        for (at, _) in output.match_indices('{') {
            let rest = &output[at..];
            let Some(end) = rest.find('}') else { continue };
            let name = &rest[..=end];
            if name != "{run}" {
                self.add(
                    Diagnostic::error(
                        Code::UnknownPlaceholder,
                        format!("`output`: there is no `{name}`"),
                    )
                    .at(self.spans.value(self.path_of("output")), "")
                    .help(
                        "`{run}` is the run's id; `${NAME}` takes a variable of your environment",
                    ),
                );
            }
        }
    }

    /// Where the place of `code` or `output` is written.
    fn path_of(&self, field: &'static str) -> &'static str {
        match (field, &self.job.output) {
            ("output", Some(Output::With(_))) => "output.uri",
            _ => field,
        }
    }

    fn mounts(&mut self, scope: &Scope<'_>) {
        // A role's volume replaces the job's at its path, so only one list is looked at.
        let mut paths: HashMap<String, String> = HashMap::new();
        let mut names: HashMap<&str, String> = HashMap::new();
        for (index, volume) in scope.volumes.iter().enumerate() {
            let path = index_path(&key_path(&scope.path, "volumes"), index);
            self.volume(volume, &path);
            let point = mount_point(&volume.mount_path).unwrap_or(volume.mount_path.clone());
            let mounted = paths.insert(point, path.clone());
            let homonym = names.insert(&volume.name, path.clone());
            for (first, field, what) in [(mounted, "mountPath", "path"), (homonym, "name", "name")]
            {
                let Some(first) = first else { continue };
                let finding =
                    Diagnostic::error(Code::DuplicateVolume, format!("two volumes of one {what}"))
                        .at(self.spans.value(&key_path(&path, field)), "again here")
                        .at(self.spans.value(&key_path(&first, field)), "first here");
                self.add(finding.help(format!("give each volume a `{field}` of its own")));
            }
        }
        for (index, secret) in scope.secrets.iter().enumerate() {
            let path = index_path(&key_path(&scope.path, "secrets"), index);
            if let Some(mount) = &secret.mount_path {
                self.absolute(mount, &key_path(&path, "mountPath"));
            }
        }
    }

    fn volume(&mut self, volume: &Volume, path: &str) {
        self.absolute(&volume.mount_path, &key_path(path, "mountPath"));
        let sources: Vec<&str> = volume.source.keys().map(String::as_str).collect();
        match sources[..] {
            [] => {
                let span = self.spans.value(&key_path(path, "name"));
                self.add(
                    Diagnostic::error(
                        Code::VolumeSource,
                        format!("the volume `{}` has no source", volume.name),
                    )
                    .at(span, "nothing to mount")
                    .help(
                        "add one, as in a Pod: `emptyDir: {}` or `persistentVolumeClaim: \
                            {claimName: ...}`",
                    ),
                );
            }
            [source] if !SOURCES.contains(&source) => {
                let span = self.spans.key(&key_path(path, source));
                let help = match nearest(source, SOURCES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are {}", list_of(&SOURCES, "and")),
                };
                self.add(
                    Diagnostic::error(
                        Code::VolumeSource,
                        format!("`{source}` is neither a field nor a source of a volume"),
                    )
                    .at(span, "unknown")
                    .help(help),
                );
            }
            [_] => {}
            [first, .., last] => {
                let span = |name| self.spans.key(&key_path(path, name));
                let unknown = sources.iter().find(|source| !SOURCES.contains(source)).copied();
                let finding = match unknown {
                    Some(name) => {
                        let known = ["readOnly", "subPath", "mountPath"];
                        let near = nearest(name, SOURCES.into_iter().chain(known));
                        Diagnostic::error(
                            Code::VolumeSource,
                            format!("unknown field `{name}` of a volume"),
                        )
                        .at(span(name), "neither a field nor a source")
                        .help(near.map_or_else(
                            || {
                                "the fields are name, mountPath, subPath, readOnly and one source"
                                    .to_owned()
                            },
                            |near| format!("did you mean `{near}`?"),
                        ))
                    }
                    None => Diagnostic::error(
                        Code::VolumeSource,
                        format!("the volume `{}` has {} sources", volume.name, sources.len()),
                    )
                    .at(span(first), "one")
                    .at(span(last), "another")
                    .help("write one volume for each"),
                };
                self.add(finding);
            }
        }
    }

    fn absolute(&mut self, path: &str, at: &str) {
        let leads_to = mount_point(path).filter(|point| point != "/");
        if leads_to.is_none() || path.split('/').any(|part| part == "..") {
            let finding = Diagnostic::error(
                Code::BadMountPath,
                format!("nothing can be mounted at `{path}`"),
            )
            .at(self.spans.value(at), "must be an absolute path")
            .help("for example `/data`");
            self.add(finding);
        }
    }

    fn accelerators(&mut self, accelerators: Option<&Accelerators>, path: &str) {
        let Some(accelerators) = accelerators else { return };
        if accelerator::is_known(&accelerators.kind)
            || self.accelerators.contains(&accelerators.kind)
        {
            return;
        }
        let help = match accelerator::suggest(&accelerators.kind) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "`nvidia` asks for any; known are nvidia-l4, nvidia-t4, nvidia-a100-80gb and others"
                    .into()
            }
        };
        let kind = &accelerators.kind;
        self.add(
            Diagnostic::warning(
                Code::UnknownAccelerator,
                format!("`{kind}` is not a known accelerator"),
            )
            .at(self.spans.value(&key_path(path, "type")), "looked for as a node's label as it is")
            .help(help),
        );
    }

    fn tolerations(&mut self, tolerations: &[Toleration], base: &str) {
        for (index, toleration) in tolerations.iter().enumerate() {
            let path = index_path(base, index);
            let exists = toleration.operator == Some(TolerationOperator::Exists);
            if exists && toleration.value.is_some() {
                self.add(
                    Diagnostic::error(Code::BadToleration, "`operator: Exists` takes no value")
                        .at(self.spans.value(&key_path(&path, "value")), "")
                        .help("leave `value` out, or write `operator: Equal`"),
                );
            } else if toleration.key.is_none() && !exists {
                self.add(
                    Diagnostic::error(Code::BadToleration, "a toleration without a key")
                        .at(self.spans.value(&path), "")
                        .help("add `key: ...`; `operator: Exists` alone tolerates every taint"),
                );
            }
        }
    }
}
