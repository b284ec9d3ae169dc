//! One finding: what, why it matters, the command that mends it.

use std::fmt::Write as _;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// Not looked at, or not there and not needed.
    Skip,
    /// Runs start, and something of them will be missing, slow or odd.
    Warn,
    /// Runs don't start.
    Fail,
}

/// Whose health it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// This machine.
    Laptop,
    /// The chosen cluster.
    Cluster,
}

/// What kind of trouble a finding that fails is, for pipelines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trouble {
    /// Runs could not start.
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
    /// Where.
    pub place: Place,
    /// The check, one or two words.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What was found: one sentence without a full stop.
    pub what: String,
    /// Why it matters; `None` where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A command that mends it, or that leads to who can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Decides the exit code.
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

    /// All is well.
    pub fn ok(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Ok, what)
    }

    /// Not looked at, or not needed.
    pub fn skip(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Skip, what)
    }

    /// Runs start, and something is wrong all the same.
    pub fn warn(place: Place, check: &str, what: impl Into<String>) -> Self {
        Self::new(place, check, Level::Warn, what)
    }

    /// Runs don't start.
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

    /// Says what kind of trouble it is.
    #[must_use]
    pub fn of(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// All of it in one line, for a run that is refused because of it.
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

    /// Runs don't start.
    pub fn fails(&self) -> bool {
        self.level == Level::Fail
    }
}

/// What stops a run, if anything does: the first finding that fails says it, since later ones may
/// follow from it.
pub fn trouble(findings: &[Finding]) -> Option<Trouble> {
    findings.iter().find(|finding| finding.fails()).map(|finding| finding.trouble)
}
