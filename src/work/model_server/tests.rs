//! Servers that are real processes: a small one in Python that ignores SIGTERM and dies when asked to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::launch::{Launch, free_ports};
use super::probe::Probe;
use super::state::ServerState;
use super::supervisor::{ModelServer, ServerOptions};
use crate::plan::{Protocol, ServerPlan};
use crate::work::protocol::fixture::server_plan;

const SERVER: &str = r#"
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    signal.pause()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("the weights are \x1b[31mlost", flush=True)
            os._exit(7)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(os.environ["AIP_HTTP_PORT"])
print("child", child, flush=True)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

struct Started {
    server: ModelServer,
    base: String,
    lines: Arc<Mutex<Vec<String>>>,
}

fn start(command: &[&str], plan: ServerPlan) -> Started {
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let path = std::env::var("PATH").unwrap();
    let environment = BTreeMap::from([("PATH".to_owned(), path)]);
    let launch = Launch::new(&plan, &command, &environment, free_ports(&plan).unwrap(), None);
    let base = launch.base.clone();
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&lines);
    let output = Arc::new(move |line: &str| seen.lock().unwrap().push(line.to_owned()));
    let grace = Duration::from_millis(50);
    let server = ModelServer::start(ServerOptions { plan, launch, grace, output });
    Started { server, base, lines }
}

async fn gone(server: &ModelServer) -> String {
    let mut state = server.state();
    let seen = state.wait_for(|state| matches!(state, ServerState::Gone(_))).await.unwrap();
    let ServerState::Gone(reason) = seen.clone() else { unreachable!() };
    reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_is_started_again_until_its_budget_is_spent() {
    let plan = ServerPlan { restarts: 1, ..server_plan(Protocol::Vertex) };
    let started = start(&["python3", "-c", SERVER], plan);
    let mut state = started.server.state();
    for _ in 0..2 {
        state.wait_for(|state| *state == ServerState::Ready).await.unwrap();
        let died = Probe::new(&started.base).unwrap().get(&format!("{}/die", started.base)).await;
        assert!(died.is_err(), "{died:?}");
        state.wait_for(|state| *state != ServerState::Ready).await.unwrap();
    }
    let reason = gone(&started.server).await;
    assert!(
        reason.contains("the model server ended with exit code 7; its last lines: "),
        "{reason}"
    );
    assert!(reason.contains(r"the weights are \x1b[31mlost"), "{reason}");
    assert!(reason.ends_with(" (it had been restarted 1 times)"), "{reason}");
    let lines = started.lines.lock().unwrap().clone();
    assert_eq!(lines.iter().filter(|line| line.contains("it is started again")).count(), 1);
    started.server.end().await;
}

/// A process that is there, and is no zombie.
fn is_alive(pid: &str) -> bool {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ignores_sigterm_ends_with_its_children() {
    let started = start(&["python3", "-c", SERVER], server_plan(Protocol::Vertex));
    let mut state = started.server.state();
    state.wait_for(|state| *state == ServerState::Ready).await.unwrap();
    let lines = started.lines.lock().unwrap().clone();
    let child = lines.iter().find_map(|line| line.strip_prefix("child ")).unwrap().to_owned();
    assert!(is_alive(&child));
    started.server.end().await;
    assert!(matches!(&*state.borrow(), ServerState::Gone(_)));
    assert!(Probe::new(&started.base).unwrap().get(&started.base).await.is_err());
    assert!(!is_alive(&child));
}

#[tokio::test]
async fn a_server_that_can_not_work_is_told_with_what_to_do() {
    let started = start(&["/nowhere/server"], server_plan(Protocol::Vertex));
    let reason = gone(&started.server).await;
    assert!(reason.starts_with("the model server can't be started: /nowhere/server: "), "{reason}");
    let words = ["sh", "-c", "echo no such flag >&2; exit 3"];
    let started = start(&words, server_plan(Protocol::Vertex));
    assert_eq!(
        gone(&started.server).await,
        "the model server ended with exit code 3 before it was ready; its last lines: no such flag"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let plan = ServerPlan { start_timeout: Duration::ZERO, ..server_plan(Protocol::Openai) };
    let started = start(&["sleep", "1000"], plan);
    let reason = gone(&started.server).await;
    assert!(reason.starts_with("the model server was not ready within 0ns: "), "{reason}");
    assert!(reason.ends_with("; it has printed nothing"), "{reason}");
}
