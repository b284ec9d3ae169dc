//! Bringing files beside a model, and then into place.

use futures::{StreamExt, TryStreamExt, stream};

use crate::model::registry::contents::Contents;
use crate::model::registry::disk::{flush, rename};
use crate::model::registry::error::RegistryError;
use crate::model::registry::layout::Layout;
use crate::model::registry::read::Registry;
use crate::storage::{Object, Place};

/// Files that are brought at once.
const AT_ONCE: usize = 4;

impl Registry {
    /// Brings the files beside the model, where no server looks. Each must be the one that was listed.
    pub(super) async fn stage(
        &self,
        layout: &Layout,
        push: &str,
        contents: &Contents,
    ) -> Result<Vec<(String, Object)>, RegistryError> {
        let folder = layout.staging(push);
        let brought =
            contents.files.iter().map(|(name, object)| {
                let to: Place = format!("{folder}/{name}").into();
                async move {
                    Ok::<_, RegistryError>((name.clone(), self.stores.copy(object, &to).await?))
                }
            });
        stream::iter(brought).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Brings staged files into place. On a disk it is one step; in a bucket the store copies them, those
    /// last by which a server knows the model.
    pub(super) async fn publish(
        &self,
        layout: &Layout,
        version: u64,
        push: &str,
        contents: &Contents,
        mut staged: Vec<(String, Object)>,
    ) -> Result<(), RegistryError> {
        let (from, to) = (layout.staging(push), layout.version(version));
        if let (Place::Path(from), Place::Path(path)) = (&from, &to) {
            flush(&to, from.as_path()).await?;
            let renamed = rename(&to, from.as_path(), path.as_path()).await?;
            // Only whoever gave this push up removes what it has staged.
            return if renamed { Ok(()) } else { Err(RegistryError::lost(layout)) };
        }
        if !self.stores.below(&to).await?.is_empty() {
            return Err(RegistryError::Taken { place: to });
        }
        staged.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (last, first): (Vec<_>, Vec<_>) =
            staged.into_iter().partition(|(name, _)| contents.kind.is_entry(name));
        let copied =
            first.iter().map(|(name, object)| self.put_in_place(layout, version, name, object));
        stream::iter(copied).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        for (name, object) in &last {
            self.put_in_place(layout, version, name, object).await?;
        }
        Ok(())
    }

    async fn put_in_place(
        &self,
        layout: &Layout,
        version: u64,
        name: &str,
        object: &Object,
    ) -> Result<(), RegistryError> {
        self.stores.copy(object, &layout.file(version, name)).await?;
        Ok(())
    }
}
