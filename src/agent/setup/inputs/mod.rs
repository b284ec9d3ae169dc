//! What a Python environment is made from, as far as it can be known before it is made.

mod reading;
#[cfg(test)]
mod tests;

pub(super) use reading::Inputs;
