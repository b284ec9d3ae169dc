//! Connections between agents, as threads around the main loop.

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

/// Connections that may be in their handshake at once.
const STRANGERS: usize = 64;

/// What the holder of the token may ask for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CancelRequest {
    /// Who cancels, for the verdict.
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

/// The primary's ear: accepts members and cancel requests for as long as the process lives.
pub(super) fn listen(listener: TcpListener, token: Arc<[u8]>, run: String, inputs: Sender<Input>) {
    let strangers = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        let mut next = 1;
        loop {
            let Ok((stream, _)) = listener.accept() else {
                // Out of file descriptors, for example: they come back.
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            if strangers.load(Ordering::SeqCst) >= STRANGERS {
                continue;
            }
            strangers.fetch_add(1, Ordering::SeqCst);
            let (token, run, inputs) = (Arc::clone(&token), run.clone(), inputs.clone());
            let (strangers, number) = (Arc::clone(&strangers), next);
            next += 1;
            std::thread::spawn(move || {
                let mut stream = stream;
                let admitted = wire::admit(&mut stream, &token, &run);
                strangers.fetch_sub(1, Ordering::SeqCst);
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

fn member(number: u64, stream: TcpStream, inputs: &Sender<Input>) {
    let Ok(link) = Link::new(&stream) else { return };
    if inputs.send(Input::MemberLinkUp { number, link }).is_ok() {
        read(stream, inputs, |message| Input::FromMember { number, message });
        // The main loop is gone only when the process ends.
        let _ = inputs.send(Input::MemberLinkLost { number });
    }
}

fn control(mut stream: TcpStream, inputs: &Sender<Input>) {
    let Ok(CancelRequest { by }) = wire::receive(&mut stream) else { return };
    if inputs.send(Input::Cancel { by }).is_ok() {
        // The asker may have gone; the request stands.
        let _ = wire::send(&mut stream, &true);
    }
}

/// Dials the primary after a delay; answers `PrimaryLinkUp` or `PrimaryLinkLost` under `dial`.
pub(super) fn dial(
    dial: u64,
    address: String,
    token: Arc<[u8]>,
    run: String,
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
pub fn cancel(address: &str, token: &[u8], run: &str, by: &str) -> io::Result<()> {
    let mut stream = connect(address)?;
    wire::greet(&mut stream, token, run, Purpose::Control)?;
    stream.set_read_timeout(Some(DIAL_LIMIT))?;
    wire::send(&mut stream, &CancelRequest { by: by.into() })?;
    wire::receive::<bool>(&mut stream).map(|_| ())
}
