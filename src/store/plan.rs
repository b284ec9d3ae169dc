//! A run's plan as it was submitted, `plan.json`.

use super::{RunPaths, StoreError};
use crate::plan::{PLAN_VERSION, Plan};
use crate::sys;
use crate::text::read_document;

impl RunPaths {
    /// Reads the plan, secret values masked.
    pub fn read_plan(&self) -> Result<Plan, StoreError> {
        let path = self.plan();
        let bytes = sys::read_own(&path)?;
        read_document(&bytes, PLAN_VERSION).map_err(|error| StoreError::of_document(path, error))
    }
}
