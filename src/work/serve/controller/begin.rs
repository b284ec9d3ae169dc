//! An endpoint begins, becomes something else, or goes on: its documents are written down, and a run is
//! submitted whose command is its controller.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

use super::journal::append;
use super::loop_plan::loop_plan;
use super::prepare::Prepared;
use crate::run::{self, Order, SubmitError, Submitted, Submitter};
use crate::runtime::{Notice, Runtime, SubmitOptions};
use crate::spec::ENDPOINT;
use crate::store::{Reservation, Store, now, private_dir, remove_tree};
use crate::work::serve::endpoint::{EndpointDocument, ServeError};
use crate::work::serve::rollout::Entry;
use crate::work::train::TrainError;

/// What a controller's run is made from.
pub struct Serving<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// Where the controller and the replicas run.
    pub runtime: &'a dyn Runtime,
    /// Who asks for it.
    pub submitter: &'a Submitter<'a>,
    /// The endpoint's labels.
    pub labels: &'a IndexMap<String, String>,
    /// The spec as it is run, for people to read; secrets are masked before it is written down.
    pub resolved: &'a str,
}

/// Begins an endpoint: once this returns it goes on by itself. The reservation's run is the endpoint's id.
pub fn begin(
    document: &EndpointDocument,
    prepared: Prepared,
    reservation: Reservation,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, ServeError> {
    let paths = serving.store.endpoint(&document.endpoint);
    let Prepared { definitions, rules, values } = prepared;
    let drain = rules.drain;
    let written = private_dir(&paths.dir).map_err(ServeError::from).and_then(|()| {
        definitions.iter().try_for_each(|definition| definition.write(&paths))?;
        document.write(&paths)?;
        let entry = Entry::Applied { rules: Box::new(rules) };
        append(serving.runtime, &paths, now(), &serving.submitter.user, vec![entry])
    });
    let begun = written.and_then(|()| start(document, drain, values, reservation, serving, notify));
    if begun.is_err() {
        // Nothing was started; what can't be removed is in nobody's way.
        let _ = remove_tree(&paths.dir);
    }
    begun
}

/// Goes on with an endpoint whose controller is gone, by a run of its own.
pub fn go_on(
    document: &EndpointDocument,
    drain: Duration,
    values: BTreeMap<String, String>,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, ServeError> {
    let reservation = serving.store.reserve(&document.name)?;
    start(document, drain, values, reservation, serving, notify)
}

/// Submits the run whose command is the controller.
fn start(
    document: &EndpointDocument,
    drain: Duration,
    values: BTreeMap<String, String>,
    reservation: Reservation,
    serving: &Serving<'_>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, ServeError> {
    let Serving { store, runtime, submitter, labels, resolved } = *serving;
    let given = values.values().cloned().collect();
    let mut plan =
        loop_plan(document, labels, drain, values, reservation.run(), runtime.defaults())?;
    let options = SubmitOptions { kind: ENDPOINT, ..SubmitOptions::default() };
    runtime.check(&plan, &options)?.into_iter().for_each(&mut *notify);
    let secrets = plan.take_secrets(&given);
    let order = Order {
        kind: ENDPOINT,
        plan,
        secrets,
        code: None,
        base: &document.base,
        source: resolved,
        resolved,
    };
    let submitted = run::submit(store, runtime, reservation, order, submitter, &options, notify);
    submitted.map_err(|error| match error {
        SubmitError::Store(error) => ServeError::from(error),
        SubmitError::Runtime(error) => TrainError::from(error).into(),
    })
}
