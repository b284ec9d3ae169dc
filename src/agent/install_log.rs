//! What an installer's output says about how far it is.

use std::time::Instant;

use crate::event::EventKind;

/// An installer of packages at work.
pub(super) struct Install {
    with: String,
    begin: Instant,
    /// Packages that pip has begun with.
    named: u32,
    /// Packages that are installed, by all calls so far.
    installed: u32,
    /// Packages that uv is about to install.
    resolved: u32,
}

impl Install {
    pub(super) fn new(with: &str) -> Self {
        let with = with.to_owned();
        Self { with, begin: Instant::now(), named: 0, installed: 0, resolved: 0 }
    }

    /// Takes a line of its output.
    pub(super) fn note(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("Collecting" | "Processing"), Some(_), _) => self.named += 1,
            (Some("Successfully"), Some("installed"), first) => {
                let count = first.into_iter().chain(words).count();
                self.installed += u32::try_from(count).unwrap_or_default();
            }
            (Some("Resolved"), Some(count), Some("package" | "packages")) => {
                self.resolved = count.parse().unwrap_or(self.resolved);
            }
            (Some("Installed"), Some(count), Some("package" | "packages")) => {
                self.installed += count.parse().unwrap_or(0);
            }
            _ => {}
        }
    }

    /// How many packages it has named so far.
    pub(super) fn packages(&self) -> u32 {
        self.named.max(self.resolved).max(self.installed)
    }

    pub(super) fn finished(self) -> EventKind {
        let seconds = self.begin.elapsed().as_secs_f64();
        EventKind::InstallFinished { with: self.with, packages: self.installed, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &[&str]) -> (u32, u32) {
        let mut install = Install::new("pip");
        for line in lines {
            install.note(line);
        }
        (install.packages(), install.installed)
    }

    #[test]
    fn packages_of_pip_and_uv_are_counted() {
        let pip = [
            "Collecting flask",
            "  Downloading flask-3.0-py3-none-any.whl (101 kB)",
            "Processing ./pkg",
            "Installing collected packages: flask, pkg",
        ];
        assert_eq!(counts(&pip), (2, 0));
        let whole = [&pip[..], &["Successfully installed flask-3.0 pkg-0.1 six-1.0"]].concat();
        assert_eq!(counts(&whole), (3, 3));
        assert_eq!(counts(&["Resolved 12 packages in 3ms", "Prepared 1 package in 1s"]), (12, 0));
        assert_eq!(counts(&["Resolved 1 package in 3ms", "Installed 1 package in 1ms"]), (1, 1));
    }
}
