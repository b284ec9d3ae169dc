//! Events, and what agents say to each other.

use mlctl::event::{Cursor, Event, EventKind};
use mlctl::gang::{TerminationMessage, ToMember, ToPrimary};

use super::{comes_back, covers, kinds, lines_come_back, text, v1, v2, v4, v5, v6};

#[test]
fn every_kind_of_event_is_read() {
    let text = [v1, v2, v4, v5, v6].map(|of| text(of("events.jsonl"))).concat();
    let events: Vec<Event> = lines_come_back(&text);
    let found: Vec<EventKind> = events.into_iter().map(|event| event.kind).collect();
    let kinds = kinds!(EventKind:
        Submitted "submitted", Waiting "waiting", Placed "placed", PodChanged "podChanged",
        AgentStarted "agentStarted",
        SetupStarted "setupStarted", SetupProgress "setupProgress", SetupFinished "setupFinished",
        InstallStarted "installStarted", InstallFinished "installFinished",
        Joined "joined", JoinRefused "joinRefused", AttemptStarted "attemptStarted",
        CommandStarting "commandStarting", CommandStarted "commandStarted",
        ReplicaRunning "replicaRunning", CommandExited "commandExited",
        ReplicaLost "replicaLost", ReplicaStopped "replicaStopped", FirstFailure "firstFailure",
        Retrying "retrying", Adopted "adopted", AttemptEnded "attemptEnded",
        Completed "completed", Draining "draining", TaskEnded "taskEnded", Finished "finished", Metrics "metrics",
        Diverged "diverged", Usage "usage", Warning "warning",
    );
    covers(&text, &found, kinds);
}

#[test]
fn every_message_to_the_primary_is_read() {
    let text = text(v1("to-primary.jsonl")) + &self::text(v6("to-primary.jsonl"));
    let kinds = kinds!(ToPrimary:
        Join "join", Heartbeat "heartbeat", Started "started", Exited "exited",
        Stopped "stopped", TerminatedFromOutside "terminatedFromOutside", Ack "ack",
    );
    covers(&text, &lines_come_back(&text), kinds);
}

#[test]
fn every_message_to_a_member_is_read() {
    let text = text(v1("to-member.jsonl")) + &self::text(v6("to-member.jsonl"));
    let kinds = kinds!(ToMember:
        Welcome "welcome", Refuse "refuse", Start "start", Stop "stop", Lease "lease",
        Probe "probe", Verdict "verdict", Release "release", Disband "disband",
        Replace "replace", Left "left",
    );
    covers(&text, &lines_come_back(&text), kinds);
}

#[test]
fn termination_messages_are_read() {
    let messages: Vec<TerminationMessage> = lines_come_back(&text(v1("terminations.jsonl")));
    for message in messages {
        // As the agent writes it, and as the next reader finds it.
        let again: TerminationMessage = serde_json::from_slice(&message.to_bytes()).unwrap();
        assert_eq!(again, message);
    }
}

#[test]
fn the_cursor_of_a_run_in_a_cluster_is_read() {
    let cursor: Cursor = comes_back(&text(v1("cursor.json")));
    assert!(cursor.is_finished && cursor.has_verdict);
    assert_eq!(cursor.pods["uid-0"].lines, 3);
    assert!(cursor.pods["uid-1"].is_read && cursor.pods["uid-1"].is_placed);
    assert_eq!(cursor.reasons["job"], 4_503_599_627_370_495);
}
