//! Models as things with names, versions and facts.

pub mod inspect;
pub mod registry;
