//! What an answer of Vertex AI has beside a server's.

mod body;
mod insertion;

pub(crate) use body::Insert;
pub(crate) use insertion::Insertion;
