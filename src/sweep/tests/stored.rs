//! Sweeps are written to files and read back, and go on from lines that lack a setting.

use super::{DIM, place, run, sweep, values};
use crate::metrics::Evaluation;
use crate::rq::Clusters;
use crate::sweep::{Sweep, SweepRecord};
use crate::{Device, ErrorKind, Matrix, RqKMeans, RqVae};
use serde_json::{Value, from_str, json, to_value};

#[test]
fn a_grid_is_read_as_it_is_written() {
    let network = RqVae::new(1, 1).epochs(3).slope(0.01);
    let sweep = Sweep::new([3, 1], [Clusters::Same(9), [8, 5, 3].into()])
        .kinds([RqKMeans::new(1, 1).tol(0.1 + 0.2).into(), network.into()])
        .balanced([false, true])
        .seeds([1, u64::MAX])
        .evaluation(Evaluation::new().k(4).sample(9).pairs(3).seed(2).recall_curve([1, 2]))
        .predict(77);
    let text = serde_json::to_string(&sweep).unwrap();
    let read: Sweep = from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!(read.runs().unwrap(), sweep.runs().unwrap());
    assert_eq!((read.get_levels(), read.get_seeds(), read.get_predict()), (&[1, 3][..], &[1, u64::MAX][..], Some(77)));
    assert_eq!((read.get_balanced(), read.get_clusters()), (&[false, true][..], sweep.get_clusters()));
    assert_eq!((read.get_kinds().len(), read.get_evaluation()), (2, sweep.get_evaluation()));
    assert_eq!((read.get_evaluation().get_k(), read.get_evaluation().get_recall_curve()), (4, &[1, 2][..]));
    let params = read.get_kinds()[0].downcast::<RqKMeans>().unwrap();
    assert_eq!(params.get_tol(), 0.1 + 0.2);
    let fields = to_value(&sweep).unwrap();
    assert_eq!((fields["levels"].clone(), fields["clusters"].clone()), (json!([1, 3]), json!([9, [8, 5, 3]])));
    assert_eq!((fields["kinds"][0]["kind"].clone(), fields["kinds"][0].get("levels")), (json!("rq-kmeans"), None));
}

#[test]
fn missing_fields_have_defaults_and_unknown_ones_are_refused() {
    let default: Sweep = from_str("{}").unwrap();
    assert_eq!(to_value(&default).unwrap(), to_value(Sweep::new([2, 3, 4], [64, 256])).unwrap());
    assert_eq!(from_str::<Evaluation>("{}").unwrap(), Evaluation::new());
    for (text, part) in [
        (r#"{"level": [2]}"#, "unknown field `level`"),
        (r#"{"kinds": [{"epochs": 2}]}"#, "missing field `kind`"),
        (r#"{"kinds": [{"kind": "kmeans"}]}"#, "unknown variant `kmeans`"),
        (r#"{"kinds": [{"kind": "rq-kmeans", "epochs": 2}]}"#, "unknown field `epochs`"),
        (r#"{"kinds": [{"kind": "rq-kmeans", "seed": 2}]}"#, "`seed`"),
        (r#"{"kinds": [{"kind": "rq-kmeans", "max_iter": 0}]}"#, "`max_iter` = 0"),
        (r#"{"evaluation": {"queries": 2}}"#, "unknown field `queries`"),
        (r#"{"evaluation": {"sample": 0}}"#, "`sample` = 0"),
        (r#"{"evaluation": {"pairs": 0}}"#, "`pairs` = 0"),
        (r#"{"levels": [3], "clusters": [[8, 8]]}"#, "3 levels"),
        (r#"{"seeds": []}"#, "`seeds`"),
        (r#"{"version": 9}"#, "version 9"),
    ] {
        let error = from_str::<Sweep>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// Lines that are older than a parameter.
#[test]
fn a_setting_that_a_line_lacks_has_its_default() {
    let (_folder, path) = place();
    let sweep = sweep().seeds([42]);
    let records = run(&sweep, &path);
    let text = std::fs::read_to_string(&path).unwrap();
    let names: Vec<String> = records[0].settings.keys().cloned().collect();
    for name in names {
        let mut record = records[0].clone();
        // Lines of that format have no checksum.
        record.format = 2;
        let value = record.settings.remove(&name).unwrap();
        let rest: String = text.split_inclusive('\n').skip(1).collect();
        std::fs::write(&path, serde_json::to_string(&record).unwrap() + "\n" + &rest).unwrap();
        let again = sweep.run(&Matrix::new(&values(), DIM).unwrap(), &Device::cpu(), &path);
        // The sweep sets these.
        match ["k", "queries", "pairs", "predict"].contains(&name.as_str()) {
            false => assert_eq!(again.unwrap().len(), records.len(), "{name} {value}"),
            true => assert!(matches!(again.unwrap_err().kind(), ErrorKind::OtherSweep { what, .. } if *what == name)),
        }
    }
    // A setting that this build does not know belongs to another sweep.
    let mut record: SweepRecord = records[0].clone();
    record.format = 2;
    record.settings.insert("later".to_owned(), Value::from(1));
    std::fs::write(&path, serde_json::to_string(&record).unwrap() + "\n").unwrap();
    let error = sweep.run(&Matrix::new(&values(), DIM).unwrap(), &Device::cpu(), &path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherSweep { what, .. } if what == "later"), "{error}");
}
