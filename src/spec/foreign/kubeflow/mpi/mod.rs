//! MPIJob: workers of a gang that start by themselves what a launcher would start over ssh.

mod job;
mod worker;

pub(super) use job::{MPI, TYPES, mpi_job};
