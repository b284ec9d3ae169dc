//! Between following a run and whoever follows it: what is shown, what signals ask for, how it ended.

use std::io;

use super::RunView;
use crate::event::Event;
use crate::runtime::LogLine;

/// What the caller's signals ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// No signal has come: following goes on.
    None,
    /// Following goes on, and from now on this is to be seen until it ends: what the last signal did, and
    /// what another one would do. Answered once.
    Tell(String),
    /// Leave the run alone and return.
    Detach,
    /// Cancel the run, and go on until it has ended. The question is repeated, the cancelling is
    /// not.
    Cancel,
}

/// Why following ended, with the run as it was last seen.
#[derive(Clone, Debug)]
pub enum FollowEnd {
    /// The run has ended, and nothing of it is left or its agents' time to end is over.
    Ended(Box<RunView>),
    /// The interrupt said [`Interrupt::Detach`], and the run goes on unwatched.
    Detached(Box<RunView>),
    /// The deadline has passed, and the run goes on unwatched.
    Deadline(Box<RunView>),
}

/// Sees what happens to a run that is followed, and decides nothing.
pub trait Watcher {
    /// True where the commands' output is to be read at all; reading it costs requests in a
    /// cluster.
    fn wants_output(&self) -> bool;

    /// False where events are not shown, so that no line needs to wait for one.
    fn shows_events(&self) -> bool {
        true
    }

    /// An event of the run, in the order in which people are told. `view` has taken in as many.
    fn event(&mut self, event: &Event, view: &RunView) -> io::Result<()>;

    /// Lines that the commands have printed since the last call.
    fn output(&mut self, lines: Vec<LogLine>, view: &RunView) -> io::Result<()>;

    /// A message of the follower itself, for example that the cluster does not answer just now.
    fn say(&mut self, text: &str);

    /// A message that is seen until following ends, or until the next one takes its place.
    fn stand(&mut self, text: &str) {
        self.say(text);
    }

    /// Everything that one sync has brought has been passed on: the time to draw the state anew.
    fn redraw(&mut self, view: &RunView);

    /// Following is over: nothing is called after this.
    fn end(&mut self);
}
