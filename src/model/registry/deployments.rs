//! Recording where versions are deployed.

use super::documents::{Deployment, Endpoint};
use super::error::RegistryError;
use super::names::{ModelName, VersionRef};
use super::read::Registry;
use super::sequence::bytes_of;
use crate::storage::Place;

impl Registry {
    /// Records that a version is deployed, before it is. Again, it is written again. An error where there
    /// is no such version, or no longer: then it must not be deployed.
    pub async fn deployed(
        &self,
        name: &ModelName,
        deployment: &Deployment,
    ) -> Result<(), RegistryError> {
        let place = self.layout(name).deployment(deployment.version, &deployment.at.word());
        let reference = VersionRef::version(name, deployment.version);
        self.version(&reference).await?;
        self.stores.put(&place, bytes_of(&place, deployment)?).await?;
        // Whoever removes the version has said so before looking at deployments: one of both sees the
        // other.
        if let Err(error) = self.version(&reference).await {
            self.stores.delete(&place).await?;
            return Err(error);
        }
        Ok(())
    }

    /// Records that a version is not deployed there any more, after it isn't. Where that was not recorded,
    /// it is no error.
    pub async fn undeployed(
        &self,
        name: &ModelName,
        version: u64,
        at: &Endpoint,
    ) -> Result<(), RegistryError> {
        let place: Place = self.layout(name).deployment(version, &at.word());
        Ok(self.stores.delete(&place).await?)
    }
}
