//! A registry of models: a folder or a bucket in which each model is a base path of TensorFlow Serving,
//! `NAME/VERSION/...`, with what mlctl knows of it beside it, in `NAME/_mlctl/`. There is no server.
//!
//! **What is a version.** `_mlctl/versions/N.json` decides over number N, once: it is only ever put if
//! absent. Either it has the facts of a version, which is then there, whole; or it says that a push was
//! given up, and the number is never used. Without it there is no version N for mlctl, whatever lies in
//! `NAME/N/`.
//!
//! **A push** claims a number (`_mlctl/claims/N.json`, put if absent), brings the files into
//! `_mlctl/staging/`, and only when all are there into `NAME/N/`: on a disk by giving the folder its name,
//! in one step; in a bucket, where nothing has two names, by the store's own copies, which take moments,
//! those files last by which a server knows a model. Then it decides. TensorFlow Serving takes any folder
//! whose name is a number, so that nothing else may lie there meanwhile.
//!
//! **A push that dies** leaves a claim that is not renewed any more. The next push decides against it and
//! then removes what it has left. It can't take a version from a push that is only slow: whoever decides
//! first has decided for both.
//!
//! **What changes** (aliases, retention) is a row of documents with rising numbers, each put if absent; the
//! highest counts. So nothing needs a store that can compare and exchange, and what was said before stays
//! as a history.

mod alias;
mod catalog;
mod contents;
mod deployments;
mod disk;
mod documents;
mod error;
mod layout;
mod names;
mod push;
mod read;
mod remove;
mod retention;
mod sequence;
mod take;

pub use alias::Moved;
pub use contents::{Contents, ModelKind};
pub use documents::*;
pub use error::RegistryError;
pub use names::{Alias, Label, ModelName, ParseModelError, Pick, VersionRef};
pub use push::{Push, Pushed};
pub use read::{Model, Registry, Version};
pub use remove::Removed;
pub use retention::expendable;
