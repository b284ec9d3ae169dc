//! What endpoints leave: their document, definitions and journal, how they are, the plans of their runs.

use mlctl::plan::Plan;
use mlctl::store::RunRecord;
use mlctl::work::serve::rollout::{EndpointState, Line};
use mlctl::work::serve::{Definition, EndpointDocument, LiveDocument, ReadyDocument};

use super::{comes_back, lines_come_back, text, v8, v9, v14};

#[test]
fn the_documents_of_an_endpoint_come_back_the_same() {
    let document: EndpointDocument = comes_back(&text(v8("endpoint.json")));
    let definition: Definition = comes_back(&text(v8("definition.json")));
    let digest = definition.digest.clone();
    assert_eq!(definition.sealed().expect("a definition").digest, digest);
    let lines: Vec<Line> = lines_come_back(&text(v8("journal.jsonl")));
    let state = EndpointState::of(&lines);
    assert_eq!((state.changes, state.revisions.len(), state.change.is_none()), (3, 2, true));
    assert_eq!(state.weights.to_string(), "v1 100");
    // Its `assignment` was written once and is known from the journal since.
    let live = LiveDocument::parse(text(v8("live.json")).as_bytes()).expect("how it is");
    assert_eq!((live.revisions.len(), live.serving), (2, true));
    let _: ReadyDocument = comes_back(&text(v8("ready.json")));
    let controller: Plan = comes_back(&text(v8("plan-controller.json")));
    assert_eq!(controller.endpoint(), Some(&document.endpoint));
    let replica: Plan = comes_back(&text(v8("plan-replica.json")));
    let record: RunRecord = comes_back(&text(v8("run.json")));
    assert!(record.serves.is_some() && record.serves == replica.head.serves);
    // What an older mlctl would get wrong it must not read.
    for name in ["plan-controller.json", "plan-replica.json"] {
        let older = text(v8(name)).replace("\"schemaVersion\": 5", "\"schemaVersion\": 4");
        assert!(Plan::read(older.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn the_plan_of_an_endpoint_in_a_cluster_comes_back_the_same() {
    let plan: Plan = comes_back(&text(v9("plan-service.json")));
    let service = plan.service().expect("an endpoint");
    assert_eq!((service.routers, service.revisions.len()), (2, 2));
    // An older mlctl would take it for a gang.
    let older =
        text(v9("plan-service.json")).replace("\"schemaVersion\": 6", "\"schemaVersion\": 5");
    assert!(Plan::read(older.as_bytes()).is_err());
}

#[test]
fn the_plan_of_a_server_with_a_port_of_its_own_comes_back_the_same() {
    let plan: Plan = comes_back(&text(v14("plan-own-port.json")));
    let serving = plan.gang().serving.as_ref().expect("a replica");
    assert_eq!(serving.server.port, Some(7080));
    // An older mlctl would ask it where nobody listens.
    let older =
        text(v14("plan-own-port.json")).replace("\"schemaVersion\": 7", "\"schemaVersion\": 6");
    assert!(Plan::read(older.as_bytes()).is_err());
}
