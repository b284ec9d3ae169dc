//! Who gets in to the primary's agent. One thread holds every connection whose other side has not
//! proved itself; it never waits for one of them.
//!
//! Strangers have places of their own, and nothing that they do touches a member's:
//! - A connection that has said nothing with a proof is a stranger's. Of those there are at most
//!   [`Limits::strangers`]. For one more the oldest of that address goes which has most.
//! - One whose first message had a proof is a member's, most likely, and never goes for a stranger.
//! - Of either only a handshake's few hundred bytes are read, and it is over after
//!   [`Limits::handshake`], all in all.
//! - One that has proved itself leaves the gate and is limited no more.

use crate::gang::RunId;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::connect::Listener;
use super::socket::{Peer, Socket};
use super::wire::{Admission, Channel, HANDSHAKE_LIMIT, Purpose, Step};

/// How many connections are taken in at a time, before those that are in are heard again.
const AT_A_TIME: usize = 64;

/// Strangers keep so many places, however short files are.
const FEWEST: usize = 4;

/// The pause after the system has refused a connection for lack of something.
const REST: Duration = Duration::from_millis(50);

/// What may be before the gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Connections that have said nothing with a proof.
    pub(super) strangers: usize,
    /// Connections whose first message had one: a whole gang may come back at once.
    pub(super) opened: usize,
    /// How long a handshake may take.
    pub(super) handshake: Duration,
}

impl Limits {
    /// As many as leave most of this process's file descriptors to the members.
    pub(super) fn of_this_process() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let part = |wanted: usize, of: u64| {
            usize::try_from(files / of).map_or(wanted, |most| wanted.min(most))
        };
        Self {
            strangers: part(128, 8).max(FEWEST),
            opened: part(256, 4).max(FEWEST),
            handshake: HANDSHAKE_LIMIT,
        }
    }
}

/// A connection before its other side has proved itself.
struct Visitor {
    socket: Socket,
    peer: Peer,
    since: Instant,
    admission: Admission,
}

/// What becomes of a visitor after something was heard of it.
enum Fate {
    Waits,
    Goes,
    Enters(Purpose, Box<Channel>),
}

/// A listening socket and who is before it.
pub(super) struct Gate {
    listener: Listener,
    token: Arc<[u8]>,
    run: RunId,
    limits: Limits,
    visitors: Vec<Visitor>,
    /// No connection is taken in before then.
    rests_until: Option<Instant>,
}

impl Gate {
    pub(super) fn new(listener: Listener, token: Arc<[u8]>, run: RunId, limits: Limits) -> Self {
        Self { listener, token, run, limits, visitors: Vec::new(), rests_until: None }
    }

    /// Lets in whoever proves to hold the token, as long as this process lives.
    pub(super) fn keep(mut self, mut enter: impl FnMut(Socket, Purpose, Channel)) {
        loop {
            self.turn(&mut enter);
        }
    }

    /// Waits until something happens or a limit is over, and does what is to be done then.
    fn turn(&mut self, enter: &mut impl FnMut(Socket, Purpose, Channel)) {
        let (heard, is_called) = self.wait();
        // From the last to the first: whoever takes the place of one that goes has been heard.
        for i in heard.into_iter().rev() {
            match self.visitors[i].hear() {
                Fate::Waits => self.refuse_repetition(i),
                Fate::Goes => self.visitors.swap_remove(i).socket.turn_away(),
                Fate::Enters(purpose, channel) => {
                    let Visitor { socket, .. } = self.visitors.swap_remove(i);
                    enter(socket, purpose, *channel);
                }
            }
        }
        self.keep_limits();
        let limit = self.limits.handshake;
        for late in self.visitors.extract_if(.., |visitor| visitor.since.elapsed() >= limit) {
            late.socket.turn_away();
        }
        if is_called {
            self.take_in(enter);
        }
    }

    /// The visitors of whom something is there to be heard, in their order, and whether more are
    /// to be taken in.
    fn wait(&mut self) -> (Vec<usize>, bool) {
        let now = Instant::now();
        self.rests_until = self.rests_until.filter(|until| *until > now);
        let ends = self.visitors.iter().map(|visitor| visitor.since + self.limits.handshake);
        let next = ends.chain(self.rests_until).min();
        let left = next.map(|at| at.saturating_duration_since(now) + Duration::from_millis(1));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut files: Vec<PollFd<'_>> = self
            .visitors
            .iter()
            .map(|visitor| PollFd::new(&visitor.socket, PollFlags::IN))
            .collect();
        if self.rests_until.is_none() {
            files.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        if poll(&mut files, left.as_ref()).is_err() {
            // Interrupted by a signal, or short of memory.
            std::thread::sleep(Duration::from_millis(1));
            return (Vec::new(), false);
        }
        let happened = |file: &PollFd<'_>| !file.revents().is_empty();
        let is_called = files.get(self.visitors.len()).is_some_and(happened);
        let heard = (0..self.visitors.len()).filter(|i| happened(&files[*i])).collect();
        (heard, is_called)
    }

    /// Takes in whoever waits to be.
    fn take_in(&mut self, enter: &mut impl FnMut(Socket, Purpose, Channel)) {
        for _ in 0..AT_A_TIME {
            match self.listener.accept() {
                Ok(socket) => self.admit(socket, enter),
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::AGAIN) => return,
                    Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                        if self.leave_more_room() {
                            continue;
                        }
                        // What members hold comes back by and by.
                        self.rests_until = Some(Instant::now() + REST);
                        return;
                    }
                    // Of the one connection, which was gone before it was taken in.
                    _ => {}
                },
            }
        }
    }

    /// Gives a new connection a place, if its sort has one.
    fn admit(&mut self, socket: Socket, enter: &mut impl FnMut(Socket, Purpose, Channel)) {
        let ready = socket.set_nonblocking(true).and_then(|()| socket.without_delay());
        let (Ok(()), Ok(peer), true) = (ready, socket.peer(), socket.is_of_this_user()) else {
            return socket.turn_away();
        };
        let admission = Admission::new(Arc::clone(&self.token), self.run.clone());
        let mut visitor = Visitor { socket, peer, since: Instant::now(), admission };
        // What a member says first is often there by now, and it needs no stranger's place.
        match visitor.hear() {
            Fate::Waits => {}
            Fate::Goes => return visitor.socket.turn_away(),
            Fate::Enters(purpose, channel) => return enter(visitor.socket, purpose, *channel),
        }
        self.visitors.push(visitor);
        self.refuse_repetition(self.visitors.len() - 1);
        self.keep_limits();
    }

    /// Halves what strangers have, for good: this process needs what they hold for its own work
    /// too. `false` when that is next to nothing.
    fn leave_more_room(&mut self) -> bool {
        let strangers = self.visitors.iter().filter(|visitor| !visitor.is_opened()).count();
        if strangers <= FEWEST {
            return false;
        }
        self.limits.strangers = (strangers / 2).max(FEWEST);
        self.keep_limits();
        true
    }

    fn keep_limits(&mut self) {
        for is_opened in [false, true] {
            let most = if is_opened { self.limits.opened } else { self.limits.strangers };
            let of_sort = |visitor: &&Visitor| visitor.is_opened() == is_opened;
            let count = self.visitors.iter().filter(of_sort).count();
            for _ in most..count {
                self.make_room(is_opened);
            }
        }
    }

    /// Turns a visitor away whose first message is another's. The other is the one who made it, or
    /// both have heard it somewhere.
    fn refuse_repetition(&mut self, i: usize) {
        let Some(nonce) = self.visitors[i].admission.opening() else { return };
        let same = |other: &&Visitor| other.admission.opening() == Some(nonce);
        if self.visitors.iter().filter(same).count() > 1 {
            self.visitors.swap_remove(i).socket.turn_away();
        }
    }

    /// Turns the oldest visitor of a sort away, of the address that has most of them, so that nobody
    /// pushes out others by coming often.
    fn make_room(&mut self, is_opened: bool) {
        let of_sort = || {
            self.visitors.iter().enumerate().filter(|(_, visitor)| visitor.is_opened() == is_opened)
        };
        let mut counts: HashMap<Peer, usize> = HashMap::new();
        for (_, visitor) in of_sort() {
            *counts.entry(visitor.peer).or_default() += 1;
        }
        let goes = of_sort()
            .min_by_key(|(_, visitor)| {
                let count = counts.get(&visitor.peer).copied().unwrap_or_default();
                (std::cmp::Reverse(count), visitor.since)
            })
            .map(|(i, _)| i);
        if let Some(i) = goes {
            self.visitors.swap_remove(i).socket.turn_away();
        }
    }
}

impl Visitor {
    fn is_opened(&self) -> bool {
        self.admission.opening().is_some()
    }

    /// Takes what has come, and answers.
    fn hear(&mut self) -> Fate {
        loop {
            let mut bytes = [0; 1024];
            let missing = self.admission.missing().min(bytes.len());
            match (&self.socket).read(&mut bytes[..missing]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Fate::Waits,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return Fate::Goes,
                Ok(count) => match self.admission.take(&bytes[..count]) {
                    Ok(Step::More) => {}
                    // A socket that has sent nothing yet has room for it.
                    Ok(Step::Reply(reply)) => match (&self.socket).write(&reply) {
                        Ok(written) if written == reply.len() => {}
                        _ => return Fate::Goes,
                    },
                    Ok(Step::Admitted(purpose, channel)) => {
                        let blocks = self.socket.set_nonblocking(false);
                        return blocks.map_or(Fate::Goes, |()| Fate::Enters(purpose, channel));
                    }
                    Err(_) => return Fate::Goes,
                },
            }
        }
    }
}
