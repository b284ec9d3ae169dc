//! What a requirements file says, as pip reads it: which other files and folders it names, and what of it
//! can't be known beforehand. Nothing is opened here.

mod line;
mod read;
mod wants;

pub use read::{MOST_FILES, Requirement, requirements};
pub use wants::{Place, Wants, local_path, requirement};
