//! Logs of both forms, read as a whole, from their end, by attempt and by time.

use std::fs::OpenOptions;

use jiff::Timestamp;

use super::FileLogs;
use crate::agent::stream::{EventFile, StreamWriter};
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Exit, ExitStatus, FailureClass};
use crate::runtime::{LogQuery, LogReader};
use crate::store::RunPaths;

const NONCE: &str = "abc";

/// The log of a replica, written as an agent writes it.
struct Written {
    folder: tempfile::TempDir,
    writer: StreamWriter<std::fs::File>,
    seconds: i64,
}

impl Written {
    fn new(is_beside: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = RunPaths::new(folder.path(), &"digits-abc123".parse().unwrap());
        let replica = "worker-0".parse().unwrap();
        fs_err::create_dir_all(run.logs()).unwrap();
        let log = run.log(&replica);
        let out = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let beside = is_beside.then(|| EventFile::open(&run.own_events(&replica), &log).unwrap());
        Self { folder, writer: StreamWriter::new(out, NONCE, beside), seconds: 0 }
    }

    fn event(&mut self, attempt: u32, replica: &str, kind: EventKind) {
        self.seconds += 1;
        self.writer.event(&Event {
            v: EVENT_VERSION,
            seq: 0,
            time: Timestamp::from_second(self.seconds).unwrap(),
            run: "digits-abc123".into(),
            attempt,
            replica: Some(replica.parse().unwrap()),
            kind,
        });
    }

    fn own(&mut self, attempt: u32, kind: EventKind) {
        self.event(attempt, "worker-0", kind);
    }

    fn print(&mut self, text: &str) {
        self.writer.output(text.as_bytes());
    }

    fn exited() -> EventKind {
        let status = ExitStatus::Code(1);
        let class = Some(FailureClass::UserError);
        let reason = "exit code 1".into();
        let exit = Exit {
            status,
            class,
            reason,
            last_lines: Vec::new(),
            killed_by_gang: false,
            peer_loss: false,
        };
        EventKind::CommandExited { exit }
    }

    /// Two attempts, of which the first ends in the middle of a line.
    fn story(is_beside: bool) -> Self {
        let mut log = Self::new(is_beside);
        log.own(0, EventKind::SetupStarted);
        log.print("set up\n");
        log.own(1, EventKind::CommandStarting);
        log.print("a1\na2 loss=0.");
        log.own(1, EventKind::CommandStarted { pid: 7 });
        log.print("25\n");
        log.print("a3");
        log.own(1, Self::exited());
        log.event(2, "worker-1", EventKind::ReplicaRunning);
        log.own(2, EventKind::CommandStarting);
        log.print("b1\nb2\n");
        log
    }

    fn read(&self, query: &LogQuery) -> Vec<String> {
        let run = RunPaths::new(self.folder.path(), &"digits-abc123".parse().unwrap());
        let mut logs = FileLogs::open(&run, query, NONCE, vec!["worker-0".parse().unwrap()]);
        let mut lines = Vec::new();
        loop {
            let read = logs.read().unwrap();
            let is_last = logs.is_caught_up() || read.is_empty();
            lines.extend(read);
            if is_last {
                lines.extend(logs.finish(None));
                break;
            }
        }
        let text = |line: crate::runtime::LogLine| {
            format!("{}:{}", line.attempt, String::from_utf8(line.line).unwrap())
        };
        lines.into_iter().map(text).collect()
    }
}

const ALL: [&str; 6] = ["0:set up", "1:a1", "1:a2 loss=0.25", "1:a3", "2:b1", "2:b2"];

#[test]
fn a_log_is_what_was_printed_and_each_line_has_its_attempt() {
    for is_beside in [true, false] {
        let log = Written::story(is_beside);
        assert_eq!(log.read(&LogQuery::default()), ALL, "beside: {is_beside}");
    }
    let log = Written::story(true);
    let run = RunPaths::new(log.folder.path(), &"digits-abc123".parse().unwrap());
    let bytes = fs_err::read_to_string(run.log(&"worker-0".parse().unwrap())).unwrap();
    assert_eq!(bytes, "set up\na1\na2 loss=0.25\na3b1\nb2\n");
}

#[test]
fn a_tail_an_attempt_and_a_time_give_the_same_lines_as_the_whole() {
    for is_beside in [true, false] {
        let log = Written::story(is_beside);
        for tail in 0..8 {
            let query = LogQuery { tail: Some(tail), ..LogQuery::default() };
            let last = &ALL[ALL.len().saturating_sub(tail)..];
            assert_eq!(log.read(&query), last, "the last {tail}, beside: {is_beside}");
        }
        for attempt in 0..4 {
            let query = LogQuery { attempt: Some(attempt), ..LogQuery::default() };
            let prefix = format!("{attempt}:");
            let mine: Vec<&str> =
                ALL.into_iter().filter(|line| line.starts_with(&prefix)).collect();
            assert_eq!(log.read(&query), mine, "attempt {attempt}, beside: {is_beside}");
            let last = LogQuery { tail: Some(1), ..query };
            assert_eq!(log.read(&last), mine[mine.len().saturating_sub(1)..], "{attempt}");
        }
        for (since, count) in [(0, 6), (2, 5), (3, 4), (5, 2), (6, 2), (7, 0)] {
            let since = Some(Timestamp::from_second(since).unwrap());
            let found = log.read(&LogQuery { since, ..LogQuery::default() });
            // A line has the time of the event before it; of one that an event stands in, its start.
            assert!(found.len().abs_diff(count) <= 1, "{since:?}: {found:?}, beside: {is_beside}");
            assert_eq!(found, ALL[ALL.len() - found.len()..], "beside: {is_beside}");
        }
    }
}

#[test]
fn a_long_log_is_read_in_parts_and_its_end_without_the_rest() {
    for is_beside in [true, false] {
        let mut log = Written::new(is_beside);
        log.own(1, EventKind::CommandStarting);
        let line = "x".repeat(99);
        for part in 0..40 {
            for _ in 0..1000 {
                log.print(&format!("{line}\n"));
            }
            if part % 7 == 0 {
                log.own(1, EventKind::CommandStarted { pid: 1 });
            }
        }
        log.print(&"y".repeat(3 << 20));
        let run = RunPaths::new(log.folder.path(), &"digits-abc123".parse().unwrap());
        let replicas = || vec!["worker-0".parse().unwrap()];
        let mut logs = FileLogs::open(&run, &LogQuery::default(), NONCE, replicas());
        let (mut count, mut most) = (0, 0);
        while !logs.is_caught_up() {
            let read = logs.read().unwrap();
            count += read.len();
            most = most.max(read.iter().map(|line| line.line.len()).sum::<usize>());
        }
        count += logs.finish(None).len();
        assert!(most <= 2 << 20, "{most} bytes at once");
        assert!((40_001..40_005).contains(&count), "{count} lines");
        let query = LogQuery { tail: Some(2), ..LogQuery::default() };
        let mut logs = FileLogs::open(&run, &query, NONCE, replicas());
        let read = logs.read().unwrap();
        let bytes: usize = read.iter().map(|line| line.line.len()).sum();
        assert!(bytes <= 3 << 20, "{bytes} bytes of the last two lines, beside: {is_beside}");
    }
}

#[test]
fn a_long_line_does_not_count_twice_wherever_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    // The last line begins where a block of what is read does.
    let log = format!("a\nb\n{}\n", "y".repeat((1 << 20) - 1));
    fs_err::write(&path, &log).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let mut lines = super::backward::Backward::before(&file, log.len() as u64);
    let mut found = Vec::new();
    while let Some((at, line)) = lines.next().unwrap() {
        assert_eq!(&log.as_bytes()[at as usize..][..line.len()], line);
        found.push(line.len());
    }
    assert_eq!(found, [(1 << 20) - 1, 1, 1]);
}
