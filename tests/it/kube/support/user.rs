//! Users other than the admin.

use super::Kube;
use crate::support::stdout;

/// A service account of the namespace.
pub struct Robot<'a> {
    kube: &'a Kube,
}

impl Kube {
    /// A service account that has a role of the cluster within the namespace.
    pub fn robot(&self, role: &str) -> Robot<'_> {
        self.kubectl(["create", "serviceaccount", "robot"]);
        let account = format!("--serviceaccount={}:robot", self.namespace);
        let role = format!("--clusterrole={role}");
        self.kubectl(["create", "rolebinding", "robot", &role, &account]);
        Robot { kube: self }
    }

    /// A service account with a Role of `mlctl cluster manifests`; mlctl runs as it from now on.
    pub fn become_robot(&self, role: &str) -> Robot<'_> {
        let user = format!("system:serviceaccount:{}:robot", self.namespace);
        let args = ["cluster", "manifests", "--for-namespace", &self.namespace];
        let text = stdout(&self.run(0, args.iter().chain(&["--user", &user, "--role", role])));
        self.kubectl_with(["apply", "-f", "-"], &text);
        self.kubectl(["create", "serviceaccount", "robot"]);
        let robot = Robot { kube: self };
        self.use_credentials(&format!("token: {}", robot.token("tie")));
        robot
    }

    /// From now on mlctl runs as somebody who has a Role of `mlctl cluster manifests` and no more.
    pub fn act_as(&self, role: &str) {
        let person = self.person(role);
        self.grant(&person.user, role);
        let kubeconfig = fs_err::read_to_string(person.laptop.home().join(".kube/config"));
        self.set_kubeconfig(&self.sandbox, &kubeconfig.expect("kubeconfig"));
    }

    /// From now on mlctl's kubeconfig of this test has these credentials, one `key: value` of YAML.
    pub fn use_credentials(&self, credentials: &str) {
        self.set_kubeconfig(&self.sandbox, &self.kubeconfig_of(credentials));
    }

    /// The cluster's kubeconfig with these credentials in the place of the admin's.
    pub fn kubeconfig_of(&self, credentials: &str) -> String {
        let server = self.view("{.clusters[0].cluster.server}");
        let authority = self.view("{.clusters[0].cluster.certificate-authority-data}");
        let context = &self.cluster.context;
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
             contexts: [{{name: {context}, context: {{cluster: test, user: test}}}}]\n\
             clusters: [{{name: test, cluster: {{server: '{server}', \
             certificate-authority-data: '{authority}'}}}}]\n\
             users: [{{name: test, user: {{{credentials}}}}}]\n"
        )
    }

    fn view(&self, path: &str) -> String {
        let path = format!("jsonpath={path}");
        self.cluster.kubectl(["config", "view", "--raw", "--minify", "--flatten", "-o", &path])
    }
}

impl Robot<'_> {
    /// A token that lives as long as the Secret of this name.
    pub fn token(&self, tie: &str) -> String {
        self.kube.kubectl(["create", "secret", "generic", tie]);
        let tie = format!("--bound-object-name={tie}");
        let token = ["create", "token", "robot", "--bound-object-kind=Secret", &tie];
        self.kube.kubectl(token).trim().to_owned()
    }

    /// Ends the life of a token.
    pub fn revoke(&self, tie: &str) {
        self.kube.kubectl(["delete", "secret", tie]);
    }
}
