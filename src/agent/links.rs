//! The threads that hold the connections between agents: at the primary one that accepts, and
//! everywhere one that reads each connection.

use crate::gang::RunId;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::Builder;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::connect::{DIAL_LIMIT, Listener, connect, is_nameless, is_nobody};
use super::gate::{Gate, Limits};
use super::input::{Input, Unmet};
use super::link::Link;
use super::presence;
use super::socket::{Socket, Timed};
use super::wire::{Channel, Purpose, Receiver, greet};

/// How long connections that were cut are made again, and the pause before each.
const CUT_LIMIT: Duration = Duration::from_secs(5);
const CUT_PAUSE: Duration = Duration::from_millis(20);

/// What the holder of the token may ask for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CancelRequest {
    /// The name of whoever cancels, for the verdict.
    pub(super) by: String,
}

/// Hands every message of a connection to the main loop until the connection ends.
fn read<T: DeserializeOwned>(
    socket: &Socket,
    mut receiver: Receiver,
    inputs: &Sender<Input>,
    message: impl Fn(T) -> Input,
) {
    while let Ok(received) = receiver.receive(&mut &*socket) {
        if inputs.send(message(received)).is_err() {
            break;
        }
    }
    socket.shut();
}

/// Accepts connections to the primary's agent, in a thread of its own that ends with the process.
/// Whoever has proved to hold the token has a thread too.
pub(super) fn listen(
    listener: Listener,
    token: Arc<[u8]>,
    run: &RunId,
    inputs: Sender<Input>,
) -> io::Result<()> {
    let gate = Gate::new(listener, token, run.into(), Limits::of_this_process());
    let mut number = 0;
    let enter = move |socket, purpose, channel| {
        number += 1;
        let (number, inputs) = (number, inputs.clone());
        let serve = move || match purpose {
            Purpose::Member => member(number, socket, channel, &inputs),
            Purpose::Presence => presence::watch(&socket, channel.receiver, &inputs),
            Purpose::Control => control(&socket, channel, &inputs),
        };
        // A machine may be out of threads: the connection is closed then, and will be made again.
        let _ = Builder::new().spawn(serve);
    };
    Builder::new().spawn(move || gate.keep(enter)).map(drop)
}

/// Reads what a member says, until its link is gone.
fn member(number: u64, socket: Socket, channel: Channel, inputs: &Sender<Input>) {
    let socket = Arc::new(socket);
    let Ok(link) = Link::new(&socket, channel.sender) else { return };
    if inputs.send(Input::MemberLinkUp { number, link }).is_ok() {
        let message = |message| Input::FromMember { number, message };
        read(&socket, channel.receiver, inputs, message);
        // The main loop is gone only when the process ends.
        let _ = inputs.send(Input::MemberLinkLost { number });
    }
}

/// Takes one request to cancel, and answers when the main loop has it.
fn control(socket: &Socket, mut channel: Channel, inputs: &Sender<Input>) {
    let mut stream = Timed::new(socket, DIAL_LIMIT);
    let Ok(CancelRequest { by }) = channel.receiver.receive(&mut stream) else { return };
    if inputs.send(Input::Cancel { by }).is_ok() {
        // Whoever asked may be gone, and the run is cancelled all the same.
        let _ = channel.sender.send(&mut stream, &true);
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
        let lost = |refused, unmet| Input::PrimaryLinkLost { dial, refused, unmet };
        let socket = match connect(&address) {
            Ok(socket) => Arc::new(socket),
            Err(error) => {
                let unmet = is_nameless(&error).then(|| Unmet::Nameless(error.to_string()));
                return drop(inputs.send(lost(is_nobody(&error, &address), unmet)));
            }
        };
        let channel = match greet(&socket, &token, &run, Purpose::Member) {
            Ok(channel) => channel,
            Err(error) => {
                let reason =
                    format!("what answers at {address} is not the gang's primary: {error}");
                return drop(inputs.send(lost(false, Some(Unmet::Stranger(reason)))));
            }
        };
        if let Ok(link) = Link::new(&socket, channel.sender)
            && inputs.send(Input::PrimaryLinkUp { dial, link }).is_ok()
        {
            let message = |message| Input::FromPrimary { dial, message };
            read(&socket, channel.receiver, &inputs, message);
        }
        drop(inputs.send(lost(false, None)));
    });
}

/// Asks the gang at `address` to end as cancelled. Fails when its primary doesn't answer in time.
///
/// Where strangers press in, the gate may take a place back before its holder has proved anything:
/// a connection that ends without an answer is made again.
pub fn cancel(address: &str, token: &[u8], run: &RunId, by: &str) -> io::Result<()> {
    let until = Instant::now() + CUT_LIMIT;
    loop {
        match connect(address).and_then(|socket| ask(&socket, token, run, by)) {
            Err(error) if is_cut(&error) && Instant::now() < until => {
                std::thread::sleep(CUT_PAUSE);
            }
            answer => return answer,
        }
    }
}

/// The other end has ended the connection.
fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// The same over a connection that somebody else has made.
pub fn cancel_over(stream: UnixStream, token: &[u8], run: &RunId, by: &str) -> io::Result<()> {
    ask(&Socket::Unix(stream), token, run, by)
}

fn ask(socket: &Socket, token: &[u8], run: &RunId, by: &str) -> io::Result<()> {
    let mut channel = greet(socket, token, run, Purpose::Control)?;
    let mut stream = Timed::new(socket, DIAL_LIMIT);
    channel.sender.send(&mut stream, &CancelRequest { by: by.into() })?;
    channel.receiver.receive::<bool>(&mut stream).map(|_| ())
}
