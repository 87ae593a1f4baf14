//! Models of finished runs.

use super::{DIM, place, run, sweep, values};
use crate::{Device, ErrorKind, Matrix, Model};

#[test]
fn a_finished_run_gives_its_model_again_kept_or_not() {
    let (folder, path) = place();
    let models = folder.path().join("models");
    let (plain, keeping) = (sweep().seeds([42]), sweep().seeds([42]).models(models.as_path()));
    let records = run(&keeping, &path);
    let values = values();
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    for record in &records {
        for sweep in [&plain, &keeping] {
            assert_eq!(sweep.model(record, &rows, &device).unwrap().fingerprint(), record.fingerprint);
        }
    }
    // A file that holds another model is not believed.
    let [first, second] =
        [&records[0], &records[1]].map(|of| models.join(format!("{}.safetensors", of.parameters.name())));
    std::fs::copy(second, &first).unwrap();
    assert_ne!(Model::load(&first).unwrap().fingerprint(), records[0].fingerprint);
    assert_eq!(keeping.model(&records[0], &rows, &device).unwrap().fingerprint(), records[0].fingerprint);
}

#[test]
fn other_rows_and_other_grids_have_no_model_of_it() {
    let (_folder, path) = place();
    let records = run(&sweep(), &path);
    let mut values = values();
    let device = Device::cpu();
    let stranger = sweep().seeds([9]).model(&records[0], &Matrix::new(&values, DIM).unwrap(), &device).unwrap_err();
    assert!(matches!(stranger.kind(), ErrorKind::Parameter { .. }), "{stranger:?}");
    values[0] += 1.0;
    let other = sweep().model(&records[0], &Matrix::new(&values, DIM).unwrap(), &device).unwrap_err();
    assert!(matches!(other.kind(), ErrorKind::OtherSweep { line: 1, .. }), "{other:?}");
}
