//! Systems whose files are known by name and not run: each is told what to write instead.

mod argo;
mod documents;
mod flyte;
mod kuberay;
mod slurm;
mod volcano;

pub(super) use argo::{TABLES as ARGO_TABLES, recognise as argo};
pub(super) use flyte::{TABLES as FLYTE_TABLES, recognise as flyte};
pub(super) use kuberay::{TABLES as KUBERAY_TABLES, recognise as kuberay};
pub use slurm::{BatchDirective, batch_directives};
pub(super) use slurm::{TABLES as SLURM_TABLES, read as read_slurm, recognise as slurm};
pub(super) use volcano::{TABLES as VOLCANO_TABLES, recognise as volcano};
