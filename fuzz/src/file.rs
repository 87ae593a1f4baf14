//! Inputs that are read from a path.

use std::cell::OnceCell;
use std::path::Path;
use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Calls `read` with the path of a file that has these bytes.
pub(crate) fn with_file(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    FOLDER.with(|folder| {
        let path = folder.get_or_init(folder_in_memory).path().join(name);
        std::fs::write(&path, bytes).expect("the folder for inputs can be written to");
        read(&path);
    });
}

/// A folder that costs no disk writes, where the system has one.
fn folder_in_memory() -> TempDir {
    let shared_memory = Path::new("/dev/shm");
    let folder = if shared_memory.is_dir() { TempDir::new_in(shared_memory) } else { TempDir::new() };
    folder.expect("a temporary folder can be made")
}
