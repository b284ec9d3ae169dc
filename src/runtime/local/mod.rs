//! The local runtime: agents as detached processes of this machine, over loopback.
//!
//! Ignored with a notice: `image`, `nodeSelector`, `tolerations`, `security`, mounted volumes and
//! Secrets. `memory` is compared with what is free and with what is used, and not enforced. Nothing
//! replaces a lost agent here.

mod accelerators;
mod addresses;
mod assign;
mod check;
mod claimed;
mod config;
mod data;
mod doctor;
mod foreign_use;
mod gpu;
mod hand_out;
mod holdings;
mod ignored;
mod launch;
mod leases;
mod machine;
mod notes;
mod nvidia_smi;
mod observe;
mod process;
mod queue;
mod runtime;
mod secrets;
mod sizes;
mod tasks;

pub use config::LocalConfig;
pub use doctor::LaptopChecks;
pub use nvidia_smi::NvidiaSmi;
pub use runtime::Local;
pub use secrets::{SecretFrom, Secrets, SecretsError, read_secrets_file, secret_variable};
