//! Tasks whose futures stay where they are.

use std::future::Future;

use hyper::rt::Executor;

/// Spawns what a connection of HTTP/2 has for each of its streams.
///
/// A future that is handed to tokio is copied from one function to the next, about eight times before it
/// runs and once more when it ends. What answers a request is some thousand bytes long, and hyper's own
/// futures are as long as a whole connection's: copying them was a seventh of what a call costs. In a box
/// they are copied once.
#[derive(Clone, Copy)]
pub(crate) struct BoxedTasks;

impl<F> Executor<F> for BoxedTasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(Box::pin(future));
    }
}
