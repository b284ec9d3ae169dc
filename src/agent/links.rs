//! The threads that hold the connections between agents: at the primary one that accepts, and
//! everywhere one that reads each connection.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::connect::{DIAL_LIMIT, connect};
use super::input::Input;
use super::link::Link;
use super::presence;
use super::wire::{self, Purpose};

use crate::gang::RunId;

/// How many connections may be in their handshake at once. Further ones are closed, so that
/// strangers can't use up threads.
const HANDSHAKES_AT_ONCE: usize = 64;

/// What the holder of the token may ask for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CancelRequest {
    /// The name of whoever cancels, for the verdict.
    pub(super) by: String,
}

/// Hands every message of a stream to the main loop until the stream ends.
fn read<T: DeserializeOwned>(
    mut stream: TcpStream,
    inputs: &Sender<Input>,
    message: impl Fn(T) -> Input,
) {
    while let Ok(received) = wire::receive(&mut stream) {
        if inputs.send(message(received)).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// Accepts connections to the primary's agent, in a thread of its own that ends with the process.
pub(super) fn listen(listener: TcpListener, token: Arc<[u8]>, run: RunId, inputs: Sender<Input>) {
    let handshakes = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        let mut next = 1;
        loop {
            let Ok((stream, _)) = listener.accept() else {
                // Out of file descriptors, for example: they come back.
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            if handshakes.load(Ordering::SeqCst) >= HANDSHAKES_AT_ONCE {
                continue;
            }
            handshakes.fetch_add(1, Ordering::SeqCst);
            let (token, run, inputs) = (Arc::clone(&token), run.clone(), inputs.clone());
            let (handshakes, number) = (Arc::clone(&handshakes), next);
            next += 1;
            std::thread::spawn(move || {
                let mut stream = stream;
                let admitted = wire::admit(&mut stream, &token, &run);
                handshakes.fetch_sub(1, Ordering::SeqCst);
                match admitted {
                    Ok(Purpose::Member) => member(number, stream, &inputs),
                    Ok(Purpose::Presence) => presence::watch(stream, &inputs),
                    Ok(Purpose::Control) => control(stream, &inputs),
                    Err(_) => {}
                }
            });
        }
    });
}

/// Reads what a member says, until its link is gone.
fn member(number: u64, stream: TcpStream, inputs: &Sender<Input>) {
    let Ok(link) = Link::new(&stream) else { return };
    if inputs.send(Input::MemberLinkUp { number, link }).is_ok() {
        read(stream, inputs, |message| Input::FromMember { number, message });
        // The main loop is gone only when the process ends.
        let _ = inputs.send(Input::MemberLinkLost { number });
    }
}

/// Takes one request to cancel, and answers when the main loop has it.
fn control(mut stream: TcpStream, inputs: &Sender<Input>) {
    let Ok(CancelRequest { by }) = wire::receive(&mut stream) else { return };
    if inputs.send(Input::Cancel { by }).is_ok() {
        // Whoever asked may be gone, and the run is cancelled all the same.
        let _ = wire::send(&mut stream, &true);
    }
}

/// Connects to the primary after a delay, in a thread of its own. It sends `PrimaryLinkUp` and
/// later, or at once, `PrimaryLinkLost` to the main loop, each with the number `dial`.
pub(super) fn dial(
    dial: u64,
    address: String,
    token: Arc<[u8]>,
    run: RunId,
    after: Duration,
    inputs: Sender<Input>,
) {
    std::thread::spawn(move || {
        std::thread::sleep(after);
        let lost = |refused| Input::PrimaryLinkLost { dial, refused };
        let stream = match connect(&address) {
            Ok(mut stream) => match wire::greet(&mut stream, &token, &run, Purpose::Member) {
                Ok(()) => stream,
                Err(_) => return drop(inputs.send(lost(false))),
            },
            Err(error) => {
                let refused = error.kind() == io::ErrorKind::ConnectionRefused;
                return drop(inputs.send(lost(refused)));
            }
        };
        if let Ok(link) = Link::new(&stream)
            && inputs.send(Input::PrimaryLinkUp { dial, link }).is_ok()
        {
            read(stream, &inputs, |message| Input::FromPrimary { dial, message });
        }
        drop(inputs.send(lost(false)));
    });
}

/// Asks the gang at `address` to end as cancelled. Fails when its primary doesn't answer in time.
pub fn cancel(address: &str, token: &[u8], run: &RunId, by: &str) -> io::Result<()> {
    let mut stream = connect(address)?;
    wire::greet(&mut stream, token, run, Purpose::Control)?;
    stream.set_read_timeout(Some(DIAL_LIMIT))?;
    wire::send(&mut stream, &CancelRequest { by: by.into() })?;
    wire::receive::<bool>(&mut stream).map(|_| ())
}
