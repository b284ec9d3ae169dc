//! Object stores for one test each; they end with it.

mod azurite;
mod gcs;
mod moto;
mod running;
mod s3;
mod web;

pub use azurite::Azurite;
pub use gcs::Gcs;
pub use moto::Moto;
pub use running::{Running, folder, folder_with, free_port};
pub use s3::{S3, s3_env};
pub use web::Web;
