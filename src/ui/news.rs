//! Which events are worth a line of their own above a live view, which shows what is usual by itself.

use std::collections::HashSet;

use crate::event::{EventKind, WaitingReason};

/// What has been told above the view already.
#[derive(Debug, Default)]
pub(super) struct News {
    /// What keeps replicas from starting: the first that waits for it stands for all.
    waits: HashSet<(WaitingReason, String)>,
}

impl News {
    /// False for what the view itself shows while all goes well, and for a wait that was told before. A row of
    /// the view has no room for a cluster's whole sentence, and is gone once nobody follows any more.
    pub(super) fn has(&mut self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Waiting { reason, message } => {
                !reason.is_progress() && self.waits.insert((reason.clone(), message.clone()))
            }
            EventKind::SetupStarted
            | EventKind::SetupFinished { .. }
            | EventKind::InstallStarted { .. }
            | EventKind::InstallFinished { .. }
            | EventKind::Joined { .. }
            | EventKind::Placed { .. }
            | EventKind::Submitted { .. } => false,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_news_once_and_progress_never() {
        let wait = |reason: &str, message: &str| EventKind::Waiting {
            reason: reason.into(),
            message: message.into(),
        };
        let mut news = News::default();
        assert!(!news.has(&wait("ContainerCreating", "")));
        assert!(news.has(&wait("Unschedulable", "0/4 nodes are available")));
        assert!(!news.has(&wait("Unschedulable", "0/4 nodes are available")));
        assert!(news.has(&wait("Unschedulable", "0/5 nodes are available")));
        assert!(news.has(&wait("ErrImagePull", "no such image")));
        assert!(!news.has(&EventKind::SetupStarted) && news.has(&EventKind::AttemptStarted));
    }
}
