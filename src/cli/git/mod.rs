//! The commit that a run's code comes from, read from the files of its checkout. No program is started,
//! no configuration of the checkout is obeyed, and nothing is read without a bound: a checkout may come
//! from anybody.

mod budget;
mod commit;
mod describe;
mod ignored;
mod pack;
#[cfg(test)]
mod tests;
mod tree;
mod worktree;

pub(super) use describe::describe;
pub(super) use ignored::personal;
