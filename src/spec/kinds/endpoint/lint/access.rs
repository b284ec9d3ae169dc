//! How callers come in.

use super::context::Lint;
use crate::spec::kinds::endpoint::{AuthToken, Expose, ExposeBy};
use crate::spec::kinds::train::lint::wrong_object_name;
use crate::spec::syntax::{Code, Diagnostic, index_path};

impl Lint<'_> {
    pub(super) fn access(&mut self) {
        self.tokens();
        if let Some(tls) = &self.endpoint.tls {
            self.object(&tls.secret, "tls.secret");
        }
        if let Expose::By(by) = &self.endpoint.expose {
            self.expose(by);
        }
    }

    fn tokens(&mut self) {
        let Some(auth) = &self.endpoint.auth else { return };
        if auth.tokens.is_empty() {
            self.add(
                Diagnostic::error(Code::OneOfThem, "nobody has a token, so nobody could ask")
                    .at(self.spans.key("auth.tokens"), "")
                    .help(
                        "write `tokens: [{secretKeyRef: {name: ..., key: ...}}]`, or leave `auth` out",
                    ),
            );
        }
        for (index, token) in auth.tokens.iter().enumerate() {
            let path = index_path("auth.tokens", index);
            let AuthToken { name: _, secret_key_ref, env } = token;
            let fields = [("secretKeyRef", secret_key_ref.is_some()), ("env", env.is_some())];
            let help = "write `{secretKeyRef: {name: ..., key: ...}}`, or `{env: MY_TOKEN}`";
            self.one_of(&path, &fields, help);
            if let Some(reference) = secret_key_ref {
                self.object(&reference.name, &format!("{path}.secretKeyRef.name"));
            }
            if let Some(env) = env
                && (env.is_empty() || env.contains(['=', '\0', '$']) || env.contains(' '))
            {
                self.add(
                    Diagnostic::error(
                        Code::BadEnvName,
                        format!("`{env}` can't be a variable's name"),
                    )
                    .at(self.spans.value(&format!("{path}.env")), "the name of a variable")
                    .help("write the name alone: `env: MY_TOKEN`; the token is never in the spec"),
                );
            }
        }
    }

    fn expose(&mut self, by: &ExposeBy) {
        let ExposeBy { ingress, gateway } = by;
        let fields = [("ingress", ingress.is_some()), ("gateway", gateway.is_some())];
        let help = "write `expose: {ingress: {host: digits.example.com}}`, `{gateway: {name: ...}}`, \
                    `loadBalancer` or `none`";
        self.one_of("expose", &fields, help);
        if let Some(ingress) = ingress {
            self.host(&ingress.host, "expose.ingress.host");
            self.maybe(ingress.tls_secret.as_ref(), "expose.ingress.tlsSecret");
            self.maybe(ingress.class_name.as_ref(), "expose.ingress.className");
        }
        if let Some(gateway) = gateway {
            self.object(&gateway.name, "expose.gateway.name");
            self.maybe(gateway.namespace.as_ref(), "expose.gateway.namespace");
            if let Some(host) = &gateway.host {
                self.host(host, "expose.gateway.host");
            }
        }
    }

    fn maybe(&mut self, name: Option<&String>, path: &str) {
        if let Some(name) = name {
            self.object(name, path);
        }
    }

    fn object(&mut self, name: &str, path: &str) {
        if let Some(finding) = wrong_object_name(name) {
            self.add(finding.at(self.spans.value(path), ""));
        }
    }

    /// A name of DNS, of which the first word may be `*`.
    fn host(&mut self, host: &str, path: &str) {
        let rest = host.strip_prefix("*.").unwrap_or(host);
        if wrong_object_name(rest).is_none() && rest.split('.').all(|word| word.len() <= 63) {
            return;
        }
        let help = if host.contains("://") || host.contains(['/', ':']) {
            "write the name alone, without scheme, port and path: `digits.example.com`"
        } else {
            "use lower-case letters, digits, `-` and `.`: `digits.example.com`"
        };
        self.add(
            Diagnostic::error(Code::BadHost, format!("`{host}` can't be the name of a host"))
                .at(self.spans.value(path), "")
                .help(help),
        );
    }
}
