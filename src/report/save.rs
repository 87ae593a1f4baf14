//! Writes reports to files.

use super::ReportPage;
use crate::error::{Error, Result};
use crate::io::AtomicFile;
use std::path::Path;

impl ReportPage {
    /// Writes the page. The file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), with the path.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.html)
    }

    /// Writes every figure into a folder, as `collisions.svg` and so on; makes the folder if it is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), with the path.
    pub fn save_figures(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|error| Error::io("making the folder", error).at(folder))?;
        self.figures.iter().try_for_each(|figure| write(&folder.join(format!("{}.svg", figure.name)), &figure.svg))
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.put(text.as_bytes())?;
    file.commit()
}
