//! Saves and loads engines: one SQLite database holds the model, the settings and all IDs.

use super::SemanticIdEngine;
use crate::error::{Error, Result};
use crate::id::store::{SqliteStore, Store, copy, each_record, has_log};
use crate::io::AtomicFile;
use std::any::Any;
use std::path::Path;

impl SemanticIdEngine {
    /// Saves the engine, with all namespaces of its store, as one SQLite database, as of one moment. The file appears
    /// complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), and any error of the store;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for the path of a database that is in use, such as that of
    /// the engine itself.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        if has_log(path) {
            return Err(Error::parameter(
                "path",
                path.display(),
                "give a new name; the database of this name is in use",
            ));
        }
        let file = AtomicFile::create(path)?;
        let part = file.temporary_path();
        let part = part.ok_or_else(|| Error::parameter("path", path.display(), "must be a regular file"))?;
        self.copy_to(part).and_then(|()| self.check(part)).map_err(|error| error.renamed(part, path))?;
        file.commit()
    }

    /// Writes a database to the empty file `part`.
    fn copy_to(&self, part: &Path) -> Result<()> {
        if let Some(store) = sqlite(self.registry.store()) {
            return store.copy_to(part);
        }
        let near = part.parent().unwrap_or(Path::new("."));
        let scratch = tempfile::tempdir_in(near).map_err(|error| Error::io("creating", error).at(near))?;
        let beside = scratch.path().join("ids.db");
        let fill = || {
            let mut copied = SqliteStore::open(&beside)?;
            copy(&mut *self.registry.store().snapshot()?, &mut copied)?;
            copied.copy_to(part)
        };
        fill().map_err(|error| error.renamed(&beside, part))
    }

    /// Refuses a copy with IDs that the model cannot have given.
    fn check(&self, copy: &Path) -> Result<()> {
        let mut copy = SqliteStore::open_read_only(copy)?;
        for (name, _) in copy.namespaces()? {
            copy.use_namespace(&name)?;
            let checked = each_record(&copy, &[], &mut |record| self.registry.shape().check(&record.entry));
            // The copy is exact, so the fault is in the registry that was copied.
            checked.map_err(|error| Error::from(error.into_kind()))?;
        }
        Ok(())
    }

    /// Loads the engine of the namespace without a name from a database that [`SemanticIdEngine::save`] wrote or an
    /// engine works in, and goes on in it.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`] and [`SemanticIdEngine::open`]; [`ErrorKind::Io`](crate::ErrorKind::Io) for a
    /// missing file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        std::fs::metadata(path).map_err(|error| Error::io("opening", error).at(path))?;
        Self::open(SqliteStore::open(path)?).map_err(|error| error.at(path))
    }
}

/// Returns the SQLite store that a store is, in a box or not.
fn sqlite(store: &dyn Store) -> Option<&SqliteStore> {
    let any: &dyn Any = store;
    any.downcast_ref::<SqliteStore>().or_else(|| sqlite(&**any.downcast_ref::<Box<dyn Store>>()?))
}
