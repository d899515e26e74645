//! What goes onto a board, and how it lies there.
//!
//! A [`Manifest`] lists every file of a release with its hash; [`TrustedKeys`] say whether somebody the board trusts has
//! signed it; a [`Store`] is the folder on the board that keeps releases, of which one is live. All that comes from
//! outside is checked before it is used: nothing here trusts a name, a size or a hash that it was told.

mod assemble;
mod digest;
pub mod durable;
mod error;
mod host;
mod manifest;
mod path;
mod setup;
mod signature;
mod state;
mod store;

pub use assemble::Offer;
pub use digest::{Digest, digest};
pub use error::Error;
pub use host::Host;
pub use manifest::{Entry, Glibc, Manifest, ReleaseId, Version};
pub use path::ReleasePath;
pub use setup::Setup;
pub use signature::{Key, TrustedKeys};
pub use state::{Failure, State};
pub use store::Store;

/// The name of the manifest in a release.
pub const MANIFEST: &str = "release.toml";
/// The name of its signature.
pub const SIGNATURE: &str = "release.toml.minisig";
