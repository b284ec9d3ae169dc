//! The log of a pod that leads, read for the events in it.

use tokio::runtime::Handle;

use crate::agent::stream::{Item, StreamReader};
use crate::event::Event;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::follow::log::{Line, Position, Tail};

/// A log that is followed in the background, and how far its events have been taken.
pub(crate) struct PodTail {
    pub(crate) tail: Tail,
    pub(crate) position: Position,
    reader: StreamReader,
}

impl PodTail {
    /// Follows the log of a pod behind a position. `nonce` is the word that marks the agents' own
    /// lines.
    pub(crate) fn start(
        runtime: &Handle,
        cluster: Cluster,
        pod: &str,
        position: Position,
        nonce: &str,
    ) -> Self {
        Self {
            tail: Tail::start(runtime, cluster, pod.to_owned(), position),
            position,
            reader: StreamReader::new(nonce),
        }
    }

    /// The events that have come since the last call, without those before the position `from`.
    pub(crate) fn events(&mut self, from: Position) -> Vec<Event> {
        let lines = self.tail.take();
        events_in(&mut self.reader, lines, &mut self.position, from)
    }
}

/// The events in some lines of a log. `position` is how far this process has read and moves on;
/// `from` is how far the cursor says that the events have been kept.
pub(crate) fn events_in(
    reader: &mut StreamReader,
    lines: impl IntoIterator<Item = Line>,
    position: &mut Position,
    from: Position,
) -> Vec<Event> {
    let mut events = Vec::new();
    if position.is_before(from) {
        // Another process has read on, and said so in the cursor.
        *position = from;
    }
    for line in lines {
        if !position.is_before(line.position) {
            continue;
        }
        *position = line.position;
        let mut items = reader.push(&line.bytes);
        items.extend(reader.push(b"\n"));
        events.extend(items.into_iter().filter_map(|item| match item {
            Item::Event(event) => Some(event),
            Item::Line(_) => None,
        }));
    }
    events
}
