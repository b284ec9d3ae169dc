//! Where nothing replaces an agent, each one holds a connection to the primary's from its birth on:
//! its end tells at once of an agent that died before it could join, or of a primary that won't
//! come.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::config::AgentConfig;
use super::connect::{connect, is_nobody};
use super::input::Input;
use super::socket::{Socket, Timed};
use super::wire::{HANDSHAKE_LIMIT, Purpose, Receiver, greet};
use crate::gang::ReplicaId;

/// The primary's agent listens within this time, or something else is wrong.
const PRIMARY_LISTENS_LIMIT: Duration = Duration::from_secs(20);

/// The pause between two tries to connect.
const CONNECT_PACE: Duration = Duration::from_millis(20);

/// Opens the connection to the primary's agent, and watches it in a thread of its own. After this
/// call the primary learns of the end of this agent.
pub(super) fn show(config: &AgentConfig, token: &Arc<[u8]>, inputs: Sender<Input>) {
    let begin = Instant::now();
    let socket = loop {
        match present(config, token) {
            Ok(socket) => break socket,
            Err(error) if begin.elapsed() > PRIMARY_LISTENS_LIMIT => {
                // It listens before anything else and is not replaced: nobody will ever be there.
                if is_nobody(&error, &config.primary_address) {
                    let _ = inputs.send(Input::PrimaryGone);
                }
                // Of anything else the try to join the gang will tell what is wrong.
                return;
            }
            Err(_) => std::thread::sleep(CONNECT_PACE),
        }
    };
    std::thread::spawn(move || {
        wait_for_end(&socket);
        // The main loop is gone only when the process ends.
        let _ = inputs.send(Input::PrimaryGone);
    });
}

/// Opens the connection and says whose it is.
fn present(config: &AgentConfig, token: &[u8]) -> io::Result<Socket> {
    let socket = connect(&config.primary_address)?;
    let mut channel = greet(&socket, token, &config.gang.run, Purpose::Presence)?;
    channel.sender.send(&mut Timed::new(&socket, HANDSHAKE_LIMIT), &config.replica)?;
    Ok(socket)
}

/// At the primary: tells the main loop when the agent behind the connection is gone, and then
/// returns.
pub(super) fn watch(socket: &Socket, mut receiver: Receiver, inputs: &Sender<Input>) {
    let mut stream = Timed::new(socket, HANDSHAKE_LIMIT);
    let Ok(replica) = receiver.receive::<ReplicaId>(&mut stream) else { return };
    if socket.set_read_timeout(None).is_ok() {
        wait_for_end(socket);
    }
    let _ = inputs.send(Input::AgentGone { replica });
}

/// Waits for the end of a connection. Nothing is ever sent over it: it ends with the process at its
/// other end.
fn wait_for_end(mut socket: &Socket) {
    let mut nothing = [0; 16];
    while matches!(socket.read(&mut nothing), Ok(count) if count > 0) {}
}
