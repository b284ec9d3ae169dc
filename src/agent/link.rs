//! The sending end of a connection between agents.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use serde::Serialize;

use super::wire;

/// How many messages may wait for a slow peer before its link counts as broken.
const QUEUED_MESSAGES: usize = 256;

/// The sending end of a link; dropping it closes the link once all is flushed.
#[derive(Debug)]
pub(super) struct Link<T> {
    queue: SyncSender<T>,
    stream: TcpStream,
    writer: JoinHandle<()>,
}

impl<T: Serialize + Send + 'static> Link<T> {
    /// Starts the thread that writes to a copy of the stream; the caller goes on reading from its
    /// own.
    pub(super) fn new(stream: &TcpStream) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUED_MESSAGES);
        let target = stream.try_clone()?;
        let writer = std::thread::spawn(move || write(target, &waiting));
        Ok(Self { queue, stream: stream.try_clone()?, writer })
    }

    /// Queues a message; never blocks. A peer that doesn't read loses its link.
    pub(super) fn send(&self, message: T) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(message) {
            self.cut();
        }
    }

    /// Closes the connection at once. The thread that reads it tells the main loop.
    pub(super) fn cut(&self) {
        // An error means that it is closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Sends what is queued, closes the connection, and waits until that is done.
    pub(super) fn flush(self) {
        let Self { queue, writer, .. } = self;
        drop(queue);
        // A writer can't panic, and its writes are limited in time.
        let _ = writer.join();
    }
}

/// Sends messages until there are no more or the connection breaks, and then closes it.
fn write<T: Serialize>(mut stream: TcpStream, waiting: &Receiver<T>) {
    for message in waiting {
        if wire::send(&mut stream, &message).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}
