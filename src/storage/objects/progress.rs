//! Telling somebody how far a transfer is.

/// Is told while bytes move. The library shows nothing itself.
pub trait Progress: Send + Sync {
    /// So many bytes and objects will move; called before the first of them.
    fn expect(&self, bytes: u64, objects: u64);
    /// So many bytes more have moved.
    fn moved(&self, bytes: u64);
    /// One object more has arrived whole.
    fn arrived(&self);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn expect(&self, _bytes: u64, _objects: u64) {}
    fn moved(&self, _bytes: u64) {}
    fn arrived(&self) {}
}
