//! A finding: what is there, why it matters, and the command that mends it.

use std::fmt::Write as _;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// All is well.
    Ok,
    /// The check was not made, or what it looks for is not there and not needed.
    Skip,
    /// Runs start, but something about them will be missing, slow or odd.
    Warn,
    /// Runs can't start.
    Fail,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The machine that mlctl runs on.
    Laptop,
    /// The chosen cluster.
    Cluster,
}

/// The kind of a finding that fails. It decides the exit code, by which pipelines go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trouble {
    /// Something else keeps runs from starting.
    #[default]
    Start,
    /// The cluster refuses this user.
    Refused,
    /// The cluster can't be reached.
    Unreachable,
}

/// What one check has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about.
    pub place: Place,
    /// The name of the check, of one or two words.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What was found, as a sentence without a full stop.
    pub what: String,
    /// Why it matters; `None` where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A command that mends it, or that leads to who can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// The kind of the trouble, which counts only for a finding that fails.
    #[serde(skip)]
    pub trouble: Trouble,
}

impl Finding {
    fn new(place: Place, check: &str, level: Level, what: impl Into<String>) -> Self {
        let trouble = Trouble::default();
        Self {
            place,
            check: check.into(),
            level,
            what: what.into(),
            why: None,
            mend: None,
            trouble,
        }
    }

    /// A finding that all is well.
    pub fn ok(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Ok, what)
    }

    /// A finding that something was not checked, or is not needed.
    pub fn skip(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Skip, what)
    }

    /// A finding of something wrong with which runs start all the same.
    pub fn warn(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Warn, what)
    }

    /// A finding because of which runs can't start.
    pub fn fail(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Fail, what)
    }

    /// Adds why it matters.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Adds the command that mends it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// Sets the kind of the trouble.
    #[must_use]
    pub fn of(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// The whole finding in one line, for a run that is refused because of it.
    pub fn line(&self) -> String {
        let mut line = format!("{}: {}", self.check, self.what);
        for (word, part) in [("", &self.why), ("mend: ", &self.mend)] {
            if let Some(part) = part {
                // Writing to a String can't fail.
                let _ = write!(line, "; {word}{part}");
            }
        }
        line
    }

    /// Runs can't start because of it.
    pub fn fails(&self) -> bool {
        self.level == Level::Fail
    }
}

/// What keeps runs from starting; `None` when nothing does. The first finding that fails counts,
/// since later ones may follow from it.
pub fn trouble(findings: &[Finding]) -> Option<Trouble> {
    findings.iter().find(|finding| finding.fails()).map(|finding| finding.trouble)
}
