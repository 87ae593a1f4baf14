//! The file in the user's cache folder that remembers how fast variants are. Whatever is in it only costs time: entries
//! that are damaged, or of other adapters, drivers or versions, are passed over.

use super::{Class, Timings, Variant};
use crate::device::DeviceInfo;
use crate::error::{Error, Result};
use crate::io::AtomicFile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "gpu-tiles.json";
/// The version of the form of the file.
const VERSION: u64 = 1;
/// A larger file is none of ours.
const MOST_BYTES: u64 = 1 << 20;
/// How many entries are kept; the oldest ones go first.
pub(super) const MOST_ENTRIES: usize = 100;

/// The file, and what the entries of this adapter say.
#[derive(Clone)]
pub(in crate::device::gpu) struct Cache {
    path: PathBuf,
    adapter: String,
    driver: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u64,
    timings: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// The version of this library, whose shaders were timed.
    semid: String,
    adapter: String,
    driver: String,
    #[serde(flatten)]
    class: Class,
    /// By the name of the variant.
    milliseconds: BTreeMap<String, f64>,
}

impl Cache {
    /// Returns none where the user has no cache folder.
    pub(in crate::device::gpu) fn of(info: &DeviceInfo) -> Option<Self> {
        Some(Self::at(&folder()?.join(NAME), info))
    }

    pub(in crate::device::gpu) fn at(path: &Path, info: &DeviceInfo) -> Self {
        let adapter = format!("{} ({})", info.description, info.backend);
        Self { path: path.to_owned(), adapter, driver: info.driver.clone() }
    }

    /// Returns what is known of this adapter.
    pub(in crate::device::gpu) fn read(&self) -> Vec<(Class, Timings)> {
        self.entries().into_iter().filter(|entry| self.is_ours(entry)).map(usable).collect()
    }

    /// Adds an entry, in place of an older one of the same adapter and class.
    pub(in crate::device::gpu) fn write(&self, class: Class, timings: &[(Variant, f64)]) -> Result<()> {
        let milliseconds = timings.iter().map(|(variant, seconds)| (variant.name(), seconds * 1e3)).collect();
        let (adapter, driver) = (self.adapter.clone(), self.driver.clone());
        let entry = Entry { semid: VERSION_OF_SEMID.into(), adapter, driver, class, milliseconds };
        let mut entries = self.entries();
        entries.retain(|other| !(self.is_ours(other) && other.class == class));
        entries.push(entry);
        let kept = entries.split_off(entries.len().saturating_sub(MOST_ENTRIES));
        let timings = kept.iter().map(serde_json::to_value).collect::<serde_json::Result<_>>();
        let bytes = timings.and_then(|timings| serde_json::to_vec_pretty(&File { version: VERSION, timings }));
        let failed = |error: std::io::Error| Error::io("writing", error).at(&self.path);
        let bytes = bytes.map_err(|error| failed(error.into()))?;
        self.path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        if fs::metadata(&self.path).is_ok_and(|about| !about.is_file()) {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut file = AtomicFile::create(&self.path)?;
        file.put(&bytes)?;
        file.commit()
    }

    fn is_ours(&self, entry: &Entry) -> bool {
        (&*entry.semid, &entry.adapter, &entry.driver) == (VERSION_OF_SEMID, &self.adapter, &self.driver)
    }

    /// Returns all entries that can be read.
    fn entries(&self) -> Vec<Entry> {
        // Reading a pipe would wait.
        if !fs::metadata(&self.path).is_ok_and(|about| about.is_file() && about.len() <= MOST_BYTES) {
            return Vec::new();
        }
        let file = fs::read(&self.path).ok().and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok());
        let timings = file.filter(|file| file.version == VERSION).map(|file| file.timings).unwrap_or_default();
        timings.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
    }
}

const VERSION_OF_SEMID: &str = env!("CARGO_PKG_VERSION");

/// Returns the variants of an entry that there are, with times that can be. There are none where timing has begun and
/// did not end.
fn usable(entry: Entry) -> (Class, Timings) {
    let times = entry.milliseconds.iter().filter(|(_, time)| time.is_finite() && **time > 0.0);
    let mut timings: Timings = times.filter_map(|(name, time)| Some((Variant::named(name)?, time / 1e3))).collect();
    // In the order of the variants, as they are measured.
    timings.sort_by_key(|(variant, _)| Variant::all().position(|other| other == *variant));
    (entry.class, timings)
}

/// Returns the folder for the caches of this library, as the system's conventions have it.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = match () {
        () if cfg!(windows) => set("LOCALAPPDATA")?,
        () if cfg!(target_vendor = "apple") => set("HOME")?.join("Library/Caches"),
        () => set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?,
    };
    Some(caches.join("semid"))
}
