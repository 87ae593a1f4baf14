//! Model files: round trips, what they hold, and what is refused.

use super::rows;
use crate::{Device, ErrorKind, Matrix, Model, RqKMeans, RqKMeansModel, RqVae, RqVaeModel};
use safetensors::SafeTensors;

fn model() -> RqVaeModel {
    let values = rows(200, 7);
    let params = RqVae::new(2, [6, 4]).hidden([9]).latent(5).epochs(1).batch(32).batch_norm(true);
    let params = params.width(crate::vae::MatmulWidth::Sixteen);
    params.fit(&Matrix::new(&values, 7).unwrap(), &Device::cpu()).unwrap()
}

#[test]
fn a_model_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = model();
    model.save(&path).unwrap();
    assert_eq!(RqVaeModel::load(&path).unwrap(), model);
    assert_eq!(Model::load(&path).unwrap(), model.clone().into());
    let kind = RqKMeansModel::load(&path).unwrap_err();
    assert!(matches!(kind.kind(), ErrorKind::Format { .. }), "{kind}");

    let values = rows(50, 7);
    let matrix = Matrix::new(&values, 7).unwrap();
    let kmeans = RqKMeans::new(1, 3).fit(&matrix, &Device::cpu()).unwrap();
    assert!(RqVaeModel::from_bytes(&kmeans.to_bytes().unwrap()).is_err());
    assert_eq!(Model::from_bytes(&kmeans.to_bytes().unwrap()).unwrap().kind(), "rq-kmeans");
}

#[test]
fn the_tensors_say_what_the_model_does() {
    // The encoder and the codes once more in f64, from the file alone.
    let model = model();
    let bytes = model.to_bytes().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let read = |name: &str| -> Vec<f64> {
        let data = tensors.tensor(name).unwrap().data();
        data.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
    };
    let affine = |x: &[f64], layer: &str| -> Vec<f64> {
        let (weight, bias) = (read(&format!("{layer}.weight")), read(&format!("{layer}.bias")));
        let row = |(row, bias): (&[f64], &f64)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + bias;
        weight.chunks_exact(x.len()).zip(&bias).map(row).collect()
    };
    let values = rows(40, 7);
    let codes = model.encode(&Matrix::new(&values, 7).unwrap(), &Device::cpu()).unwrap();
    let decoded = model.decode(&codes, &Device::cpu()).unwrap();
    for ((x, codes), decoded) in values.chunks_exact(7).zip(codes.rows()).zip(decoded.chunks_exact(7)) {
        let (offset, scale) = (read("offset"), read("scale"));
        let x: Vec<f64> = x.iter().zip(&offset).zip(&scale).map(|((x, o), s)| (f64::from(*x) - o) * s).collect();
        let hidden: Vec<f64> = affine(&x, "encoder.0").into_iter().map(|x| x.max(0.0)).collect();
        let mut rest = affine(&hidden, "encoder.1");
        let mut sum = vec![0.0; 5];
        for (level, code) in codes.iter().enumerate() {
            let book = read(&format!("codebook.{level}"));
            let distance = |word: &[f64]| word.iter().zip(&rest).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            let chosen = book.chunks_exact(5).nth(*code as usize).unwrap();
            let nearest = book.chunks_exact(5).map(distance).fold(f64::INFINITY, f64::min);
            // 16-bit products are within about 1e-4 of the exact ones.
            assert!(distance(chosen) <= nearest * 1.01 + 1e-4, "{} and {nearest}", distance(chosen));
            sum.iter_mut().zip(chosen).for_each(|(sum, c)| *sum += c);
            rest = rest.iter().zip(chosen).map(|(a, b)| a - b).collect();
        }
        let hidden: Vec<f64> = affine(&sum, "decoder.0").into_iter().map(|x| x.max(0.0)).collect();
        let out = affine(&hidden, "decoder.1");
        for (((out, found), offset), scale) in out.iter().zip(decoded).zip(&offset).zip(&scale) {
            let expected = out / scale + offset;
            assert!((expected - f64::from(*found)).abs() < 2e-3 / scale, "{expected} and {found}");
        }
    }
}

#[test]
fn damage_is_noticed() {
    let bytes = model().to_bytes().unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(RqVaeModel::from_bytes(&damaged).is_err(), "byte {at} of {}", bytes.len());
    }
    for end in (0..bytes.len()).step_by(57) {
        assert!(Model::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
    }
}
