//! Strangers before the agents of a gang: other users of the machine, other pods of the cluster.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mlctl::agent::{AgentConfig, read_termination};
use mlctl::gang::Outcome;
use rustix::process::{Gid, Pid, Resource, Rlimit, Uid, prlimit};

use crate::support::{Sandbox, repository, stdout, wait_for};

const END: Duration = Duration::from_secs(60);
const RUN: &str = "good-kzfsua";

/// A gang of two as pods have it, over TCP: real agents whose set-up waits for a file.
struct Gang {
    sandbox: Sandbox,
    primary: SocketAddr,
}

impl Gang {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        // Free now; nothing else of this machine is given it before the agent has it.
        let primary = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs_err::write(sandbox.dir().join("token"), "a token of the test").unwrap();
        Self { sandbox, primary }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.dir().join(name)
    }

    /// Starts one agent that looks for the primary at this address.
    fn start(&self, replica: &str, primary: SocketAddr) -> Child {
        let fixture = format!("tests/it/formats/v1/state/runs/{RUN}/agents/{replica}.json");
        let text = fs_err::read_to_string(repository().join(fixture)).unwrap();
        let mut config: AgentConfig = serde_json::from_str(&text).unwrap();
        // A pod that is lost would be replaced, so that nothing but the handshake lets a member in.
        config.gang.rejoin_timeout = Duration::from_secs(120);
        config.primary_address = primary.to_string();
        config.listen_address = self.primary.to_string();
        config.token_file = self.path("token");
        config.command = ["sh", "-c", "sleep 0.2"].map(String::from).to_vec();
        config.code = None;
        config.work_dir = self.path(&format!("work-{replica}"));
        config.make_dirs = Vec::new();
        config.own_ports = Vec::new();
        config.termination_file = self.path(&format!("{replica}.end"));
        let wait = format!("until [ -e {} ]; do sleep 0.05; done", self.path("go").display());
        config.setup = Some(serde_json::from_value(serde_json::json!({"shell": wait})).unwrap());
        let file = self.path(&format!("{replica}.json"));
        fs_err::write(&file, serde_json::to_vec(&config).unwrap()).unwrap();
        let log = fs_err::File::create(self.path(&format!("{replica}.log"))).unwrap();
        let mut agent =
            self.sandbox.mlctl(["agent".as_ref(), "--config".as_ref(), file.as_os_str()]);
        // What whoever starts an agent says once it is recorded: here that nothing is masked.
        let begin = self.path("begin");
        fs_err::write(&begin, "{}").unwrap();
        agent.stdin(fs_err::File::open(begin).unwrap().into_file());
        agent.stdout(log.into_file()).spawn().unwrap()
    }

    /// Both agents in set-up, the primary listening.
    fn in_set_up(&self) -> [Child; 2] {
        let primary = self.start("worker-0", self.primary);
        wait_for("the primary listens", END, || TcpStream::connect(self.primary).is_ok());
        [primary, self.start("worker-1", self.primary)]
    }

    fn go(&self) {
        fs_err::write(self.path("go"), "").unwrap();
    }

    fn log(&self, replica: &str) -> String {
        fs_err::read_to_string(self.path(&format!("{replica}.log"))).unwrap_or_default()
    }

    /// Waits for the end of all agents; how the run ended by what each has left.
    #[track_caller]
    fn end(&self, agents: [Child; 2]) -> Outcome {
        for mut agent in agents {
            wait_for("the agents end", END, || {
                agent.try_wait().unwrap().is_some() || {
                    self.go();
                    false
                }
            });
        }
        let outcomes: Vec<Option<Outcome>> = ["worker-0", "worker-1"]
            .iter()
            .map(|replica| {
                let end = read_termination(&self.path(&format!("{replica}.end")));
                end.and_then(|end| end.verdict).map(|verdict| verdict.outcome)
            })
            .collect();
        let logs = || format!("{}\n{}", self.log("worker-0"), self.log("worker-1"));
        assert_eq!(outcomes[0], outcomes[1], "{}", logs());
        outcomes[0].unwrap_or_else(|| panic!("no verdict: {}", logs()))
    }
}

/// All at once, for as long as it is there: many that say a byte now and then, many that say
/// nothing, many that come again and again, and nonsense of every kind.
struct Strangers {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
    /// Those that say nothing, and how many others have come.
    _idle: Vec<TcpStream>,
    came: Arc<AtomicUsize>,
}

impl Strangers {
    fn before(address: SocketAddr) -> Self {
        let mut slow: Vec<TcpStream> =
            (0..100).map(|_| self::slow(address).expect("the gang listens")).collect();
        let idle = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
        let (stop, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let oversize = [&u32::MAX.to_be_bytes()[..], &[b'x'; 8192]].concat();
        let large = [&(1_u32 << 20).to_be_bytes()[..], &[b'['; 8192]].concat();
        let deep = [&1024_u32.to_be_bytes()[..], &[b'['; 1024]].concat();
        let hello =
            br#"{"version":2,"run":"good-kzfsua","purpose":"member","nonce":"n","proof":"00"}"#;
        let unproven = [&(hello.len() as u32).to_be_bytes()[..], hello].concat();
        let first = br#"{"run":"good-kzfsua","purpose":"control","nonce":"n"}"#;
        let first = [&(first.len() as u32).to_be_bytes()[..], first].concat();
        let said: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"G".to_vec(),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            oversize,
            large,
            deep,
            unproven,
            first,
        ];
        let mut threads: Vec<_> = said
            .into_iter()
            .map(|said| {
                let (stop, came) = (Arc::clone(&stop), Arc::clone(&came));
                std::thread::spawn(move || {
                    let mut held = std::collections::VecDeque::new();
                    while !stop.load(Ordering::SeqCst) {
                        if let Ok(mut stream) = TcpStream::connect(address) {
                            let _ = stream.write_all(&said);
                            held.push_back(stream);
                            came.fetch_add(1, Ordering::SeqCst);
                        }
                        if held.len() > 40 {
                            held.pop_front();
                        }
                        // A flood, but one that leaves the two cores of a test machine something.
                        std::thread::sleep(Duration::from_micros(300));
                    }
                })
            })
            .collect();
        let stopped = Arc::clone(&stop);
        threads.push(std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                for slow in &mut slow {
                    if slow.write_all(b" ").is_err()
                        && let Some(again) = self::slow(address)
                    {
                        *slow = again;
                    }
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }));
        Self { stop, threads, _idle: idle, came }
    }

    /// How many came.
    fn leave(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        self.came.load(Ordering::SeqCst)
    }
}

/// The beginning of a frame that is allowed, of which the rest comes slowly; `None` when nobody listens
/// there any more.
fn slow(address: SocketAddr) -> Option<TcpStream> {
    let mut slow = TcpStream::connect(address).ok()?;
    let _ = slow.write_all(&1000_u32.to_be_bytes());
    Some(slow)
}

/// A process's memory in KiB, and its open files.
fn holds(process: &Child) -> (usize, usize) {
    let status = fs_err::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let files = fs_err::read_dir(format!("/proc/{}/fd", process.id())).unwrap().count();
    (peak.trim_end_matches("kB").trim().parse().unwrap(), files)
}

#[test]
fn a_gang_starts_and_ends_well_whatever_strangers_do() {
    let gang = Gang::new();
    let primary = gang.start("worker-0", gang.primary);
    wait_for("the primary listens", END, || TcpStream::connect(gang.primary).is_ok());
    let (before, _) = holds(&primary);
    let strangers = Strangers::before(gang.primary);
    // The other member comes when all places that strangers have are taken.
    let other = gang.start("worker-1", gang.primary);
    gang.go();
    wait_for("both have joined", END, || gang.log("worker-0").contains("attemptStarted"));
    let (after, files) = holds(&primary);
    assert_eq!(gang.end([primary, other]), Outcome::Succeeded);
    assert!(strangers.leave() > 200);
    assert!(after < before + 32 * 1024, "{before} KiB, then {after} KiB");
    assert!(files < 600, "{files} files");
}

#[test]
fn a_gang_in_set_up_is_cancelled_whatever_strangers_do() {
    let gang = Gang::new();
    let agents = gang.in_set_up();
    // And with fewer files than strangers have places: what they hold is taken from them.
    let few = Rlimit { current: Some(48), maximum: Some(48) };
    prlimit(Pid::from_raw(agents[0].id() as i32), Resource::Nofile, few).unwrap();
    let strangers = Strangers::before(gang.primary);
    let token = b"a token of the test";
    mlctl::agent::cancel(&gang.primary.to_string(), token, &RUN.parse().unwrap(), "ada").unwrap();
    let outcome = gang.end(agents);
    strangers.leave();
    assert_eq!(outcome, Outcome::Cancelled);
}

/// A handshake's time is not each byte's.
#[test]
fn one_byte_now_and_then_holds_no_place() {
    let gang = Gang::new();
    let mut agents = gang.in_set_up();
    let mut slow = slow(gang.primary).expect("the gang listens");
    slow.set_nonblocking(true).unwrap();
    let begin = Instant::now();
    wait_for("the slow one is turned away", Duration::from_secs(20), || {
        std::thread::sleep(Duration::from_millis(200));
        slow.write_all(b" ").is_err() || matches!(slow.read(&mut [0]), Ok(0))
    });
    assert!(begin.elapsed() > Duration::from_secs(2), "it was not let say anything");
    for agent in &mut agents {
        agent.kill().unwrap();
        agent.wait().unwrap();
    }
}

/// Somebody between a member and its primary: its address, and all that it has heard the member say.
/// To the member it says, once and after the primary's first word, what `forged` holds.
fn between(primary: SocketAddr, forged: Vec<u8>) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&heard);
    let forged = Arc::new(Mutex::new(forged));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(primary) else { continue };
            let (back, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let (record, forged) = (Arc::clone(&record), Arc::clone(&forged));
            std::thread::spawn(move || {
                let mut pieces = 0;
                pass(back, to, |_, to| {
                    pieces += 1;
                    // The first is the answer to the handshake.
                    if pieces > 1 {
                        let _ = to.write_all(&std::mem::take(&mut *forged.lock().unwrap()));
                    }
                });
            });
            std::thread::spawn(move || {
                pass(client, server, |bytes, _| record.lock().unwrap().extend_from_slice(bytes));
            });
        }
    });
    (address, heard)
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut after: impl FnMut(&[u8], &mut TcpStream)) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
        after(&bytes[..count], &mut to);
    }
    // Either may be closed already.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// Somebody between a member and its primary has heard all, and says it again.
#[test]
fn a_recorded_handshake_opens_nothing() {
    let gang = Gang::new();
    let primary = gang.start("worker-0", gang.primary);
    wait_for("the primary listens", END, || TcpStream::connect(gang.primary).is_ok());
    let (address, heard) = between(gang.primary, Vec::new());
    let other = gang.start("worker-1", address);
    gang.go();
    wait_for("both have joined", END, || gang.log("worker-0").contains("attemptStarted"));
    wait_for("the join is heard", END, || {
        String::from_utf8_lossy(&heard.lock().unwrap()).contains("worker-1")
    });
    let heard = heard.lock().unwrap().clone();
    for _ in 0..3 {
        let mut again = TcpStream::connect(gang.primary).unwrap();
        again.set_read_timeout(Some(END)).unwrap();
        let _ = again.write_all(&heard);
        let mut answer = Vec::new();
        let _ = again.read_to_end(&mut answer);
        // A challenge at most: nothing of the gang.
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(!answer.contains("\"type\""), "{answer}");
    }
    assert_eq!(gang.end([primary, other]), Outcome::Succeeded);
}

/// Whoever passes on what a member and its primary say, both in good faith, adds nothing to it.
#[test]
fn nobody_in_between_puts_in_a_word() {
    let gang = Gang::new();
    let primary = gang.start("worker-0", gang.primary);
    wait_for("the primary listens", END, || TcpStream::connect(gang.primary).is_ok());
    let word = br#"{"type":"disband","reason":"forged"}"#;
    let forged = [&(word.len() as u32).to_be_bytes()[..], word].concat();
    let (address, _) = between(gang.primary, forged);
    let other = gang.start("worker-1", address);
    gang.go();
    assert_eq!(gang.end([primary, other]), Outcome::Succeeded);
    assert!(!gang.log("worker-1").contains("forged"));
}

/// Somebody else has the primary's port: it hears nothing of worth, and the member says so.
#[test]
fn who_sits_at_the_primarys_port_is_named_and_told_nothing() {
    let gang = Gang::new();
    let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = squatter.local_addr().unwrap();
    let (heard, what) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut client in squatter.incoming().flatten() {
            // An answer of the right form, by somebody without the token.
            let body = format!(r#"{{"version":2,"nonce":"n","proof":"{}"}}"#, "0".repeat(64));
            let _ = client.write_all(&(body.len() as u32).to_be_bytes());
            let _ = client.write_all(body.as_bytes());
            let mut all = Vec::new();
            let _ = client.read_to_end(&mut all);
            if heard.send(all).is_err() {
                break;
            }
        }
    });
    gang.go();
    let mut member = gang.start("worker-1", address);
    let wanted = format!("what answers at {address} is not the gang's primary");
    wait_for("the member says so", END, || gang.log("worker-1").contains(&wanted));
    let said = String::from_utf8_lossy(&what.recv_timeout(END).unwrap()).into_owned();
    assert!(said.contains("nonce") && !said.contains("join") && said.len() < 400, "{said}");
    member.kill().unwrap();
    member.wait().unwrap();
}

const LOCAL: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: local\ncode: .\n\
     setup: {shell: 'until [ -e \"$HOME/go\" ]; do sleep 0.05; done'}\n\
     command: [sh, -c, 'sleep 0.2']\nroles: {worker: {replicas: 2}}\n";

/// The folder of the only run.
fn run_folder(sandbox: &Sandbox) -> PathBuf {
    let id = stdout(&sandbox.run(0, ["list", "-q"])).trim().to_owned();
    sandbox.state().join("runs").join(id)
}

/// Inodes of the TCP sockets that listen.
fn listening() -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text: String =
        tables.iter().filter_map(|table| fs_err::read_to_string(table).ok()).collect();
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 9 && fields[3] == "0A")
        .map(|fields| format!("socket:[{}]", fields[9]))
        .collect()
}

/// On a laptop a gang listens at no port, and nobody else may enter where it meets.
#[test]
fn other_users_do_not_reach_a_gang_on_a_laptop() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", LOCAL);
    sandbox.run(0, ["train", "-d"]);
    let ports = listening();
    for pid in sandbox.processes() {
        let files = fs_err::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        for file in files.filter_map(|file| fs_err::read_link(file.path()).ok()) {
            assert!(!ports.contains(&file.display().to_string()), "{pid} listens at a port");
        }
    }
    let meeting = run_folder(&sandbox).join("agents/gang");
    // One thread that is another user: what it reads first, or why it can't connect.
    let other_user = || {
        let meeting = meeting.clone();
        let thread = std::thread::spawn(move || {
            let (user, group) = (Uid::from_raw(65534), Gid::from_raw(65534));
            rustix::thread::set_thread_groups(&[]).unwrap();
            rustix::thread::set_thread_res_gid(group, group, group).unwrap();
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            let mut stream = UnixStream::connect(meeting)?;
            // Long before a handshake's time is over.
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.read(&mut [0])
        });
        thread.join().unwrap().map_err(|error| error.kind())
    };
    if rustix::process::geteuid().is_root() {
        let open = |path: &std::path::Path| {
            // Whoever connects writes to the socket; folders need only be passed through.
            let mode = if path.is_dir() { 0o755 } else { 0o777 };
            fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        };
        // All that is not mlctl's own is open to everybody.
        let state = sandbox.state();
        let above: Vec<_> = state
            .ancestors()
            .skip(1)
            .take_while(|dir| dir.starts_with(sandbox.home().parent().unwrap()))
            .collect();
        above.iter().for_each(|dir| open(dir));
        assert_eq!(other_user(), Err(ErrorKind::PermissionDenied));
        // And where somebody has opened that too, the kernel says whose the connection is.
        let within = [&*state, &state.join("runs"), meeting.parent().unwrap().parent().unwrap()];
        within.iter().for_each(|dir| open(dir));
        open(meeting.parent().unwrap());
        open(&meeting);
        assert_eq!(other_user(), Ok(0));
    }
    fs_err::write(sandbox.home().join("go"), "").unwrap();
    sandbox.run(0, ["wait"]);
    sandbox.wait_until_empty(END);
}

/// Whatever of the user's own holds connections open: cancelling says cancelled.
#[test]
fn a_local_gang_in_set_up_is_cancelled_among_many_connections() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", LOCAL);
    sandbox.run(0, ["train", "-d"]);
    let meeting = run_folder(&sandbox).join("agents/gang");
    let _idle: Vec<UnixStream> = (0..200).map(|_| UnixStream::connect(&meeting).unwrap()).collect();
    sandbox.run(0, ["cancel"]);
    sandbox.run(12, ["wait"]);
    sandbox.wait_until_empty(END);
}
