//! An endpoint of a test: its spec, its callers, how it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{Sandbox, repository, stdout};

/// Nothing in these tests takes longer, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(120);

/// A sandbox whose folder has the server of these tests.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox_server(&sandbox);
    sandbox
}

/// Puts the server of these tests into a sandbox's folder.
pub fn sandbox_server(sandbox: &Sandbox) {
    let server = repository().join("tests/it/serve/server.py");
    sandbox.write("app/server.py", &fs_err::read_to_string(server).expect("the server"));
}

/// Writes a spec with these revisions, each a name and the words behind the server's name, and more fields.
pub fn spec(sandbox: &Sandbox, revisions: &[(&str, &str, &str)], more: &str) {
    let mut text = "apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: sums\nserver: custom\n\
                    code: app\nrevisions:\n"
        .to_owned();
    for (name, words, fields) in revisions {
        let words: String = words.split_whitespace().map(|word| format!(", {word}")).collect();
        text += &format!(
            "- name: {name}\n  command: [python3, server.py, \"{{port}}\", {name}{words}]\n"
        );
        for field in fields.split("; ").filter(|field| !field.is_empty()) {
            text += &format!("  {field}\n");
        }
    }
    sandbox.write("mlctl.yaml", &(text + more));
}

/// Lets the servers of the spec listen on this port, whatever they are told.
pub fn always_at(sandbox: &Sandbox, port: u16) {
    let text = fs_err::read_to_string(sandbox.dir().join("mlctl.yaml")).expect("a spec");
    sandbox.write("mlctl.yaml", &text.replace("\"{port}\"", &format!("\"{port}\"")));
}

/// What `status -o json` says of the endpoint.
pub fn status(sandbox: &Sandbox) -> Json {
    status_of(sandbox, "sums")
}

/// The same of an endpoint of another name.
pub fn status_of(sandbox: &Sandbox, endpoint: &str) -> Json {
    let said = stdout(&sandbox.run(0, ["status", endpoint, "-o", "json"]));
    serde_json::from_str::<Json>(&said).expect("JSON")["endpoint"].clone()
}

/// Where the endpoint answers.
pub fn url(sandbox: &Sandbox) -> String {
    url_of(sandbox, "sums")
}

/// The same of an endpoint of another name.
pub fn url_of(sandbox: &Sandbox, endpoint: &str) -> String {
    status_of(sandbox, endpoint)["live"]["url"].as_str().expect("an address").to_owned()
}

/// How many answers came with which status, by which revision.
pub type Answers = BTreeMap<(u16, String), u64>;

/// Callers that ask without a pause until they are told to stop.
pub struct Callers {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<(Answers, Vec<String>)>>,
}

impl Callers {
    /// So many of them.
    pub fn start(url: &str, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..count).map(|_| {
            let (url, stop) = (url.to_owned(), Arc::clone(&stop));
            std::thread::spawn(move || ask_until(&url, &stop))
        });
        Self { threads: threads.collect(), stop }
    }

    /// All answers, and what went wrong without one.
    pub fn end(self) -> (Answers, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut all, mut errors) = (Answers::new(), Vec::new());
        for thread in self.threads {
            let (answers, failed) = thread.join().expect("a caller");
            for (key, count) in answers {
                *all.entry(key).or_default() += count;
            }
            errors.extend(failed);
        }
        (all, errors)
    }
}

fn ask_until(url: &str, stop: &AtomicBool) -> (Answers, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = client();
        let (mut answers, mut errors) = (Answers::new(), Vec::new());
        while !stop.load(Ordering::Relaxed) {
            match ask(&client, url, None).await {
                Ok((status, revision, _)) => *answers.entry((status, revision)).or_default() += 1,
                Err(error) => errors.push(error),
            }
        }
        (answers, errors)
    })
}

/// A client of HTTP.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Asks once: the status, who answered, and the answer.
pub async fn ask(
    client: &reqwest::Client,
    url: &str,
    revision: Option<&str>,
) -> Result<(u16, String, Json), String> {
    let mut request = client
        .post(format!("{url}/predict"))
        .header("content-type", "application/json")
        .body(json!({"instances": [{"x": 1}]}).to_string());
    if let Some(revision) = revision {
        request = request.header("x-mlctl-revision", revision);
    }
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status().as_u16();
    let revision = answer.headers().get("x-mlctl-revision");
    let revision = revision.and_then(|name| name.to_str().ok()).unwrap_or("").to_owned();
    let body = answer.text().await.map_err(|error| format!("{error:?}"))?;
    Ok((status, revision, serde_json::from_str(&body).unwrap_or(Json::Null)))
}

/// Asks once, in a thread of its own runtime.
pub fn ask_once(url: &str, revision: Option<&str>) -> Result<(u16, String, Json), String> {
    crate::support::on_runtime(async { ask(&client(), url, revision).await })
}

/// Waits until what `status` says is so.
pub fn until(sandbox: &Sandbox, what: &str, is_so: impl Fn(&Json) -> bool) -> Json {
    let start = Instant::now();
    loop {
        let now = status(sandbox);
        if is_so(&now) {
            return now;
        }
        assert!(start.elapsed() < LONG, "{what} was waited for: {now:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A revision of what `status` says.
pub fn revision<'a>(status: &'a Json, name: &str) -> &'a Json {
    let revisions = status["live"]["revisions"].as_array().expect("revisions");
    let named = |one: &&Json| one["revision"] == name;
    revisions.iter().find(named).unwrap_or(&Json::Null)
}

/// Ends the endpoint; nothing of it is left.
pub fn undeploy(sandbox: &Sandbox) {
    undeploy_of(sandbox, "sums");
}

/// The same of an endpoint of another name.
pub fn undeploy_of(sandbox: &Sandbox, endpoint: &str) {
    sandbox.run(0, ["undeploy", endpoint, "--yes"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
}
