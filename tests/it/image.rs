//! The runner image: made, pushed to a real registry, and read back from it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use mlctl::runtime::image::{EntrypointError, ImageConfig, entrypoint};

use crate::support::{Sandbox, repository, skip, stderr, stdout, wait_for};

/// The program under test can be put into an empty image.
fn is_static() -> bool {
    if !cfg!(target_env = "musl") {
        skip("the program under test is not static: tests/run builds it so");
    }
    cfg!(target_env = "musl")
}

fn digest(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = sandbox.run(0, [&["cluster", "image", "-o", "json"], args].concat());
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    made["digest"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_program_gives_the_same_image() {
    if !is_static() {
        return;
    }
    let sandbox = Sandbox::new();
    let first = digest(&sandbox, &["--archive", "a.tar"]);
    let second = digest(&sandbox, &["--archive", "b.tar"]);
    assert_eq!(first, second);
    let read = |name: &str| fs_err::read(sandbox.dir().join(name)).unwrap();
    assert!(read("a.tar") == read("b.tar"), "the archives differ");
    let text =
        sandbox.run(0, ["cluster", "image", "--archive", "a.tar", "--name", "r.example/m:2"]);
    assert!(stdout(&text).starts_with("r.example/m:2 for linux/"), "{}", stdout(&text));
    assert!(stderr(&text).contains("runnerImage: r.example/m:2"), "{}", stderr(&text));
}

#[test]
fn what_can_not_run_in_an_empty_image_is_refused() {
    let sandbox = Sandbox::new();
    let script = sandbox.write("script", "#!/bin/sh\n");
    let script = script.to_str().unwrap();
    let refused = |binary: &str| {
        let args = ["cluster", "image", "--archive", "x.tar", "--binary", binary];
        let output = sandbox.run(5, args);
        assert!(!sandbox.dir().join("x.tar").exists());
        stderr(&output)
    };
    assert!(refused(script).contains("is no 64-bit Linux program"));
    let dynamic = refused("/bin/sh");
    assert!(dynamic.contains("linked dynamically") && dynamic.contains("--binary"), "{dynamic}");
    sandbox.run(2, ["cluster", "image"]);
}

/// A registry of this test's own.
struct Registry {
    process: Child,
    address: String,
}

impl Registry {
    /// Built once from its recipe; `None` where there is no Go.
    fn start() -> Option<Self> {
        let program = build()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .args(["-port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("127.0.0.1:{port}");
        wait_for("the registry answers", Duration::from_secs(20), || {
            TcpStream::connect(&address).is_ok()
        });
        Some(Self { process, address })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A running program can't be written over: tests that run at once share one build.
fn build() -> Option<&'static PathBuf> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build_once).as_ref()
}

fn build_once() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry");
    let recipe = repository().join("tests/cluster/registry");
    let built = Command::new("go")
        .args(["build", "-mod=readonly", "-o"])
        .arg(&program)
        .arg("github.com/google/go-containerregistry/cmd/registry")
        .current_dir(recipe)
        .status();
    match built {
        Ok(status) => {
            assert!(status.success(), "the registry can't be built");
            Some(program)
        }
        Err(error) => {
            skip(&format!("there is no Go to build the registry with, {error}"));
            None
        }
    }
}

/// An address that lets only one user through to the registry.
fn guarded(registry: &str) -> String {
    const UNAUTHORIZED: &[u8] = b"HTTP/1.1 401 Unauthorized\r\n\
        WWW-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let registry = registry.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, registry) = (client.unwrap(), registry.clone());
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
                    head.push(byte[0]);
                }
                let text = String::from_utf8_lossy(&head).to_lowercase();
                // "me:secret"
                if !text.contains("authorization: basic bwu6c2vjcmv0") {
                    let _ = client.write_all(UNAUTHORIZED);
                    return;
                }
                let mut server = TcpStream::connect(registry).unwrap();
                server.write_all(&head).unwrap();
                let (mut back, mut answers) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
                let _ = std::io::copy(&mut client, &mut server);
            });
        }
    });
    address
}

fn ask(image: &str, architecture: &str, config: &Path) -> Result<ImageConfig, EntrypointError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(entrypoint(image, architecture, config))
}

#[test]
fn an_image_goes_to_a_registry_and_says_what_it_runs() {
    if !is_static() {
        return;
    }
    let Some(registry) = Registry::start() else { return };
    let sandbox = Sandbox::new();
    let config = sandbox.home().join(".docker/config.json");
    let name = format!("{}/tools/mlctl:1", registry.address);
    let pushed = digest(&sandbox, &["--push", "--name", &name]);
    assert_eq!(pushed, digest(&sandbox, &["--push", "--name", &name, "--archive", "a.tar"]));
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let found = ask(&name, architecture, &config).unwrap();
    assert_eq!(found.command(&["x".into()]), ["/mlctl", "x"]);
    assert_eq!(found.user, "65532:65532");
    let by_digest = format!("{}/tools/mlctl@{pushed}", registry.address);
    assert_eq!(ask(&by_digest, architecture, &config).unwrap(), found);

    // What `render` writes when a spec names only the image.
    let spec = format!(
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: bare\nimage: {name}\nargs: {{x: 1}}\n"
    );
    sandbox.write("bare.yaml", &spec);
    let rendered = sandbox
        .mlctl(["render", "bare.yaml", "-o", "json"])
        .env("MLCTL_RUNNER_IMAGE", &name)
        .output()
        .unwrap();
    assert!(rendered.status.success(), "{}", stderr(&rendered));
    assert!(stdout(&rendered).contains(r#"\"command\":[\"/mlctl\",\"--x=1\"]"#));

    // The same program as if it were for two machines: an index.
    let mut other = fs_err::read(env!("CARGO_BIN_EXE_mlctl")).unwrap();
    other[18] = if architecture == "arm64" { 62 } else { 183 };
    fs_err::write(sandbox.dir().join("other"), other).unwrap();
    let both = format!("{}/tools/mlctl:both", registry.address);
    let this = env!("CARGO_BIN_EXE_mlctl");
    digest(&sandbox, &["--push", "--name", &both, "--binary", this, "--binary", "other"]);
    assert_eq!(ask(&both, "arm64", &config).unwrap().entrypoint, ["/mlctl"]);
    assert_eq!(ask(&both, "amd64", &config).unwrap().entrypoint, ["/mlctl"]);
    let platform = ask(&both, "riscv64", &config).unwrap_err().to_string();
    assert!(platform.contains("is not there for linux/riscv64"), "{platform}");

    let missing = ask(&format!("{}/no/such:1", registry.address), "amd64", &config).unwrap_err();
    assert!(missing.to_string().contains("has no image"), "{missing}");
}

#[test]
fn dockers_own_credentials_open_a_registry() {
    if !is_static() {
        return;
    }
    let Some(registry) = Registry::start() else { return };
    let address = guarded(&registry.address);
    let sandbox = Sandbox::new();
    let name = format!("{address}/tools/mlctl:1");
    let push = ["cluster", "image", "--push", "--name", &name];
    let refused = sandbox.run(5, push);
    assert!(stderr(&refused).contains("docker login"), "{}", stderr(&refused));
    let config = sandbox.home().join(".docker/config.json");
    fs_err::create_dir_all(config.parent().unwrap()).unwrap();
    let text = format!(r#"{{"auths":{{"{address}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#);
    fs_err::write(&config, text).unwrap();
    sandbox.run(0, push);
    assert_eq!(ask(&name, "amd64", &config).unwrap().entrypoint, ["/mlctl"]);
    let anonymous = ask(&name, "amd64", Path::new("/none")).unwrap_err().to_string();
    assert!(anonymous.contains("refuses") && anonymous.contains("`command:`"), "{anonymous}");
}

#[test]
fn a_registry_that_is_not_there_is_told_with_what_to_do() {
    let sandbox = Sandbox::new();
    let config = sandbox.home().join("config.json");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ask(&format!("{free}/x:1"), "amd64", &config).unwrap_err().to_string();
    assert!(error.contains("can't be reached") && error.contains("`command:`"), "{error}");
    let name = ask("UPPER CASE", "amd64", &config).unwrap_err().to_string();
    assert!(name.contains("is no name of an image"), "{name}");
    if cfg!(target_env = "musl") {
        let name = format!("{free}/mlctl:1");
        let output = sandbox.run(6, ["cluster", "image", "--push", "--name", &name]);
        assert!(stderr(&output).contains("--name"), "{}", stderr(&output));
    }
}
