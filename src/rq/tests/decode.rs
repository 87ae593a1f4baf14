//! Decoding all levels, the first few, and codes that do not exist.

use super::{coarse_rows, fit};
use crate::{Codes, Device, ErrorKind, Matrix, Metric, RqKMeans};

#[test]
fn decoding_adds_up_codewords() {
    let values = coarse_rows(80, 3, 300.0);
    for params in [RqKMeans::new(3, [5, 4, 6]), RqKMeans::new(3, [5, 4, 6]).metric(Metric::Cosine)] {
        let (model, _) = fit(&params, &values, 3, &Device::cpu()).unwrap();
        let codes = model.encode(&Matrix::new(&values, 3).unwrap(), &Device::cpu()).unwrap();
        for levels in 1..=3 {
            let decoded = model.decode_levels(&codes, levels).unwrap();
            for (codes, decoded) in codes.rows().zip(decoded.chunks_exact(3)) {
                for (d, value) in decoded.iter().enumerate() {
                    let codewords = model.levels().iter().zip(codes).take(levels);
                    let sum: i64 = codewords.map(|(level, k)| i64::from(level.codeword(*k as usize).unwrap()[d])).sum();
                    let step = 2.0_f64.powi(-model.codebook_exponent());
                    assert_eq!(*value, (sum as f64 * step + f64::from(model.grid().offset()[d])) as f32);
                }
            }
            // Codes of fewer levels decode to the same.
            let prefix = codes.rows().flat_map(|codes| &codes[..levels]).copied().collect();
            assert_eq!(model.decode(&Codes::new(prefix, levels).unwrap()).unwrap(), decoded);
        }
        assert_eq!(model.decode_levels(&codes, 3).unwrap(), model.decode(&codes).unwrap());
    }
}

#[test]
fn codes_that_do_not_exist_are_refused_with_their_place() {
    let values = coarse_rows(80, 3, 0.0);
    let (model, _) = fit(&RqKMeans::new(2, [5, 4]), &values, 3, &Device::cpu()).unwrap();
    let decode = |codes: &[u32], levels, use_levels| {
        model.decode_levels(&Codes::new(codes.to_vec(), levels).unwrap(), use_levels).map_err(|error| error.into_kind())
    };
    assert!(decode(&[4, 3, 0, 0], 2, 2).is_ok());
    for bad in [4, 5, u32::MAX] {
        match decode(&[4, 3, 0, bad], 2, 2).unwrap_err() {
            ErrorKind::Code { row: 1, level: 1, code, clusters: 4 } => assert_eq!(code, bad),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(decode(&[5, 0], 2, 1), Err(ErrorKind::Code { row: 0, level: 0, code: 5, clusters: 5 })));
    // A bad code of a level that is not decoded does not matter.
    assert!(decode(&[4, 9], 2, 1).is_ok());
    for (codes, levels, use_levels) in [(&[0, 0][..], 2, 0), (&[0, 0], 2, 3), (&[0, 0, 0], 3, 3), (&[0], 1, 2)] {
        assert!(matches!(decode(codes, levels, use_levels), Err(ErrorKind::Parameter { name: "levels", .. })));
    }
    assert_eq!(decode(&[], 2, 2).unwrap(), [0.0; 0]);
    assert!(matches!(Codes::new(vec![1, 2, 3], 2).unwrap_err().kind(), ErrorKind::Length { len: 3, dim: 2 }));
    assert!(matches!(Codes::new(vec![], 0).unwrap_err().kind(), ErrorKind::Length { len: 0, dim: 0 }));
}
