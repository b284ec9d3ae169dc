//! What findings about KServe's files are called, and where a converted predictor is gathered.

use crate::spec::foreign::common::fields::System;
use crate::spec::foreign::common::gather::Located;
use crate::spec::kinds::endpoint::{Endpoint, Revision};
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans};

pub(super) static KSERVE: System = System::of(
    "Kubernetes",
    &[
        ("predictor", "spec"),
        ("modelFormat", "predictor.model"),
        ("runtime", "predictor.model"),
        ("minReplicas", "predictor"),
        ("maxReplicas", "predictor"),
        ("scaleTarget", "predictor"),
        ("scaleMetric", "predictor"),
        ("containerConcurrency", "predictor"),
        ("canaryTrafficPercent", "predictor"),
        ("batcher", "predictor"),
        ("logger", "predictor"),
        ("serviceAccountName", "predictor"),
        ("nodeSelector", "predictor"),
        ("tolerations", "predictor"),
        ("storageUri", "`predictor.model`, or the framework of a predictor"),
        ("protocolVersion", "`predictor.model`, or the framework of a predictor"),
        ("runtimeVersion", "`predictor.model`, or the framework of a predictor"),
        ("resources", "`predictor.model`, or the framework of a predictor"),
    ],
);

/// One revision while it is read: itself, what only an endpoint has, and where all of it is written.
pub(super) struct Served<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) revision: Revision,
    /// Places by paths within the revision.
    pub(super) own: Spans,
    /// Places by paths of the endpoint.
    pub(super) whole: Spans,
    /// The documents of the file, of which ConfigMaps are a part of what names them.
    pub(super) siblings: &'a [Node],
}

impl<'a> Served<'a> {
    pub(super) fn new(place: KeyedSpan, siblings: &'a [Node]) -> Self {
        let mut own = Spans::default();
        own.insert("", place);
        Self {
            endpoint: Endpoint::default(),
            revision: Revision::default(),
            own,
            whole: Spans::default(),
            siblings,
        }
    }

    /// A field of the revision comes from an entry.
    pub(super) fn of(&mut self, field: &str, entry: &Entry) {
        self.own.insert(field, Located::new((), entry).place);
    }

    /// A field of the endpoint comes from an entry.
    pub(super) fn of_all(&mut self, field: &str, entry: &Entry) {
        self.whole.insert(field, Located::new((), entry).place);
    }
}
