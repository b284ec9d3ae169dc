//! What the converters of all systems share: fields of mappings with what becomes of them, values with their
//! places, and the way from replicas to roles.

pub(super) mod assemble;
pub(super) mod converted;
pub(super) mod fields;
pub(super) mod gather;
pub(super) mod metadata;
pub(super) mod name;
pub(super) mod pool;
pub(super) mod port;
mod remarks;
pub(super) mod scalars;
pub(super) mod shell;
pub(super) mod suspects;
pub(super) mod system;

pub(super) use fields::System;
