//! Numerics without a platform in them: each function gives the same bits on every machine, because it
//! rests on additions, multiplications, divisions and square roots (which IEEE 754 fixes) and on
//! `libm`'s portable code, never on the operating system's.

mod cholesky;
mod descent;
mod directions;
mod exponential;
mod normal;
mod random;
mod sobol;

pub(crate) use cholesky::{Cholesky, cholesky};
pub(crate) use descent::minimise;
pub(crate) use exponential::exp_negative;
#[cfg(test)]
pub(crate) use normal::log_cdf;
pub(crate) use normal::{log_expected_improvement_slope, log_expected_improvement_unit, quantile};
pub(crate) use random::Random;
pub(crate) use sobol::Sobol;
