//! A run's plan as it was submitted, `plan.json`.

use super::{RunPaths, StoreError};
use crate::plan::Plan;
use crate::sys;

impl RunPaths {
    /// Reads the plan, secret values masked.
    pub fn read_plan(&self) -> Result<Plan, StoreError> {
        let path = self.plan();
        let bytes = sys::read_own(&path)?;
        Plan::read(&bytes).map_err(|error| StoreError::of_document(path, error))
    }
}
