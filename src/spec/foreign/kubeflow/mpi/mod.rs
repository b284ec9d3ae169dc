//! MPIJob: workers of a gang that start by themselves what a launcher would start over ssh.

mod flag_tables;
mod flags;
mod horovod;
mod job;
mod launcher;
mod script;
mod start;
mod torchrun;
mod worker;

pub(super) use job::{MPI, TYPES, mpi_job};
