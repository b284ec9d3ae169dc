//! Whether a server can be asked now.

/// What is known of a server that is started and watched beside the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It starts, or starts again.
    Starting,
    /// It answers.
    Ready,
    /// It won't answer any more, for this reason.
    Gone(String),
}
