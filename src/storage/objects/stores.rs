//! All stores that one command uses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use object_store::ObjectStore;

use super::StorageConfig;

/// All stores that one command uses, each opened once. A copy is the same stores.
#[derive(Clone)]
pub struct Stores {
    pub(super) config: Arc<StorageConfig>,
    pub(super) open: Arc<Mutex<HashMap<String, Arc<dyn ObjectStore>>>>,
}

impl Stores {
    /// Nothing is opened or asked for yet.
    pub fn new(config: StorageConfig) -> Self {
        Self { config: Arc::new(config), open: Arc::default() }
    }

    /// With what it was made.
    pub fn config(&self) -> &StorageConfig {
        &self.config
    }
}
