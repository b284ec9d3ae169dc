use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::connect::{Listener, connect};
use super::gate::{Gate, Limits};
use super::wire::{Purpose, greet};

const LIMITS: Limits = Limits { strangers: 4, opened: 4, handshake: Duration::from_millis(400) };

/// A gate in a thread of its own, its address, and who has got in.
fn gate(limits: Limits) -> (SocketAddr, Receiver<Purpose>) {
    let (entered, who): (Sender<Purpose>, _) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Gate::new(Listener::Tcp(listener), b"token"[..].into(), "r".into(), limits);
    std::thread::spawn(move || {
        // The test may be over.
        gate.keep(|_, purpose, _| entered.send(purpose).unwrap_or_default());
    });
    (address, who)
}

/// From another address of the loopback interface than everybody else.
fn from(host: u8, to: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, host], 0))).unwrap();
    connect(&socket, &to).unwrap();
    socket.into()
}

fn member(address: SocketAddr) -> bool {
    let socket = connect(&address.to_string()).unwrap();
    greet(&socket, b"token", &"r".into(), Purpose::Member).is_ok()
}

/// Whether the gate has closed a connection.
fn is_closed(mut stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    loop {
        match stream.read(&mut [0; 512]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn strangers_that_say_nothing_are_few_and_members_get_in() {
    let (address, who) = gate(Limits { handshake: Duration::from_mins(1), ..LIMITS });
    let strangers: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 0..8 {
        assert!(member(address));
        assert_eq!(who.recv_timeout(Duration::from_secs(20)).unwrap(), Purpose::Member);
    }
    let open = |stream: &&TcpStream| !is_closed(stream, Duration::from_millis(1));
    assert!(strangers.iter().filter(open).count() <= LIMITS.strangers);
}

/// Nobody pushes out another by coming often.
#[test]
fn who_comes_often_pushes_out_its_own() {
    let (address, _who) = gate(Limits { handshake: Duration::from_mins(1), ..LIMITS });
    let other = from(2, address);
    let many: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert!(is_closed(&many[0], Duration::from_secs(10)));
    assert!(is_closed(&many[30], Duration::from_secs(10)));
    assert!(!is_closed(&other, Duration::from_millis(20)));
}

#[test]
fn a_handshake_is_over_in_time_however_it_goes() {
    let (address, _who) = gate(LIMITS);
    let begin = Instant::now();
    let mut slow = TcpStream::connect(address).unwrap();
    let mut sent = 0;
    // Each byte comes long before the limit.
    while begin.elapsed() < Duration::from_secs(20) && slow.write_all(b"\0").is_ok() {
        sent += 1;
        if is_closed(&slow, LIMITS.handshake / 20) {
            break;
        }
    }
    assert!(sent > 1 && begin.elapsed() < Duration::from_secs(10), "{sent} {begin:?}");
}

/// What a stranger has heard a member say opens nothing, and takes no place that is in use.
#[test]
fn a_repeated_hello_takes_one_place() {
    let (address, who) = gate(Limits { handshake: Duration::from_mins(1), ..LIMITS });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let squatter = listener.local_addr().unwrap();
    let victim = std::thread::spawn(move || member(squatter));
    let (mut heard, _) = listener.accept().unwrap();
    let mut head = [0; 4];
    heard.read_exact(&mut head).unwrap();
    let mut hello = vec![0; u32::from_be_bytes(head) as usize];
    heard.read_exact(&mut hello).unwrap();
    drop(heard);
    assert!(!victim.join().unwrap());
    let repeated: Vec<TcpStream> = (0..10)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            // It may be turned away before all is written.
            let _ = stream.write_all(&head).and_then(|()| stream.write_all(&hello));
            stream
        })
        .collect();
    for stream in &repeated[1..] {
        assert!(is_closed(stream, Duration::from_secs(10)));
    }
    assert!(member(address));
    assert_eq!(who.recv_timeout(Duration::from_secs(20)).unwrap(), Purpose::Member);
    assert!(who.try_recv().is_err());
}
