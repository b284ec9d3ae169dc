//! The sending end of a connection between agents.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use serde::Serialize;

use super::wire;

/// Messages that may wait for a slow peer before its link counts as broken.
const QUEUE: usize = 256;

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
        let (queue, waiting) = sync_channel(QUEUE);
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

    /// Closes at once; the reading thread tells the main loop.
    pub(super) fn cut(&self) {
        // It may be closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Sends what is queued, closes, and waits for that.
    pub(super) fn flush(self) {
        let Self { queue, writer, .. } = self;
        drop(queue);
        // A writer can't panic, and its writes are limited in time.
        let _ = writer.join();
    }
}

fn write<T: Serialize>(mut stream: TcpStream, waiting: &Receiver<T>) {
    for message in waiting {
        if wire::send(&mut stream, &message).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}
