use core::fmt::Debug;
use std::io;

/// What the slots ask of a disk: two files in one folder. [`Folder`](crate::slots::Folder) is the real one; a test hands
/// in one that fails, tears and forgets.
///
/// After an error the store asks nothing more of it, so that no failed sync is ever tried again: a kernel may report a
/// failure once, drop the pages, and call the next sync a success.
pub trait Disk: Debug + Send {
    /// The whole content of the slots file; `None` if there is none.
    ///
    /// # Errors
    /// Those of the file system. "There is no such file" is no error but `None`.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>>;

    /// Begins a new, empty file beside the slots file, in place of one that an earlier life left there. From now on
    /// [`append`](Self::append) and [`sync`](Self::sync) go to it.
    ///
    /// # Errors
    /// Those of the file system.
    fn create(&mut self) -> io::Result<()>;

    /// Writes to the end of the file that was created last. Durable only after the next [`sync`](Self::sync).
    ///
    /// # Errors
    /// Those of the file system. Any part of `bytes` may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// Those of the file system. Any part of what was appended since the last success may be durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Gives the file that was created last the name of the slots file, atomically, and makes that durable.
    ///
    /// # Errors
    /// Those of the file system. Either file may have the name.
    fn publish(&mut self) -> io::Result<()>;
}

impl<D: Disk + ?Sized> Disk for Box<D> {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        (**self).read()
    }

    fn create(&mut self) -> io::Result<()> {
        (**self).create()
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }

    fn publish(&mut self) -> io::Result<()> {
        (**self).publish()
    }
}
