//! Damaged pages on which the decoder panics: the panic becomes an error. The files are seeds of the fuzz target; each
//! is another one of them with one byte changed.

use crate::error::{ErrorKind, Result};
use crate::io::testing::Folder;
use crate::io::{ReadOptions, open};
use crate::rows::Rows;
use std::path::{Path, PathBuf};

/// A copy of the seed `panics-` with that number, which has the name of a parquet file.
fn seed(folder: &Folder, number: usize) -> PathBuf {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/parquet");
    folder.put("damaged.parquet", &std::fs::read(seeds.join(format!("panics-{number}"))).unwrap())
}

fn assert_gave_up(result: Result<()>, path: &Path) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Format { format: "parquet", .. }), "{error}");
    assert_eq!(error.path(), Some(path));
    let text = error.to_string();
    assert!(text.contains("its decoder gave up") && text.contains(path.to_str().unwrap()), "{text}");
}

#[test]
fn a_panic_of_the_decoder_is_an_error_with_the_path() {
    let folder = Folder::new();
    // A page of codes without a dictionary, pages of split bytes that end early, and a page of an unknown kind.
    for number in 1..=3 {
        let path = seed(&folder, number);
        let read = || -> Result<()> {
            let rows = open(&path, &ReadOptions::default())?;
            let mut values = vec![0.0; rows.len() * rows.dim()];
            rows.read(0, &mut values)
        };
        assert_gave_up(read(), &path);
        // And again: nothing is left locked.
        assert_gave_up(read(), &path);
    }
}

#[test]
fn a_panic_of_the_decoder_on_texts_is_an_error_with_the_path() {
    let folder = Folder::new();
    let path = seed(&folder, 4);
    let rows = open(&path, &ReadOptions::default()).unwrap();
    assert_gave_up(rows.strings("key").map(drop), &path);
    rows.read(0, &mut vec![0.0; rows.len() * rows.dim()]).unwrap();
    assert_gave_up(crate::io::read_strings(&path, "key").map(drop), &path);
}
