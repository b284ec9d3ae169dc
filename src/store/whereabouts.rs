//! Where runs are, as a person says it: which of them are meant by a runtime, a context, a namespace.

use std::fmt;

/// What a run's record calls the runtime of this machine; that of a cluster is `<context>/<namespace>`.
const LOCAL: &str = "local";

/// Which runs are meant by where they are. The default means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Those of this machine, or those of clusters.
    pub local: Option<bool>,
    /// Those of this context.
    pub context: Option<String>,
    /// Those of this namespace.
    pub namespace: Option<String>,
}

impl Whereabouts {
    /// Runs are meant wherever they are.
    pub fn is_anywhere(&self) -> bool {
        *self == Self::default()
    }

    /// Whether runs are meant whose records name this runtime.
    pub fn has(&self, runtime: &str) -> bool {
        if self.is_anywhere() {
            return true;
        }
        let is_local = runtime == LOCAL;
        if self.local.is_some_and(|local| local != is_local) {
            return false;
        }
        if self.context.is_none() && self.namespace.is_none() {
            return true;
        }
        // Names of contexts may hold slashes, names of namespaces don't.
        let Some((context, namespace)) = runtime.rsplit_once('/').filter(|_| !is_local) else {
            return false;
        };
        self.context.as_ref().is_none_or(|meant| meant == context)
            && self.namespace.as_ref().is_none_or(|meant| meant == namespace)
    }

    /// The place that a run's record calls this runtime.
    pub fn of_runtime(runtime: &str) -> Self {
        match runtime.rsplit_once('/').filter(|_| runtime != LOCAL) {
            None => Self { local: Some(runtime == LOCAL), ..Self::default() },
            Some((context, namespace)) => Self {
                local: Some(false),
                context: Some(context.to_owned()),
                namespace: Some(namespace.to_owned()),
            },
        }
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.context, &self.namespace, self.local) {
            (Some(context), Some(namespace), _) => {
                write!(f, "in context `{context}`, namespace `{namespace}`")
            }
            (Some(context), None, _) => write!(f, "in context `{context}`"),
            (None, Some(namespace), _) => write!(f, "in namespace `{namespace}`"),
            (None, None, Some(true)) => f.write_str("on this machine"),
            (None, None, Some(false)) => f.write_str("in a cluster"),
            (None, None, None) => f.write_str("anywhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_meant() {
        let of = |context: Option<&str>, namespace: Option<&str>, local| Whereabouts {
            local,
            context: context.map(str::to_owned),
            namespace: namespace.map(str::to_owned),
        };
        let all = ["local", "prod/team-a", "arn:x:cluster/ml/team-a", "prod/team-b"];
        let meant = |place: &Whereabouts| {
            all.into_iter().filter(|runtime| place.has(runtime)).collect::<Vec<_>>()
        };
        for (place, has, words) in [
            (of(None, None, None), all.to_vec(), "anywhere"),
            (of(None, None, Some(true)), vec!["local"], "on this machine"),
            (of(None, None, Some(false)), all[1..].to_vec(), "in a cluster"),
            (of(Some("prod"), None, None), vec!["prod/team-a", "prod/team-b"], "in context `prod`"),
            (of(None, Some("team-a"), None), all[1..3].to_vec(), "in namespace `team-a`"),
            (
                of(Some("arn:x:cluster/ml"), Some("team-a"), Some(false)),
                vec!["arn:x:cluster/ml/team-a"],
                "in context `arn:x:cluster/ml`, namespace `team-a`",
            ),
            (of(Some("prod"), None, Some(true)), vec![], "in context `prod`"),
        ] {
            assert_eq!((meant(&place), place.to_string()), (has, words.to_owned()));
        }
        for runtime in all {
            assert!(Whereabouts::of_runtime(runtime).has(runtime), "{runtime}");
        }
    }
}
