//! Semantic IDs as text, and databases of them.

use crate::file::with_file;
use semid::registry::{IdText, ParsedId, Registry, SqliteStore, SuffixForm};
use semid::{IdFormat, SemanticIdEngine};

/// A text that may be an ID. The first byte chooses the form, the second the number of levels.
///
/// # Panics
/// An ID that was read has to be written as the text it was read from.
pub fn ids(bytes: &[u8]) {
    let [form, levels, text @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let format = match form & 3 {
        0 => IdFormat::plain("-"),
        1 => IdFormat::plain("/"),
        2 => IdFormat::plain("::"),
        _ => IdFormat::token(),
    };
    let suffix = match form >> 2 & 3 {
        0 => SuffixForm::WhenNeeded,
        1 => SuffixForm::Always,
        _ => SuffixForm::Item,
    };
    let form = IdText::new(format, suffix).expect("these forms can be read back");
    let levels = usize::from(*levels);
    match form.parse(text, levels) {
        Ok(ParsedId::Id(id)) => assert_eq!(form.text(&id, ""), text),
        Ok(ParsedId::Item { codes, .. }) => assert_eq!(codes.len(), levels),
        Err(_) => {}
    }
    let _ = form.parse_prefix(text, levels);
}

/// A database: everything that only reads.
pub fn database(bytes: &[u8]) {
    with_file("ids.db", bytes, |path| {
        for beside in ["ids.db-wal", "ids.db-shm", "ids.db-journal"] {
            let _ = std::fs::remove_file(path.with_file_name(beside));
        }
        if let Ok(store) = SqliteStore::open_read_only(path)
            && let Ok(registry) = Registry::open(store)
        {
            look(&registry);
            for name in registry.namespaces().unwrap_or_default() {
                let _ = registry.snapshot_of(&name).map(|other| look(&other));
            }
        }
        let _ = SemanticIdEngine::load(path);
    });
}

fn look(registry: &Registry) {
    let _ = registry.id("numpy");
    let _ = registry.model();
    let _ = registry.find("1-1-1");
    let _ = registry.records(&[]).take(4096).count();
}
