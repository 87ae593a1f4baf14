//! Model files: written, read, and refused where they are damaged.

use super::fit;
use crate::io::model_file::to_bytes;
use crate::rq::tests::rows;
use crate::{Device, ErrorKind, Metric, Model, PqKMeans, PqKMeansModel};

fn model(residual: usize) -> PqKMeansModel {
    let params = PqKMeans::new(residual + 2, 3).residual_levels(residual);
    fit(&params, &rows(30, 3, 0.0), 3, &Device::cpu()).unwrap().0
}

#[test]
fn files_have_the_model_and_the_parameters_of_its_fit() {
    let folder = tempfile::tempdir().unwrap();
    for (residual, kind) in [(0, "pq"), (1, "rq+pq")] {
        for metric in [Metric::L2, Metric::Cosine] {
            let params = PqKMeans::new(residual + 2, 3).residual_levels(residual).metric(metric).seed(9).center(false);
            let (model, _) = fit(&params, &rows(30, 3, 0.0), 3, &Device::cpu()).unwrap();
            let path = folder.path().join("model.safetensors");
            model.save(&path).unwrap();
            assert_eq!(PqKMeansModel::load(&path).unwrap(), model);
            let any = Model::load(&path).unwrap();
            assert_eq!((any.kind(), any.fingerprint(), any.seed()), (kind, model.fingerprint(), 9));
            assert_eq!(any.to_bytes().unwrap(), std::fs::read(&path).unwrap());
            let fields = serde_json::to_value(any.parameters().unwrap()).unwrap();
            assert_eq!(serde_json::from_value::<PqKMeans>(fields).unwrap(), params);
            assert_eq!(any.config().unwrap()["residual_levels"], residual);
        }
    }
}

/// Numbers of clusters as one number, as a list, and as a sweep sets them.
#[test]
fn equal_fits_give_equal_files_however_the_clusters_were_given() {
    let number = PqKMeans::new(3, 4).residual_levels(1).seed(9);
    let list = PqKMeans::new(3, [4, 4, 4]).residual_levels(1).seed(9);
    let of_sweep = PqKMeans::new(5, [2, 2, 2, 2, 3]).residual_levels(1).variant(&[4, 4, 4], 9);
    let file = |params: &PqKMeans| fit(params, &rows(30, 3, 0.0), 3, &Device::cpu()).unwrap().0.to_bytes().unwrap();
    let expected = file(&number);
    assert_eq!(Model::from_bytes(&expected).unwrap().parameters().unwrap()["clusters"], 4);
    assert_eq!(file(&list), expected);
    assert_eq!(file(&of_sweep), expected);
    let uneven = PqKMeans::new(3, 4).variant(&[4, 4, 3], 9);
    let uneven = Model::from_bytes(&file(&uneven)).unwrap();
    assert_eq!(uneven.parameters().unwrap()["clusters"], serde_json::json!([4, 4, 3]));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let bytes = model(1).to_bytes().unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(Model::from_bytes(&flipped).is_err(), "byte {at}");
        assert!(PqKMeansModel::from_bytes(&bytes[..at]).is_err(), "{at} bytes");
    }
    assert!(PqKMeansModel::from_bytes(&[&bytes[..], &[0; 8]].concat()).is_err());
}

/// Files that are whole, but say what no model can be.
#[test]
fn files_of_no_model_are_refused() {
    let right = model(1);
    let tampered = |change: fn(&mut PqKMeansModel)| {
        let mut model = right.clone();
        change(&mut model);
        PqKMeansModel::from_bytes(&model.to_bytes().unwrap()).unwrap_err().into_kind()
    };
    let damaged = |kind: ErrorKind| assert!(matches!(kind, ErrorKind::Damaged { .. }), "{kind:?}");
    // Another cut, no slice, one slice too many, and codewords that add up to too much.
    damaged(tampered(|model| model.slices.swap(0, 1)));
    damaged(tampered(|model| model.slices.clear()));
    damaged(tampered(|model| model.slices.extend([model.slices[1].clone(), model.slices[1].clone()])));
    damaged(tampered(|model| {
        let far = |dim: usize| crate::codebook::Codebook::new(vec![5 << 20; 3 * dim], dim);
        (model.residual[0], model.slices[1]) = (far(3), far(1));
    }));
    // Another kind and another fingerprint, with the checksum that belongs to them.
    let written = |kind: &str, fingerprint: &str| {
        PqKMeansModel::from_bytes(&to_bytes(kind, &right.file_config(), fingerprint, right.tensors().unwrap()).unwrap())
    };
    assert_eq!(written("rq+pq", &right.fingerprint()).unwrap(), right);
    for (kind, fingerprint) in [("pq", right.fingerprint()), ("rq+pq", "0".repeat(64))] {
        let error = written(kind, &fingerprint).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged { .. } | ErrorKind::Format { .. }), "{kind}: {error}");
    }
    // The version before had no product codes.
    let (mut old, version) = (right.to_bytes().unwrap(), br#""format_version":"4""#);
    let at = old.windows(version.len()).position(|window| window == version).unwrap();
    old[at + version.len() - 2] = b'3';
    let error = PqKMeansModel::from_bytes(&old).unwrap_err().to_string();
    assert!(error.contains("versions from 4 on"), "{error}");
    let plain = crate::RqKMeans::new(2, 3).fit(&crate::Matrix::new(&rows(30, 3, 0.0), 3).unwrap(), &Device::cpu());
    let other = PqKMeansModel::from_bytes(&plain.unwrap().to_bytes().unwrap()).unwrap_err();
    assert!(matches!(other.kind(), ErrorKind::Damaged { .. } | ErrorKind::Format { .. }), "{other}");
}
