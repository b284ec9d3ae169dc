//! Which TCP connections there are, by `/proc/net/tcp` and `/proc/net/tcp6` (`proc_pid_net(5)`).

use std::io;

/// The state of a connection over which both sides may send.
const ESTABLISHED: &str = "01";

/// How many connections others have to these ports of this process's network. Connections of the machine
/// to itself don't count.
pub fn connections_to(ports: &[u16]) -> io::Result<usize> {
    let mut count = 0;
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match fs_err::read_to_string(file) {
            Ok(text) => count += text.lines().skip(1).filter(|line| is_open(line, ports)).count(),
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// A line such as `0: 0100007F:1F90 0200000A:C350 01 ...`: the number, this end, the other end, the state.
fn is_open(line: &str, ports: &[u16]) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let (Some(own), Some(other), Some(state)) = (fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let port = own.rsplit_once(':').and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
    state == ESTABLISHED && port.is_some_and(|port| ports.contains(&port)) && !is_loopback(other)
}

/// Addresses are 32-bit words in the order of this machine; 127.0.0.1 is one of its own, also as the end
/// of an IPv6 address.
fn is_loopback(end: &str) -> bool {
    let address = end.split_once(':').map_or(end, |(address, _)| address);
    let own = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let six = format!("{:0>24}{:08X}", "", u32::from_ne_bytes([0, 0, 0, 1]));
    address.ends_with(&own) || address == six
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_others_count() {
        let line =
            |own: &str, other: &str, state: &str| format!("   0: {own} {other} {state} 0:0 0");
        let (pod, router) = ("0A00000A:1F90", "0B00000A:C350");
        assert!(is_open(&line(pod, router, "01"), &[8080]));
        assert!(!is_open(&line(pod, router, "01"), &[8081]));
        assert!(!is_open(&line(pod, router, "06"), &[8080]));
        assert!(!is_open(&line(pod, "0100007F:C350", "01"), &[8080]));
        let six = "0000000000000000FFFF00000B00000A:C350";
        assert!(is_open(&line("0000000000000000FFFF00000A00000A:1F90", six, "01"), &[8080]));
        let own = "0000000000000000FFFF00000100007F:C350";
        assert!(!is_open(&line("0000000000000000FFFF00000100007F:1F90", own, "01"), &[8080]));
        assert!(!is_open("", &[8080]));
        // A connection of this machine to itself.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _open = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert_eq!(connections_to(&[port]).unwrap(), 0);
    }
}
