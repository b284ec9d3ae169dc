//! A visit of the doctor, through which checks tell what they do and learn whether to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::finding::Finding;

/// What checks tell while they run.
#[derive(Clone, Debug)]
pub enum News {
    /// This check begins.
    Begin(String),
    /// A check has found this.
    Found(Finding),
}

/// Where checks tell what they do, and learn that nobody waits for them any more.
#[derive(Clone, Debug)]
pub struct Visit {
    news: Sender<News>,
    stop: Arc<AtomicBool>,
}

impl Visit {
    /// A visit whose news go to `news`. Setting `stop` ends it.
    pub fn new(news: Sender<News>, stop: Arc<AtomicBool>) -> Self {
        Self { news, stop }
    }

    /// Tells that a check begins. `what` names it for people.
    pub fn begin(&self, what: impl Into<String>) {
        // Nobody may listen any more, and then nobody misses it.
        let _ = self.news.send(News::Begin(what.into()));
    }

    /// Tells a finding.
    pub fn tell(&self, finding: Finding) {
        let _ = self.news.send(News::Found(finding));
    }

    /// The user has left, so that the checks should clean up and end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
