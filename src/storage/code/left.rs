//! What stays behind, and why.

use std::path::PathBuf;

/// Something that no ignore file names and that stays behind all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its path below the code's folder; of a folder all stays behind.
    pub path: PathBuf,
    /// Why it doesn't travel.
    pub why: Why,
}

/// Why something doesn't travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// By its name it holds credentials.
    Credentials,
    /// A private key is in it.
    PrivateKey,
    /// It is the manifest of a Secret, with its values.
    Secret,
    /// A link that leads out of the folder. It may be somebody else's, so it is never followed.
    Outside {
        /// Where it leads.
        to: PathBuf,
    },
    /// A link to something in the folder that doesn't travel itself.
    ToLeft {
        /// What it leads to, below the code's folder.
        to: PathBuf,
    },
    /// A Python environment: large, and full of paths of this machine.
    Environment {
        /// Where it lies on this machine.
        at: PathBuf,
    },
    /// A pipe, a socket or a device.
    Special,
    /// Runs write their outputs there.
    Output,
    /// mlctl keeps its state there.
    State,
}

impl Left {
    /// It is a link, which data at its path would replace.
    pub fn is_link(&self) -> bool {
        matches!(self.why, Why::Outside { .. } | Why::ToLeft { .. })
    }
}
