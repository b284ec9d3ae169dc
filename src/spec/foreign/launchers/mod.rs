//! Programs that start the processes of a job on several machines (mpirun, horovodrun, deepspeed, torchrun): what
//! they start, and how the replicas of a gang start it by themselves.

mod flag_tables;
mod flags;
mod horovod;
mod launcher;
mod replaced;
mod script;
mod start;
mod torchrun;

pub(super) use replaced::{Counts, Replaced, replaced};
