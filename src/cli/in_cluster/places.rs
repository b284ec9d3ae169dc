//! Places of this machine that pods don't see, and models that stay where nobody can push them from.

use std::path::Path;

use crate::cli::Context;
use crate::runtime::kubernetes::Reason;
use crate::spec::{ModelRef, TrainJob};
use crate::storage::Place;

/// The folder or file of this machine that a model is, as it is written, where it is one. Nobody but this
/// machine is asked: what a registry in a bucket has is not known.
pub(super) fn local_model(context: &Context, model: &ModelRef) -> Option<Place> {
    let is_local = |place: &Place| matches!(place, Place::Path(_));
    if let Some(place) = model.place() {
        return Some(place.without_file_scheme()).filter(is_local);
    }
    context.registry(None).ok()?.folder()?;
    let reference = model.to_string().parse().ok()?;
    let found = context.registered_model(&reference).ok()?;
    Some(found.place).filter(is_local)
}

/// The folder that a name alone means to a batch prediction, where there is one.
pub(super) fn folder_named(model: &ModelRef, base: &Path) -> Option<Place> {
    let ModelRef::Named(named) = model else { return None };
    let is_folder = named.version.is_none() && base.join(&named.name).exists();
    is_folder.then(|| named.name.as_str().into())
}

/// The reason against a model that is to be pushed from where only the cluster sees it.
pub(in crate::cli) fn no_push(job: &TrainJob) -> Option<Reason> {
    job.push.as_ref()?;
    let in_bucket = job.output.as_ref().is_some_and(|to| matches!(to.place(), Place::Object(_)));
    (!in_bucket).then(|| {
        Reason::new("push: the model stays in the cluster, where nobody can push it from")
            .of("push")
            .help("let the run write to a bucket: output: s3://bucket/{run}")
    })
}
