//! Model files: readable by others, the same bytes again, and no damage goes unnoticed.

mod damage;

use super::*;
use crate::ErrorKind;
use crate::io::model_file::checksum;
use crate::{Device, Matrix, RqKMeans};
use safetensors::SafeTensors;
use serde_json::json;

/// A small model: every kind of number in it, negative ones included.
fn model(metric: Metric) -> RqKMeansModel {
    let values: Vec<f32> = (0..20).map(|i| ((i * i) % 17) as f32 - 8.5).collect();
    RqKMeans::new(2, [3, 2]).metric(metric).fit(&Matrix::new(&values, 2).unwrap(), &Device::reference()).unwrap()
}

fn kind(bytes: &[u8]) -> ErrorKind {
    RqKMeansModel::from_bytes(bytes).expect_err("this file must be refused").into_kind()
}

/// Header and data of a file, the header as JSON.
fn parts(bytes: &[u8]) -> (serde_json::Value, Vec<u8>) {
    let len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&bytes[8..8 + len]).unwrap(), bytes[8 + len..].to_vec())
}

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// The file with its header and data edited and, with `sign`, a checksum that fits them again: whoever wrote it did so
/// on purpose, or with another program.
fn edited(bytes: &[u8], sign: bool, edit: impl FnOnce(&mut serde_json::Value, &mut Vec<u8>)) -> Vec<u8> {
    let (mut header, mut data) = parts(bytes);
    edit(&mut header, &mut data);
    if sign {
        let metadata = &header["__metadata__"];
        let values = ["format", "format_version", "kind", "config", "fingerprint"];
        let values = values.map(|key| metadata[key].as_str().unwrap_or("").to_owned());
        let mut names: Vec<&String> =
            header.as_object().unwrap().keys().filter(|name| *name != "__metadata__").collect();
        names.sort();
        let range = |name: &String| {
            let at = |i: usize| header[name]["data_offsets"][i].as_u64().unwrap() as usize;
            &data[at(0)..at(1)]
        };
        let tensors: Vec<&[u8]> = names.into_iter().map(range).collect();
        let sum = checksum(values.each_ref().map(String::as_str), &tensors);
        header["__metadata__"]["checksum"] = sum.into();
    }
    file(&header.to_string(), &data)
}

#[test]
fn a_model_is_the_same_after_a_round_trip() {
    for metric in [Metric::L2, Metric::Cosine] {
        let model = model(metric);
        let bytes = model.to_bytes().unwrap();
        let again = RqKMeansModel::from_bytes(&bytes).unwrap();
        assert_eq!(again, model);
        assert_eq!(again.to_bytes().unwrap(), bytes);
        assert_eq!(again.fingerprint(), model.fingerprint());
        // The header may be arranged in another way, as another program would write it.
        let (header, data) = parts(&bytes);
        let pretty = serde_json::to_string_pretty(&header).unwrap();
        assert_eq!(RqKMeansModel::from_bytes(&file(&pretty, &data)).unwrap(), model);
        assert_eq!(RqKMeansModel::from_bytes(&edited(&bytes, true, |_, _| {})).unwrap(), model);
    }
}

#[test]
fn others_can_read_a_model() {
    let model = model(Metric::L2);
    let bytes = model.to_bytes().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = tensors.names();
    names.sort();
    assert_eq!(names, ["codebook.0", "codebook.1", "offset"]);
    let first = tensors.tensor("codebook.0").unwrap();
    assert_eq!((first.dtype(), first.shape()), (Dtype::F32, &[3, 2][..]));
    let step = 2.0_f64.powi(-model.codebook_exponent());
    let expected: Vec<f32> = model.levels()[0].values().iter().map(|q| (f64::from(*q) * step) as f32).collect();
    assert_eq!(from_le_bytes(first.data()), expected);
    let (header, _) = parts(&bytes);
    assert_eq!(header["__metadata__"]["fingerprint"], model.fingerprint());
    let config: serde_json::Value = serde_json::from_str(header["__metadata__"]["config"].as_str().unwrap()).unwrap();
    // Files without a refinement are what they were before there were refinements.
    let mut parameters = serde_json::to_value(RqKMeans::new(2, [3, 2])).unwrap();
    for name in ["refine", "refine_beam"] {
        assert!(parameters.as_object_mut().unwrap().remove(name).is_some());
    }
    assert_eq!(
        config,
        json!({
            "clusters": [3, 2], "codebook_exponent": model.codebook_exponent(), "dim": 2, "levels": 2, "metric": "l2",
            "grid_exponent": model.grid().exponent(), "normalize_residuals": false, "seed": 42,
            "parameters": parameters,
        })
    );
}

#[test]
fn metadata_of_others_and_of_the_future_are_told_apart() {
    let bytes = model(Metric::L2).to_bytes().unwrap();
    let with = |key: &str, value: serde_json::Value| {
        kind(&edited(&bytes, true, |header, _| header["__metadata__"][key] = value))
    };
    for version in ["5", "1000"] {
        match with("format_version", version.into()) {
            ErrorKind::NewerFormat { found, supported: 4 } => assert_eq!(found, version),
            other => panic!("{other:?}"),
        }
    }
    for version in ["0", "-1", "1.0", "", "one", "99999999999"] {
        assert!(matches!(with("format_version", version.into()), ErrorKind::Damaged { .. }), "{version}");
    }
    assert!(matches!(with("format", "other".into()), ErrorKind::Format { .. }));
    assert!(matches!(with("kind", "rq-vae".into()), ErrorKind::Format { .. }));
    assert!(matches!(with("fingerprint", "0".repeat(64).into()), ErrorKind::Damaged { .. }));
    assert!(matches!(with("config", "{".into()), ErrorKind::Damaged { .. }));
    let none = edited(&bytes, false, |header, _| drop(header.as_object_mut().unwrap().remove("__metadata__")));
    assert!(matches!(kind(&none), ErrorKind::Format { .. }));
}

#[test]
fn configurations_that_no_model_has_are_refused() {
    let bytes = model(Metric::L2).to_bytes().unwrap();
    let values = |key: &'static str, values: Vec<serde_json::Value>| values.into_iter().map(move |value| (key, value));
    let bad = values("dim", vec![0.into(), 3.into(), 8193.into(), (-1).into(), u64::MAX.into()])
        .chain(values("levels", vec![0.into(), 1.into(), 257.into()]))
        .chain(values("clusters", vec![json!([]), json!([3]), json!([3, 0]), json!([3, 65_537]), json!([2, 3])]))
        .chain(values("grid_exponent", vec![127.into(), (-109).into(), 5.into(), i64::MAX.into()]))
        .chain(values("codebook_exponent", vec![20.into(), json!(null)]))
        .chain(values("metric", vec!["cosine".into(), "L2".into(), "".into()]))
        .chain(values("normalize_residuals", vec![true.into(), 0.into()]))
        .chain(values("seed", vec![(-1).into(), 1.5.into()]));
    for (key, value) in bad {
        let forged = edited(&bytes, true, |header, _| {
            let config = &mut header["__metadata__"]["config"];
            let mut values: serde_json::Value = serde_json::from_str(config.as_str().unwrap()).unwrap();
            values[key] = value.clone();
            *config = values.to_string().into();
        });
        assert!(matches!(kind(&forged), ErrorKind::Damaged { .. }), "{key} = {value}");
    }
}

#[test]
fn codewords_off_the_grid_or_too_large_are_refused() {
    let sound = model(Metric::L2);
    let bytes = sound.to_bytes().unwrap();
    let step = 2.0_f32.powi(-sound.codebook_exponent());
    let bad = [step / 2.0, f32::from_bits(1), f32::NAN, f32::INFINITY, step * 8_388_610.0, f32::MAX];
    for value in bad {
        let forged = edited(&bytes, true, |_, data| data[..4].copy_from_slice(&value.to_le_bytes()));
        match kind(&forged) {
            ErrorKind::Damaged { reason } => assert!(reason.contains("multiple"), "{value}: {reason}"),
            other => panic!("{other:?}"),
        }
    }
    let at = bytes.len() - 8;
    let (_, data) = parts(&bytes);
    let forged = edited(&bytes, true, |_, all| all[data.len() - 8..][..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert!(at > 0 && matches!(kind(&forged), ErrorKind::Damaged { .. }));
    // Each level alone fits; together they are one step too large.
    for (last, fits) in [(-(1 << 22), true), (-(1 << 22) - 1, false)] {
        let mut model = sound.clone();
        model.levels = [1 << 22, last].map(|value| Codebook::new(vec![value, 0], 2)).to_vec();
        let loaded = RqKMeansModel::from_bytes(&model.to_bytes().unwrap());
        assert_eq!(loaded.as_ref().ok(), Some(&model).filter(|_| fits));
        assert!(fits || matches!(loaded.unwrap_err().into_kind(), ErrorKind::Damaged { .. }));
    }
}

/// Files from before the parameters of the fit were kept have none, and are written again as they were.
#[test]
fn files_without_parameters_are_read_as_before() {
    for (name, fingerprint) in [
        ("kmeans.safetensors", "12298ba63a4f39d03d5269623be230b9e747306738d45add4b0705a0cc4f4ae5"),
        ("network.safetensors", "3c9658e6ab1ee03bf0f9bebfcb66765303d09c3d1d73758c4f0443970cc6ec11"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/first").join(name);
        let model = crate::Model::load(&path).unwrap();
        assert_eq!((model.fingerprint().as_str(), model.parameters(), model.provenance()), (fingerprint, None, None));
        // Files are written in the newest version, which the checksum covers; nothing else changes.
        let newest = |bytes: Vec<u8>| {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize + 8;
            let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..length]).unwrap();
            header["__metadata__"].as_object_mut().unwrap().retain(|key, _| key != "checksum");
            header["__metadata__"]["format_version"] = "4".into();
            (header, bytes[length..].to_vec())
        };
        let old = std::fs::read(&path).unwrap();
        let now = model.to_bytes().unwrap();
        assert_ne!(now, old);
        assert_eq!(newest(now), newest(old));
    }
}
