//! A visit of the doctor: what is looked at now, what has been found, and whether to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::finding::Finding;

/// Told while the checks run.
#[derive(Clone, Debug)]
pub enum News {
    /// This is looked at now.
    Begin(String),
    /// This was found.
    Found(Finding),
}

/// Where checks tell what they do, and learn that nobody waits for them any more.
#[derive(Clone, Debug)]
pub struct Visit {
    news: Sender<News>,
    stop: Arc<AtomicBool>,
}

impl Visit {
    /// News go to `news` until `stop` is set.
    pub fn new(news: Sender<News>, stop: Arc<AtomicBool>) -> Self {
        Self { news, stop }
    }

    /// This is looked at now.
    pub fn begin(&self, what: impl Into<String>) {
        // Whoever has left doesn't want to know.
        let _ = self.news.send(News::Begin(what.into()));
    }

    /// This was found.
    pub fn tell(&self, finding: Finding) {
        let _ = self.news.send(News::Found(finding));
    }

    /// The user has left: clean up and end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
