//! What the tests of the formats share.

use std::path::PathBuf;

/// A folder that goes away with the test.
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

/// Calls `check` with every truncation of `bytes` (and `true`) and every flip of one bit (and `false`).
pub(crate) fn each_damage(bytes: &[u8], check: impl Fn(&[u8], bool)) {
    (0..bytes.len()).for_each(|len| check(&bytes[..len], true));
    let mut damaged = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        damaged[bit / 8] ^= 1 << (bit % 8);
        check(&damaged, false);
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
}
