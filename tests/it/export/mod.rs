//! Exports of models: from training to a device and a page, and what is refused before anything starts.

mod edge;
mod pages;
mod refusals;
mod whole;
