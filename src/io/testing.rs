//! Helpers that the tests of the formats share.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A folder that is removed when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Calls `check` with a file of each truncation of `bytes` (and `true`) and each flip of one bit (and `false`).
pub(crate) fn each_damage(name: &str, bytes: &[u8], check: impl Fn(&Path, bool)) {
    let folder = Folder::new();
    let path = folder.put(name, bytes);
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    let mut put = |i: usize, byte: u8| {
        file.seek(SeekFrom::Start(i as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for (i, byte) in bytes.iter().enumerate() {
        (0..8).for_each(|bit| {
            put(i, byte ^ (1 << bit));
            check(&path, false);
        });
        put(i, *byte);
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    for len in (0..bytes.len()).rev() {
        file.set_len(len as u64).unwrap();
        check(&path, true);
    }
}
