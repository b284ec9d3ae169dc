//! What a configuration must not say.

use std::collections::BTreeSet;
use std::fmt;

use http::HeaderName;
use http::uri::PathAndQuery;

use super::{RouterConfig, SCHEMA_VERSION, Sticky};

/// Everything that is wrong with a configuration, at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the router's configuration can't be used: {}", list(.0))]
pub struct ConfigError(pub Vec<Fault>);

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, such as `revisions[1].name`.
    pub at: String,
    /// What, in words.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.at, self.reason)
    }
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl RouterConfig {
    /// A configuration by JSON text, checked.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let config: Self = serde_json::from_slice(text).map_err(|error| {
            ConfigError(vec![Fault { at: "document".to_owned(), reason: error.to_string() }])
        })?;
        config.check().map(|()| config)
    }

    /// Whether a router can do what this says.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        if self.schema_version != SCHEMA_VERSION {
            let known = format!("{} is not the format {SCHEMA_VERSION}", self.schema_version);
            faults.add("schemaVersion", known);
        }
        let mut names = BTreeSet::new();
        for (index, revision) in self.revisions.iter().enumerate() {
            let at = |field: &str| format!("revisions[{index}].{field}");
            faults.header_value(at("name"), &revision.name);
            if !names.insert(revision.name.as_str()) {
                faults.add(at("name"), format!("`{}` is there twice", revision.name));
            }
            if revision.max_concurrency == Some(0) {
                faults.add(at("maxConcurrency"), "no request could ever be sent with 0");
            }
            if let Some(path) = &revision.routes.predict
                && !(path.starts_with('/') && path.parse::<PathAndQuery>().is_ok())
            {
                faults.add(at("routes.predict"), format!("`{path}` is no path"));
            }
            let mut ids = BTreeSet::new();
            for replica in &revision.replicas {
                faults.header_value(at("replicas"), &replica.id);
                if !ids.insert(replica.id.as_str()) {
                    faults.add(at("replicas"), format!("`{}` is there twice", replica.id));
                }
            }
        }
        match &self.sticky {
            Some(Sticky::Header(name)) if HeaderName::try_from(name.as_str()).is_err() => {
                faults.add("sticky.header", format!("`{name}` is no name of a header"));
            }
            Some(Sticky::Cookie(name)) if HeaderName::try_from(name.as_str()).is_err() => {
                faults.add("sticky.cookie", format!("`{name}` is no name of a cookie"));
            }
            _ => {}
        }
        if let Some(shadow) = &self.shadow {
            if !names.contains(shadow.revision.as_str()) {
                let reason = format!("there is no revision `{}`", shadow.revision);
                faults.add("shadow.revision", reason);
            }
            if !(0.0..=100.0).contains(&shadow.percent) {
                faults.add("shadow.percent", "a percentage is 0 to 100");
            }
        }
        if self.log.as_ref().is_some_and(|log| !(0.0..=1.0).contains(&log.sample)) {
            faults.add("log.sample", "a share of all requests is 0 to 1");
        }
        if self.retries.attempts == 0 {
            faults.add("retries.attempts", "the first try counts: at least 1");
        }
        let limits = &self.limits;
        let durations = [
            ("limits.timeoutMillis", limits.timeout),
            ("limits.idleTimeoutMillis", limits.idle_timeout),
            ("limits.headerTimeoutMillis", limits.header_timeout),
        ];
        for (at, _) in durations.iter().filter(|(_, duration)| duration.is_zero()) {
            faults.add(*at, "no request could ever end in 0");
        }
        for (at, value) in [
            ("limits.maxInFlight", limits.max_in_flight),
            ("limits.maxConnections", limits.max_connections),
        ] {
            if value == 0 {
                faults.add(at, "no request could ever come in with 0");
            }
        }
        // hyper's own least size of a buffer.
        if limits.max_headers < 8192 {
            faults.add("limits.maxHeaders", "at least 8192 bytes");
        }
        if faults.0.is_empty() { Ok(()) } else { Err(ConfigError(faults.0)) }
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, at: impl Into<String>, reason: impl Into<String>) {
        self.0.push(Fault { at: at.into(), reason: reason.into() });
    }

    /// Names travel in headers of answers.
    fn header_value(&mut self, at: String, value: &str) {
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.add(at, format!("`{value}` is not made of visible ASCII characters"));
        }
    }
}
