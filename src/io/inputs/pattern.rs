//! The paths that fit a pattern such as `items/part-*.parquet`.
//!
//! `*`, `?` and `[...]` stand for characters of one name, and `**` for any number of folders. A name is compared as
//! text, in which bytes that are not UTF-8 are replaced, so that `*` fits every name.

use crate::error::{Error, Result};
use glob::{MatchOptions, Pattern, PatternError};
use std::io;
use std::path::{Component, Path, PathBuf};

/// What a component of a pattern stands for.
enum PatternPart<'p> {
    /// This name, or a root, `.` or `..`.
    Name(Component<'p>),
    /// Names that fit.
    Names(Pattern),
    /// Any number of folders.
    Folders,
}

impl<'p> PatternPart<'p> {
    fn of(component: Component<'p>) -> Result<Self, PatternError> {
        let Component::Normal(name) = component else {
            // On Windows the root may be `\\?\C:\`, in which nothing stands for other characters.
            return Ok(Self::Name(component));
        };
        match name.to_string_lossy() {
            name if name == "**" => Ok(Self::Folders),
            name if name.contains(['*', '?', '[']) => Pattern::new(&name).map(Self::Names),
            _ => Ok(Self::Name(component)),
        }
    }
}

/// Finds the paths that fit a pattern, in no order; refuses one that more than `most` fit.
pub(super) fn paths(pattern: &Path, most: usize) -> Result<Vec<PathBuf>> {
    let parts = pattern.components().map(PatternPart::of).collect::<Result<Vec<_>, _>>().map_err(|error| {
        let reason = format!("must be a file that exists, or a pattern, which this is not: {error}");
        Error::parameter("input", pattern.display(), reason)
    })?;
    let mut found = Matched { pattern, most, paths: Vec::new() };
    found.search(PathBuf::new(), &parts)?;
    Ok(found.paths)
}

struct Matched<'p> {
    pattern: &'p Path,
    most: usize,
    paths: Vec<PathBuf>,
}

impl Matched<'_> {
    /// Adds all paths below `folder` that fit the rest of a pattern.
    fn search(&mut self, folder: PathBuf, parts: &[PatternPart<'_>]) -> Result<()> {
        let Some((part, rest)) = parts.split_first() else {
            if folder.symlink_metadata().is_err() {
                return Ok(());
            }
            if self.paths.len() >= self.most {
                return Err(too_many(self.pattern, self.most));
            }
            self.paths.push(folder);
            return Ok(());
        };
        match part {
            PatternPart::Name(name) => self.search(folder.join(name), rest),
            PatternPart::Names(pattern) => {
                // As in a shell, only a dot fits the dot of a hidden name.
                let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::default() };
                for name in entries(&folder)? {
                    if pattern.matches_with(&name.file_name().to_string_lossy(), options) {
                        self.search(folder.join(name.file_name()), rest)?;
                    }
                }
                Ok(())
            }
            PatternPart::Folders => {
                self.search(folder.clone(), rest)?;
                for entry in entries(&folder)? {
                    let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                    // Links to folders are not followed, as they may lead around in a circle.
                    if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        self.search(folder.join(entry.file_name()), parts)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Lists what a folder has; a path that is no folder has nothing.
fn entries(folder: &Path) -> Result<Vec<std::fs::DirEntry>> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let listed = std::fs::read_dir(here).and_then(Iterator::collect);
    match listed.map_err(|error| (error.kind(), error)) {
        Ok(entries) => Ok(entries),
        // Which of these it is for a path through a file depends on the system.
        Err((io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename, _)) => {
            Ok(Vec::new())
        }
        Err((_, error)) => Err(Error::io("opening", error).at(here)),
    }
}

/// Makes the error for a folder or a pattern that gives more than `most` files.
pub(super) fn too_many(path: &Path, most: usize) -> Error {
    let reason = format!("it gives more than {most} files; name fewer, or write their rows to fewer files");
    Error::format("folder", reason).at(path)
}

#[cfg(test)]
mod tests {
    use super::paths;
    use crate::io::testing::Folder;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Makes files in a folder, and returns those that fit a pattern, by their names from that folder on.
    fn fitting(folder: &Folder, pattern: &str) -> Vec<PathBuf> {
        let root = folder.path("");
        let mut found = paths(&folder.path(pattern), 100).unwrap();
        found.sort();
        found.iter().map(|path| path.strip_prefix(&root).unwrap().to_owned()).collect()
    }

    #[test]
    fn fits_names_and_folders() {
        let folder = Folder::new();
        for file in ["a/x1.npy", "a/b/x2.npy", "a/.hidden/x3.npy", "c/x4.csv", ".x5.npy"] {
            fs::create_dir_all(folder.path(file).parent().unwrap()).unwrap();
            folder.put(file, b"");
        }
        let fits = |pattern: &str, wanted: &[&str]| {
            let wanted: Vec<&Path> = wanted.iter().map(Path::new).collect();
            assert_eq!(fitting(&folder, pattern), wanted, "{pattern}");
        };
        fits("*", &["a", "c"]);
        fits("?/x?.npy", &["a/x1.npy"]);
        fits("a/**/*.npy", &["a/b/x2.npy", "a/x1.npy"]);
        fits("**/x[24].*", &["a/b/x2.npy", "c/x4.csv"]);
        fits("a/../c/*", &["a/../c/x4.csv"]);
        fits(".x*", &[".x5.npy"]);
        fits("a/x1.npy/*", &[]);
        fits("none/*", &[]);
        assert!(paths(Path::new("a[b"), 100).unwrap_err().to_string().contains("or a pattern, which this is not"));
        assert!(paths(Path::new("a**b"), 100).unwrap_err().to_string().contains("or a pattern, which this is not"));
    }

    #[cfg(windows)]
    #[test]
    fn the_question_mark_of_a_verbatim_path_fits_nothing_else() {
        let folder = Folder::new();
        let file = folder.put("x1.npy", b"");
        let verbatim = file.canonicalize().unwrap();
        assert!(verbatim.to_string_lossy().starts_with(r"\\?\"), "{verbatim:?}");
        assert_eq!(paths(&verbatim.with_file_name("x?.npy"), 100).unwrap(), [verbatim]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_star_fits_a_name_that_is_not_utf_8() {
        use std::os::unix::ffi::OsStrExt;
        let folder = Folder::new();
        let name = Path::new(std::ffi::OsStr::from_bytes(b"a\xff.npy"));
        fs::write(folder.path("").join(name), b"").unwrap();
        assert_eq!(fitting(&folder, "*.npy"), [name]);
        assert_eq!(fitting(&folder, "a?.npy"), [name]);
    }
}
