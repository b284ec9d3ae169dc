//! A connection between agents: over TCP between pods, over a socket file on a laptop.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::sockopt;

/// A connection of either sort. Threads share one by reference, so that it costs one descriptor.
#[derive(Debug)]
pub(super) enum Socket {
    /// Between pods.
    Tcp(TcpStream),
    /// Between processes of one machine.
    Unix(UnixStream),
}

/// Where a connection comes from, as far as it can be told apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// A process at this address.
    Address(IpAddr),
    /// A process of this machine that may enter the folder of the socket.
    Here,
}

impl Socket {
    /// The address at the other end.
    pub(super) fn peer(&self) -> io::Result<Peer> {
        match self {
            Self::Tcp(stream) => Ok(Peer::Address(stream.peer_addr()?.ip())),
            Self::Unix(_) => Ok(Peer::Here),
        }
    }

    /// Whether the process at the other end may be of this gang by its user: over a socket file the
    /// kernel says whose it is.
    pub(super) fn is_of_this_user(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            Self::Unix(stream) => sockopt::socket_peercred(stream)
                .is_ok_and(|peer| peer.uid.is_root() || peer.uid == rustix::process::geteuid()),
        }
    }

    /// Frames are short and must not wait for each other.
    pub(super) fn without_delay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(true),
            Self::Unix(_) => Ok(()),
        }
    }

    pub(super) fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on),
            Self::Unix(stream) => stream.set_nonblocking(on),
        }
    }

    /// Limits each read in time; `None` for as long as it takes.
    pub(super) fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(limit),
            Self::Unix(stream) => stream.set_read_timeout(limit),
        }
    }

    fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(limit),
            Self::Unix(stream) => stream.set_write_timeout(limit),
        }
    }

    /// Ends the connection at once, whatever others hold of it.
    pub(super) fn shut(&self) {
        // An error means that it is closed already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// Closes a stranger's connection so that nothing of it stays: neither the half that it may
    /// leave open, nor the pair of ports for the minute that the kernel keeps it.
    pub(super) fn turn_away(self) {
        if let Self::Tcp(stream) = &self {
            let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Read for &Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&mut &*stream).read(into),
            Socket::Unix(stream) => (&mut &*stream).read(into),
        }
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&mut &*stream).write(bytes),
            Socket::Unix(stream) => (&mut &*stream).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection of which everything is over by one moment, however slowly the other side goes on.
pub(super) struct Timed<'a> {
    socket: &'a Socket,
    until: Instant,
}

impl<'a> Timed<'a> {
    pub(super) fn new(socket: &'a Socket, limit: Duration) -> Self {
        Self { socket, until: Instant::now() + limit }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(too_slow()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.read(into).map_err(timed)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.write(bytes).map_err(timed)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The kernel says of a limit that is over that the call would block.
fn timed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { too_slow() } else { error }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit for each read would begin anew with every byte.
    #[test]
    fn a_limit_is_for_everything_that_is_read() {
        let (mine, theirs) = UnixStream::pair().unwrap();
        let (mine, theirs) = (Socket::Unix(mine), Socket::Unix(theirs));
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let _ = (&theirs).write(b"x");
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
            let mut all = [0; 4096];
            let error = Timed::new(&mine, Duration::from_millis(100)).read_exact(&mut all);
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_peer_that_takes_nothing_is_given_up() {
        let (mine, _theirs) = UnixStream::pair().unwrap();
        let mine = Socket::Unix(mine);
        let error = Timed::new(&mine, Duration::from_millis(50)).write_all(&vec![0; 8 << 20]);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
