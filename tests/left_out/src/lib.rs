//! What is left out of a build of the library is an error that names its Cargo feature.
//!
//! A package of its own, as tests of the library would compile all that its other tests need once more.

#![cfg(test)]

use semid::{Error, ErrorKind};

/// Whether the error is about this feature, and says so.
#[track_caller]
fn check(error: &Error, feature: &str) {
    assert!(matches!(error.kind(), ErrorKind::Feature { feature: named, .. } if *named == feature), "{error}");
    assert!(error.to_string().contains(&format!("`{feature}`")), "{error}");
}

/// Opens a file of this name as rows.
#[track_caller]
fn check_rows(name: &str, feature: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, b"PAR1 or anything").unwrap();
    let error = semid::io::open(&path, &semid::io::ReadOptions::default()).err().unwrap();
    check(&error, feature);
    assert_eq!(error.path(), Some(path.as_path()));
}

#[test]
fn gpus() {
    use semid::Device;
    for name in ["gpu", "gpu:0", "gpu:llvmpipe"] {
        check(&Device::named(name).unwrap_err(), "gpu");
    }
    assert_eq!(Device::auto().info(), Device::cpu().info());
    assert!(Device::list().iter().all(|info| !info.name.starts_with("gpu")));
    assert!(matches!(Device::named("g").unwrap_err().kind(), ErrorKind::UnknownDevice { .. }));
}

#[test]
fn csv() {
    check_rows("x.csv", "csv");
    check_rows("x.tsv", "csv");
}

#[test]
fn npz() {
    check_rows("x.npz", "npz");
}

#[test]
fn an_index_as_npz() {
    use semid::registry::{Export, MemoryStore, Resolver, StaticSizes};
    use semid::{Device, IdFormat, Matrix, RqKMeans, SemanticIdEngine};
    let values: Vec<f32> = (0..40).map(|i| (i * i % 23) as f32).collect();
    let (rows, device) = (Matrix::new(&values, 2).unwrap(), Device::cpu());
    let model = RqKMeans::new(2, 4).fit(&rows, &device).unwrap();
    let (resolver, format) = (Resolver::Suffix { always: true }, IdFormat::plain("-"));
    let mut engine = SemanticIdEngine::new(model, MemoryStore::new(), resolver, format).unwrap();
    let items: Vec<String> = (0..20).map(|i| i.to_string()).collect();
    engine.unique_ids(&rows, &items, &device).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.npz");
    let error = Export::new(engine.registry()).static_index(&path, StaticSizes::new()).unwrap_err();
    check(&error, "npz");
    assert!(error.path() == Some(path.as_path()) && !path.exists(), "{error}");
}

#[test]
fn parquet() {
    check_rows("x.parquet", "parquet");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.parquet");
    let error = semid::io::IdWriter::create(&path, true).unwrap_err();
    check(&error, "parquet");
    assert_eq!(error.path(), Some(path.as_path()));
}
