//! The state folder: what mlctl remembers of its runs.

mod adopt;
mod atomic;
mod check;
mod create;
#[cfg(test)]
mod damage_tests;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod folder;
mod index;
mod index_file;
mod journal;
mod layout;
mod list;
mod lock;
mod plan;
mod record;
mod remove;
mod resolve;
mod skim;
mod story;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod together;
mod whereabouts;

pub use adopt::FoundRun;
pub use atomic::*;
pub use check::*;
pub use create::*;
pub use error::*;
pub use folder::*;
pub use index::*;
pub use journal::*;
pub use layout::*;
pub use list::*;
pub use lock::*;
pub use record::*;
pub use remove::*;
pub use story::takes_nothing;
pub use whereabouts::Whereabouts;
