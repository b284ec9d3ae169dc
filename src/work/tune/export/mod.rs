//! A study as other programs and people take it: tables, Optuna's journal, a page with its charts, and
//! which parameters matter. Pure: documents in, text out.

mod axis;
mod csv;
mod distribution;
mod forest;
mod importance;
mod json;
mod optuna;
mod plot;
mod points;
#[cfg(test)]
mod sample;

pub use axis::{Axis, Values, axes};
pub use csv::csv_text;
pub use importance::{Importance, Unknown, importance};
pub use optuna::optuna_text;
pub use plot::plot_page;
