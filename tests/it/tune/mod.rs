//! Studies: the optimiser as a filter, and whole studies with real trials.

mod code;
mod examples;
mod export;
mod foreign;
mod kills;
mod lost;
mod sources;
mod studies;
mod suggest;
mod support;
