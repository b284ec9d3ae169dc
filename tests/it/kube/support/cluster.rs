//! The cluster that the tests use, as the environment names it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::support::{Sandbox, repository, skip, stderr, stdout};

/// Tests that stop a part of the cluster have it to themselves.
static TURNS: RwLock<()> = RwLock::new(());

/// Held by a test for as long as it uses the cluster.
pub enum Turn {
    /// Others use it too.
    Shared(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
    /// Nobody else does.
    Alone(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
}

impl Turn {
    pub fn shared() -> Self {
        Self::Shared(TURNS.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn alone() -> Self {
        Self::Alone(TURNS.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a test wants of the cluster besides an API server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nodes that run pods: without root there are only simulated ones.
    Pods,
    /// It is the tests' own: it has simulated nodes, and its parts may be stopped.
    Own,
}

/// The cluster.
///
/// - `MLCTL_TEST_KUBECONFIG`: its kubeconfig; without it the tests of this folder are skipped
/// - `MLCTL_TEST_CONTEXT`: the context, if not the current one
/// - `MLCTL_TEST_CLUSTER`: its name, where `tests/cluster/cluster` made it
/// - `MLCTL_TEST_IMAGES`: where another cluster has the images `busybox:1`, `python:1`, `tf:1` and
///   `mlctl:1`, for example `registry.example.com/tests/`
pub struct Cluster {
    pub kubeconfig: PathBuf,
    pub context: String,
    /// Its name, if its parts may be stopped.
    pub name: Option<String>,
    images: String,
    /// Pods run in it.
    pods: bool,
}

impl Cluster {
    /// The cluster, with mlctl's own image where pods run, or `None` and a word on what it lacks.
    pub fn with(needs: &[Need]) -> Option<&'static Self> {
        static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(Self::find).as_ref();
        let lacks = match cluster {
            None => Some("no cluster, since MLCTL_TEST_KUBECONFIG is not set"),
            Some(one) if needs.contains(&Need::Own) && one.name.is_none() => {
                Some("the cluster is not the tests' own")
            }
            Some(one) if needs.contains(&Need::Pods) && !one.pods => {
                Some("pods don't run in a cluster whose nodes are all simulated")
            }
            Some(_) => None,
        };
        match lacks {
            Some(why) => {
                skip(why);
                None
            }
            None => cluster,
        }
    }

    fn find() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let kubeconfig = PathBuf::from(variable("MLCTL_TEST_KUBECONFIG")?);
        let mut cluster = Self {
            context: variable("MLCTL_TEST_CONTEXT").unwrap_or_default(),
            name: variable("MLCTL_TEST_CLUSTER"),
            images: variable("MLCTL_TEST_IMAGES").unwrap_or_else(|| "localhost/".into()),
            kubeconfig,
            pods: false,
        };
        if cluster.context.is_empty() {
            let current = cluster.kubectl(["config", "current-context"]);
            cluster.context = current.trim().into();
        }
        let kwok = r"jsonpath={range .items[*]}{.metadata.annotations.kwok\.x-k8s\.io/node};{end}";
        let nodes = cluster.kubectl(["get", "nodes", "-o", kwok]);
        cluster.pods = nodes.trim().split_terminator(';').any(str::is_empty);
        cluster.import_runner();
        Some(cluster)
    }

    /// An image of the tests.
    pub fn image(&self, name: &str) -> String {
        format!("{}{name}:1", self.images)
    }

    /// Makes mlctl's image out of the binary under test and gives it to the nodes. Another cluster
    /// gets it from its registry.
    fn import_runner(&self) {
        if self.name.is_none() || !self.pods {
            return;
        }
        let sandbox = Sandbox::new();
        let archive = sandbox.dir().join("mlctl.tar");
        let archive = archive.to_str().expect("UTF-8");
        let tag = self.image("mlctl");
        sandbox.run(0, ["cluster", "image", "--name", &tag, "--archive", archive]);
        self.control(["image-import", archive]);
    }

    /// Runs `tests/cluster/cluster` on this cluster.
    #[track_caller]
    pub fn control<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        let name = self.name.as_deref().expect("a cluster of the tests' own");
        let mut command = Command::new(repository().join("tests/cluster/cluster"));
        command.args(["--name", name]).args(args).stdin(Stdio::null());
        succeed(&mut command)
    }

    /// Runs kubectl; says what it said if it fails.
    #[track_caller]
    pub fn kubectl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        succeed(self.kubectl_command().args(args))
    }

    /// Applies documents that say themselves where they belong.
    #[track_caller]
    pub fn apply(&self, text: &str) {
        feed(self.kubectl_command().args(["apply", "-f", "-"]), text);
    }

    /// A cluster of the tests' own brings the real kubectl; the one in PATH may be a wrapper.
    pub fn kubectl_folder(&self) -> String {
        let own = self.kubeconfig.ancestors().nth(2).unwrap_or(Path::new("/")).join("bin");
        own.to_string_lossy().into_owned()
    }

    /// kubectl as admin, with nothing more on its command line.
    pub fn kubectl_command(&self) -> Command {
        let own = Path::new(&self.kubectl_folder()).join("kubectl");
        let mut command = Command::new(if own.exists() { own } else { "kubectl".into() });
        command.env("KUBECONFIG", &self.kubeconfig).stdin(Stdio::null());
        if !self.context.is_empty() {
            command.args(["--context", &self.context]);
        }
        command
    }
}

/// Standard output of a command that must succeed.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output: Output = command.output().expect("a program that starts");
    assert!(output.status.success(), "{command:?}\n{}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

/// Standard output of a command that must succeed, with `text` on its standard input.
#[track_caller]
pub fn feed(command: &mut Command, text: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a program that starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("end");
    assert!(output.status.success(), "{command:?}\n{}\n{text}", stderr(&output));
    stdout(&output)
}
