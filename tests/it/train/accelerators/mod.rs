//! GPUs of a machine: who sees which, who waits for whom, what is told of them.

mod memory;
mod real;
mod share;
mod visible;
mod wait;
