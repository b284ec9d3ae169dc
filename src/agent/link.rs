//! The sending end of a connection between agents.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::socket::{Socket, Timed};
use super::wire::Sender;

/// How many messages may wait for a slow peer before its link counts as broken.
const QUEUED_MESSAGES: usize = 256;

/// A peer that takes so long for one message is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// What is queued at the end is sent within this time, or not at all.
const FLUSH_LIMIT: Duration = Duration::from_secs(10);

/// The pause between two looks whether everything is sent.
const FLUSH_PACE: Duration = Duration::from_millis(2);

/// The sending end of a link; dropping it closes the link once all is flushed.
#[derive(Debug)]
pub(super) struct Link<T> {
    queue: SyncSender<T>,
    socket: Arc<Socket>,
    writer: JoinHandle<()>,
}

impl<T: Serialize + Send + 'static> Link<T> {
    /// Starts the thread that writes; the caller goes on reading from the same socket.
    pub(super) fn new(socket: &Arc<Socket>, sender: Sender) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUED_MESSAGES);
        let target = Arc::clone(socket);
        let writer = Builder::new().spawn(move || write(&target, sender, &waiting))?;
        Ok(Self { queue, socket: Arc::clone(socket), writer })
    }

    /// Queues a message; never blocks. A peer that doesn't read loses its link.
    pub(super) fn send(&self, message: T) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(message) {
            self.cut();
        }
    }

    /// Closes the connection at once. The thread that reads it tells the main loop.
    pub(super) fn cut(&self) {
        self.socket.shut();
    }

    /// Sends what is queued, closes the connection, and waits until that is done, or cuts it off
    /// where the peer takes it too slowly.
    pub(super) fn flush(self) {
        let Self { queue, socket, writer } = self;
        drop(queue);
        let begin = Instant::now();
        while !writer.is_finished() && begin.elapsed() < FLUSH_LIMIT {
            std::thread::sleep(FLUSH_PACE);
        }
        socket.shut();
        // A writer can't panic, and nothing holds it now.
        let _ = writer.join();
    }
}

/// Sends messages until there are no more or the connection breaks, and then closes it.
fn write<T: Serialize>(socket: &Socket, mut sender: Sender, waiting: &Receiver<T>) {
    for message in waiting {
        if sender.send(&mut Timed::new(socket, WRITE_LIMIT), &message).is_err() {
            break;
        }
    }
    socket.shut();
}
