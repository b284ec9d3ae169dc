//! Replicas that are alike, as roles need them: what they run and what they get.

use super::gather::Located;
use crate::spec::kinds::train::{Accelerators, Args, EnvVar, Volume};
use crate::text::{ByteSize, CpuQuantity};

/// Replicas that are alike: one role.
pub(in crate::spec::foreign) struct Pool {
    pub(in crate::spec::foreign) role: &'static str,
    pub(in crate::spec::foreign) replicas: Located<u32>,
    pub(in crate::spec::foreign) program: Program,
    pub(in crate::spec::foreign) resources: Resources,
    pub(in crate::spec::foreign) volumes: Option<Located<Vec<Volume>>>,
}

/// What the replicas of a pool run.
#[derive(Default)]
pub(in crate::spec::foreign) struct Program {
    pub(in crate::spec::foreign) image: Option<Located<String>>,
    pub(in crate::spec::foreign) command: Option<Located<Vec<String>>>,
    pub(in crate::spec::foreign) args: Option<Located<Args>>,
    pub(in crate::spec::foreign) env: Option<Located<Vec<EnvVar>>>,
    /// URIs of Python packages that are installed before the command starts.
    pub(in crate::spec::foreign) packages: Vec<String>,
}

/// What the replicas of a pool get.
#[derive(Default)]
pub(in crate::spec::foreign) struct Resources {
    pub(in crate::spec::foreign) cpu: Option<Located<CpuQuantity>>,
    pub(in crate::spec::foreign) memory: Option<Located<ByteSize>>,
    pub(in crate::spec::foreign) accelerators: Option<Located<Accelerators>>,
}
