//! `/proc`: what processes there are and what they use.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// What `/proc/<pid>/stat` says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcStat {
    /// Its number, which another process may get later.
    pub pid: i32,
    /// Its parent's number; 0 for the first process and for one that came in from another namespace.
    pub ppid: i32,
    /// The number of the session that it belongs to.
    pub session: i32,
    /// It has ended and waits to be reaped.
    pub zombie: bool,
    /// A signal has stopped it, as Ctrl-Z does, and it does nothing until another one comes.
    pub stopped: bool,
    /// CPU time in clock ticks, its own only.
    pub ticks: u64,
    /// When it started, in clock ticks after boot: with the pid this names a process for ever.
    pub start: u64,
    /// Resident memory in bytes.
    pub rss: u64,
}

/// What is known of one process; `None` when there is none of this number.
pub fn stat(pid: i32) -> Option<ProcStat> {
    parse_stat(&fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<ProcStat> {
    // The name in parentheses may itself hold spaces and parentheses.
    let (head, tail) = text.rsplit_once(')')?;
    let pid = head.split_once('(')?.0.trim().parse().ok()?;
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    // proc(5) counts from 1 and the state is field 3.
    let field = |number: usize| fields.get(number - 3).copied();
    let number = |n: usize| field(n).and_then(|text| text.parse::<u64>().ok());
    Some(ProcStat {
        pid,
        ppid: field(4)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        zombie: matches!(field(3)?, "Z" | "X"),
        stopped: matches!(field(3)?, "T" | "t"),
        ticks: number(14)? + number(15)?,
        start: number(22)?,
        rss: number(24)? * rustix::param::page_size() as u64,
    })
}

/// All processes of this PID namespace, zombies too. The list is no snapshot: those that come and go
/// while it is made may be missing.
pub fn processes() -> Vec<ProcStat> {
    let Ok(entries) = fs_err::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(stat)
        .collect()
}

/// Start time of a process in clock ticks after boot; `None` when it is gone or a zombie.
pub fn start_time(pid: i32) -> Option<u64> {
    stat(pid).filter(|stat| !stat.zombie).map(|stat| stat.start)
}

/// Whether the very process that was recorded with this start time still runs, and no later one of
/// the same number.
pub fn is_alive(pid: i32, start: u64) -> bool {
    start_time(pid) == Some(start)
}

/// The environment that a process was started with; `None` when it is gone or another user's.
pub fn environ(pid: i32) -> Option<Vec<(OsString, OsString)>> {
    let bytes = fs_err::read(format!("/proc/{pid}/environ")).ok()?;
    let pairs = bytes.split(|byte| *byte == 0).filter_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        Some((OsString::from_vec(entry[..at].to_vec()), OsString::from_vec(entry[at + 1..].into())))
    });
    Some(pairs.collect())
}

/// A process's command line, word by word, with an empty word at the end; `None` when it is gone.
pub fn command_line(pid: i32) -> Option<Vec<String>> {
    let bytes = fs_err::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words =
        bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    Some(words.collect())
}

/// A process's current folder; `None` when it is gone or another user's.
pub fn working_dir(pid: i32) -> Option<PathBuf> {
    fs_err::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// Existing files below `/dev/shm` that a process has mapped or open, sorted; none when they can't
/// be read.
pub fn shared_memory_of(pid: i32) -> Vec<PathBuf> {
    let maps = fs_err::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mapped = maps.lines().filter_map(|line| line.split_once("/dev/shm/").map(|(_, name)| name));
    let mut found: Vec<PathBuf> = mapped
        .filter(|name| !name.ends_with(" (deleted)"))
        .map(|name| PathBuf::from("/dev/shm").join(name))
        .collect();
    if let Ok(entries) = fs_err::read_dir(format!("/proc/{pid}/fd")) {
        let targets = entries.filter_map(|entry| fs_err::read_link(entry.ok()?.path()).ok());
        found.extend(targets.filter(|path| path.starts_with("/dev/shm") && path.exists()));
    }
    found.sort();
    found.dedup();
    found
}

/// Clock ticks per second of [`ProcStat::ticks`] and [`ProcStat::start`].
pub fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read() {
        let tail =
            "S 7 42 42 0 -1 4194304 1 2 3 4 50 60 1 2 20 0 1 0 9999 1000 3 18446744073709551615";
        let stat = parse_stat(&format!("42 (a) b (c) {tail}")).unwrap();
        assert_eq!((stat.pid, stat.ppid, stat.zombie), (42, 7, false));
        assert_eq!((stat.ticks, stat.start), (110, 9999));
        assert!(parse_stat("").is_none() && parse_stat("1 (x) S").is_none());
    }

    #[test]
    fn this_process_is_there() {
        let me = i32::try_from(std::process::id()).unwrap();
        let start = start_time(me).unwrap();
        assert!(is_alive(me, start) && !is_alive(me, start + 1));
        assert!(processes().iter().any(|process| process.pid == me && process.rss > 0));
        assert!(environ(me).is_some() && working_dir(me).is_some());
    }
}
