//! What the simulation has found once, each by itself.

mod desk;
mod fold;
mod replicas;
mod steps;
mod swap;
