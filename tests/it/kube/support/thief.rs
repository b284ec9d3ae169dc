//! Somebody in the namespace who is quicker than mlctl.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::Kube;
use super::proxy::{forward, request};

/// Makes one object of a run right before mlctl does: it has the same name, labels and owner, all of
/// which everybody in the namespace may write, and something else in it.
pub struct Thief {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    kubectl: Child,
}

impl Thief {
    /// mlctl's kubeconfig of this test leads past the thief from now on, who `forge`s an object
    /// where it returns another one.
    pub fn start(kube: &Kube, forge: fn(Value) -> Option<Value>) -> Self {
        let mut command = kube.cluster.kubectl_command();
        command.args(["proxy", "--port=0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut kubectl = command.spawn().expect("kubectl starts");
        let mut line = String::new();
        BufReader::new(kubectl.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("a line");
        let upstream = line.trim().rsplit(' ').next().and_then(|text| text.parse().ok());
        let upstream: SocketAddr = upstream.expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stopped = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stopped);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if until.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::spawn(move || serve(client, upstream, forge));
            }
        });
        let context = &kube.cluster.context;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
             contexts: [{{name: {context}, context: {{cluster: thief, user: none}}}}]\n\
             clusters: [{{name: thief, cluster: {{server: 'http://{address}'}}}}]\n\
             users: [{{name: none, user: {{}}}}]\n"
        );
        kube.set_kubeconfig(&kube.sandbox, &text);
        Self { address, stopped, kubectl }
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

fn serve(mut client: TcpStream, upstream: SocketAddr, forge: fn(Value) -> Option<Value>) {
    let Some((head, body)) = request(&mut client) else { return };
    if head.starts_with("POST ")
        && let Some(forged) = serde_json::from_slice(&body).ok().and_then(forge)
    {
        let forged = forged.to_string().into_bytes();
        let lines = head.trim_end().lines();
        let others = lines.filter(|line| !line.to_ascii_lowercase().starts_with("content-length"));
        let mut longer: String = others.map(|line| format!("{line}\r\n")).collect();
        longer.push_str(&format!("Content-Length: {}\r\n\r\n", forged.len()));
        answer_of(upstream, &longer, &forged);
    }
    let _ = client.write_all(&answer_of(upstream, &head, &body));
    let _ = client.shutdown(Shutdown::Both);
}

fn answer_of(upstream: SocketAddr, head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Some(mut server) = forward(upstream, head, body) {
        let _ = server.read_to_end(&mut answer);
    }
    answer
}
