//! What goes wrong in a cluster, and what the user is told.

mod access;
mod clock;
mod commands;
mod floods;
mod following;
mod kill;
mod memory;
mod nodes;
mod past;
mod placement;
mod pods;
mod primary;
mod refusals;
mod starting;
mod states;
