//! Why a plan can't become objects of a cluster.

use std::fmt;

/// One reason why a plan can't become objects of a cluster, with the part of the spec that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// The role that it is about, or the revision of an endpoint; `None` for the whole.
    pub role: Option<String>,
    /// The field of the spec, in the role or beside all of them; empty for the whole.
    pub field: &'static str,
    /// The text that stands in the field, where the field has many.
    pub text: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to write instead; `None` where `what` says it all.
    pub help: Option<String>,
}

impl Reason {
    /// A reason about the whole plan.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// It is about this field.
    #[must_use]
    pub fn of(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// It is about this text in its field.
    #[must_use]
    pub fn at(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    /// It is about this role, or the revision of this name.
    #[must_use]
    pub fn in_role(self, role: impl fmt::Display) -> Self {
        Self { role: Some(role.to_string()), ..self }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(self, text: impl Into<String>) -> Self {
        Self { help: Some(text.into()), ..self }
    }
}

/// One sentence, for whoever is shown no place in the spec.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(role) = &self.role {
            write!(f, "role {role}: ")?;
        }
        f.write_str(&self.what)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// The plan can't be written as objects of a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Every reason.
    #[error("{}", sentences(.0).join("; "))]
    Refused(Vec<Reason>),
}

/// Reasons as sentences.
pub(crate) fn sentences(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}
