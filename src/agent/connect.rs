//! Where agents meet, before anything is said: `host:port`, or on a laptop the path of a socket
//! file in a folder that nobody but its user may enter.

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};

use super::socket::Socket;

/// A connection attempt takes at most this long for each address of the host.
pub(super) const DIAL_LIMIT: Duration = Duration::from_secs(5);

/// How many connections may wait to be accepted. The kernel cuts it down to its own limit. With
/// the usual 128 a flood would keep others from being heard at all.
const BACKLOG: i32 = 4096;

/// Connects to an address. A host's name is resolved anew each time, since a replaced pod has
/// another address; the error is that of the last one tried.
pub(super) fn connect(address: &str) -> io::Result<Socket> {
    if let Some(path) = socket_file(address) {
        let short = ShortPath::of(path)?;
        return UnixStream::connect(&short.path).map(Socket::Unix);
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{address}: no address"));
    let resolved = address.to_socket_addrs().map_err(|error| {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        io::Error::new(error.kind(), NoName { host, error })
    })?;
    for resolved in resolved {
        match TcpStream::connect_timeout(&resolved, DIAL_LIMIT) {
            Ok(stream) => return Ok(Socket::Tcp(stream)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// No address could be found for a host's name.
#[derive(Debug, thiserror::Error)]
#[error("the name {host} can't be resolved: {error}")]
struct NoName {
    host: String,
    error: io::Error,
}

/// Whether an error of [`connect`] says that the host's name has no address, or that nobody knows it.
pub(super) fn is_nameless(error: &io::Error) -> bool {
    error.get_ref().and_then(|error| error.downcast_ref::<NoName>()).is_some()
}

/// Whether an error of [`connect`] says that nobody is there.
pub(super) fn is_nobody(error: &io::Error, address: &str) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
        || error.kind() == io::ErrorKind::NotFound && socket_file(address).is_some()
}

/// The socket file that an address names; `None` for a host and a port.
pub(super) fn socket_file(address: &str) -> Option<&Path> {
    address.starts_with('/').then(|| Path::new(address))
}

/// A socket that takes connections. Taking one never blocks.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Listens at an address. An error names it.
    pub(super) fn bind(address: &str) -> io::Result<Self> {
        let listener = Self::bind_to(address).map_err(|error| {
            let reason = format!("the gang can't meet at {address}: {error}");
            io::Error::new(error.kind(), reason)
        })?;
        rustix::net::listen(&listener, BACKLOG)?;
        Ok(listener)
    }

    fn bind_to(address: &str) -> io::Result<Self> {
        let Some(path) = socket_file(address) else {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            return Ok(Self::Tcp(listener));
        };
        let short = ShortPath::of(path)?;
        match fs_err::remove_file(&short.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Left by an agent that was killed.
            _ => {}
        }
        let listener = UnixListener::bind(&short.path)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(listener))
    }

    pub(super) fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(stream, _)| Socket::Tcp(stream)),
            Self::Unix(listener) => listener.accept().map(|(stream, _)| Socket::Unix(stream)),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// The path of a socket file by an open folder: the address of a socket may have 107 bytes, and a
/// state folder's path may be longer.
struct ShortPath {
    path: PathBuf,
    /// The path is valid as long as this is open.
    _folder: OwnedFd,
}

impl ShortPath {
    fn of(path: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file in a folder"));
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, folder, flags, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _folder: folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_socket_file_is_found_however_long_its_path() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a folder with a long name/".repeat(8));
        fs_err::create_dir_all(&folder).unwrap();
        let address = folder.join("gang").to_string_lossy().into_owned();
        let nobody = connect(&address).unwrap_err();
        assert!(is_nobody(&nobody, &address), "{nobody}");
        drop(Listener::bind(&address).unwrap());
        let nobody = connect(&address).unwrap_err();
        assert!(is_nobody(&nobody, &address), "{nobody}");
        // The file that an earlier agent has left is in nobody's way.
        let listener = Listener::bind(&address).unwrap();
        let mine = connect(&address).unwrap();
        let theirs = listener.accept().unwrap();
        assert!(theirs.is_of_this_user());
        (&mine).write_all(b"x").unwrap();
        theirs.set_nonblocking(false).unwrap();
        assert_eq!((&theirs).read(&mut [0; 2]).unwrap(), 1);
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = Listener::bind(&address).unwrap_err().to_string();
        assert!(error.contains(&address), "{error}");
    }
}
