use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::slots::{Disk, OpenError};

/// A folder of the file system, locked as long as this value lives: the real [`Disk`].
///
/// It holds `slots`, now and then `slots.new`, and `slots.lock`. One folder is one node's.
///
/// # Examples
/// ```
/// use spacelike_lab::slots::{Disk, Folder, OpenError};
///
/// let home = tempfile::tempdir()?;
/// let mut folder = Folder::open(home.path().join("node-1"))?; // made, since it isn't there
/// assert_eq!(folder.read()?, None);
///
/// // Nobody else gets in, this process included.
/// assert!(matches!(Folder::open(home.path().join("node-1")), Err(OpenError::Locked { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    file: Option<File>,
    /// Held for its lock, which the operating system releases when the process dies, however it dies.
    _lock: File,
}

impl Folder {
    /// Locks the folder, and makes it if it isn't there.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if another process, or another value in this one, has it; [`OpenError::Io`] if the file
    /// system refuses.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let refused = |error| OpenError::Io { path: path.clone(), error };
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
        let missing = path.ancestors().take_while(is_missing).count();
        fs::create_dir_all(&path).map_err(refused)?;
        // A folder is durable once the one that it is in is. Also where it is there already: an earlier life may have been
        // killed after it had made it. Then a parent that we may not read has to do.
        for folder in path.ancestors().take(missing.max(1)) {
            let Some(parent) = folder.parent() else { break };
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            match sync_folder(parent) {
                Err(error) if missing > 0 || error.kind() != io::ErrorKind::PermissionDenied => {
                    return Err(refused(error));
                }
                _ => {}
            }
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, file: None, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path }),
            Err(TryLockError::Error(error)) => Err(OpenError::Io { path, error }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn current(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("no file was created yet"))
    }
}

impl Disk for Folder {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(SLOTS)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&mut self) -> io::Result<()> {
        self.file = None;
        self.file = Some(File::create(self.path.join(FRESH))?);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.current()?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // Data and length; the times of the file are nobody's concern.
        self.current()?.sync_data()
    }

    fn publish(&mut self) -> io::Result<()> {
        self.current()?.sync_all()?;
        fs::rename(self.path.join(FRESH), self.path.join(SLOTS))?;
        sync_folder(&self.path)
    }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a folder can't be opened as a file; the file system's journal has to keep renames in order.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature for all targets")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

const SLOTS: &str = "slots";
const FRESH: &str = "slots.new";
const LOCK: &str = "slots.lock";
