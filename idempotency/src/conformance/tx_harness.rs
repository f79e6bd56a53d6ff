use alloc::vec::Vec;

use super::Harness;
use crate::store::TxStore;

/// A [`Harness`] that also opens transactions, and writes a datum of its own in them.
pub trait TxHarness: Harness<Store: TxStore> {
    /// Opens a transaction.
    fn open<'t>(&self, store: &'t Self::Store) -> <Self::Store as TxStore>::Tx<'t>;

    /// Writes the datum, which is another table's.
    fn write(&self, tx: &mut <Self::Store as TxStore>::Tx<'_>, datum: &[u8]);

    /// Whether all of it was committed; otherwise nothing was.
    fn commit(&self, tx: <Self::Store as TxStore>::Tx<'_>) -> bool;

    /// Undoes all of it.
    fn roll_back(&self, tx: <Self::Store as TxStore>::Tx<'_>);

    /// The datum that is committed.
    fn read(&self, store: &Self::Store) -> Option<Vec<u8>>;

    /// Whether [`Store::begin`](crate::store::Store::begin) waits for a transaction that has completed the same key
    /// and is open: then nobody can take over before the commit.
    fn begin_waits(&self) -> bool {
        false
    }
}
