//! Why a log that is followed says nothing: whoever waits for lines has no other place to look.

use std::time::{Duration, Instant};

use crate::event::RunState;
use crate::run::RunView;

/// What lasts for a shorter time needs no word.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a run does while it prints nothing, told once it has lasted.
#[derive(Debug, Default)]
pub(super) struct Silence {
    now: Option<(String, Instant)>,
    told: Option<String>,
}

impl Silence {
    /// What is to be said now, if anything.
    pub(super) fn says(&mut self, view: &RunView, now: Instant) -> Option<String> {
        let is_quiet = matches!(
            view.state,
            RunState::Submitted | RunState::Pending | RunState::Starting | RunState::Restarting
        );
        let activity = view.activity().filter(|_| is_quiet);
        let Some(text) = activity else {
            *self = Self::default();
            return None;
        };
        match &self.now {
            Some((before, since)) if *before == text => {
                let is_news = self.told.as_ref() != Some(&text);
                let lasts = now.duration_since(*since) >= PATIENCE;
                (is_news && lasts).then(|| self.told.insert(text).clone())
            }
            _ => {
                self.now = Some((text, now));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_once() {
        let mut view = RunView::new(&"r-abc123".parse().unwrap(), None);
        view.state = RunState::Pending;
        let (mut silence, start) = (Silence::default(), Instant::now());
        let mut says =
            |view: &RunView, seconds: u64| silence.says(view, start + Duration::from_secs(seconds));
        assert_eq!(says(&view, 0), None);
        assert_eq!(says(&view, 1), None);
        assert_eq!(says(&view, 2).as_deref(), Some("waiting for the cluster"));
        assert_eq!(says(&view, 9), None);
        view.state = RunState::Running;
        assert_eq!(says(&view, 10), None);
        view.state = RunState::Submitted;
        assert_eq!(says(&view, 11), None);
        assert_eq!(says(&view, 13).as_deref(), Some("waiting for the agents"));
    }
}
