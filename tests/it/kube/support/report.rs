//! What `why` says, read as a program reads it.

use serde_json::Value;

use super::Kube;
use crate::support::{Sandbox, stdout};

/// The answer to `mlctl why -o json`.
#[derive(Debug)]
pub struct Why(pub Value);

impl Why {
    /// Asks from a home.
    #[track_caller]
    pub fn ask(sandbox: &Sandbox, run: &str) -> Self {
        let text = stdout(&sandbox.run(0, ["why", run, "-o", "json"]));
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    /// Who is to blame, of which class.
    pub fn blamed(&self) -> (&str, &str) {
        let cause = &self.0["causes"][0];
        let text = |name: &str| cause[name].as_str().unwrap_or_default();
        (text("replica"), text("class"))
    }

    /// Everything that a person would read.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// The first cause names this replica and class, and all of these words are said.
    #[track_caller]
    pub fn assert_blames(&self, replica: &str, class: &str, words: &[&str]) {
        assert_eq!(self.blamed(), (replica, class), "{:#}", self.0);
        self.assert_says(words);
    }

    /// All of these words are said.
    #[track_caller]
    pub fn assert_says(&self, words: &[&str]) {
        let text = self.text().to_lowercase();
        for word in words {
            assert!(text.contains(&word.to_lowercase()), "`{word}` in {:#}", self.0);
        }
    }
}

impl Kube {
    /// Runs the spec of the folder to its end. Its exit code, and what both this home and another
    /// one are told, which must be the same.
    #[track_caller]
    pub fn ends(&self, code: i32) -> Why {
        self.run(code, ["train"]);
        self.ended(code)
    }

    /// What both this home and another one are told of the last run, which has ended so.
    #[track_caller]
    pub fn ended(&self, code: i32) -> Why {
        self.wait_until_quiet(super::LONG);
        self.assert_owned();
        let run = stdout(&self.run(0, ["list", "-q", "--limit", "1"]));
        let run = run.trim();
        let here = Why::ask(&self.sandbox, run);
        let other = self.elsewhere();
        other.run(code, ["wait", run, "--timeout", "60s"]);
        let there = Why::ask(&other, run);
        assert_eq!(here.0["state"], there.0["state"], "here {here:#?}\nelsewhere {there:#?}");
        assert_eq!(here.blamed(), there.blamed(), "here {here:#?}\nelsewhere {there:#?}");
        here
    }
}
