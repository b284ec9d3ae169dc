//! People with a laptop and a Role each, such as an attacker and a victim.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use super::Kube;
use crate::support::{Sandbox, stderr, stdout};

/// Somebody whom the cluster knows by a name of their own, at a laptop of their own: a home, a state
/// and a kubeconfig that nobody else has.
pub struct Person<'a> {
    pub laptop: Sandbox,
    /// The name by which the cluster knows them.
    pub user: String,
    kube: &'a Kube,
}

impl Kube {
    /// Somebody whom the cluster knows, and who may do nothing yet.
    pub fn person(&self, name: &str) -> Person<'_> {
        self.kubectl(["create", "serviceaccount", name]);
        let token = self.kubectl(["create", "token", name]);
        let laptop = self.elsewhere();
        let credentials = format!("token: {}", token.trim());
        self.set_kubeconfig(&laptop, &self.kubeconfig_of(&credentials));
        let user = format!("system:serviceaccount:{}:{name}", self.namespace);
        Person { laptop, user, kube: self }
    }

    /// An attacker and a victim: two people with the submitter's Role, as `mlctl cluster manifests`
    /// gives it, in this namespace.
    pub fn attacker_and_victim(&self) -> (Person<'_>, Person<'_>) {
        let [attacker, victim] = ["attacker", "victim"].map(|name| {
            let person = self.person(name);
            self.grant(&person.user, "submitter");
            person
        });
        (attacker, victim)
    }

    /// Gives a user a Role of `mlctl cluster manifests` in this namespace.
    pub fn grant(&self, user: &str, role: &str) {
        let args = ["cluster", "manifests", "--for-namespace", &self.namespace, "--roles-only"];
        let text = self.run(0, args.iter().chain(&["--user", user, "--role", role]));
        self.kubectl_with(["apply", "-f", "-"], &stdout(&text));
    }
}

impl Person<'_> {
    /// Runs mlctl at their laptop to its end; says what it printed when the exit code is another one.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, code: i32, args: impl IntoIterator<Item = S>) -> Output {
        self.laptop.run(code, args)
    }

    /// Submits a gang of busybox workers from their laptop, detached, worker N running the Nth
    /// script; the run's id.
    #[track_caller]
    pub fn submit(&self, scripts: &[&str]) -> String {
        self.kube.gang_at(&self.laptop, scripts, "");
        self.run(0, ["train", "--detach"]);
        let run = stdout(&self.run(0, ["list", "-q", "--limit", "1"])).trim().to_owned();
        assert!(!run.is_empty(), "a run is listed");
        run
    }

    /// kubectl in the test's namespace with their kubeconfig, whatever they may do.
    pub fn kubectl_command(&self) -> Command {
        let mut command = self.kube.kubectl_command();
        command.env("KUBECONFIG", self.laptop.home().join(".kube/config"));
        command
    }

    /// Runs kubectl with their kubeconfig; fails when the cluster refuses it.
    #[track_caller]
    pub fn kubectl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        super::succeed(self.kubectl_command().args(args))
    }

    /// Gives kubectl a document on its standard input: `["create", "-f", "-"]` makes any object that
    /// the person may make.
    #[track_caller]
    pub fn kubectl_with<'a>(&self, args: impl IntoIterator<Item = &'a str>, text: &str) -> String {
        super::feed(self.kubectl_command().args(args), text)
    }

    /// The API server refuses this to them: not that it is not there, but that they may not.
    #[track_caller]
    pub fn assert_forbidden<'a>(&self, args: impl IntoIterator<Item = &'a str>) {
        let mut command = self.kubectl_command();
        let output = command.args(args).stdin(Stdio::null()).output().expect("kubectl");
        let said = stderr(&output);
        assert!(
            !output.status.success() && said.contains("(Forbidden)") && output.stdout.is_empty(),
            "{command:?}\n{}{said}",
            stdout(&output)
        );
    }
}
