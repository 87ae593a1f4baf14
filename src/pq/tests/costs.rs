//! Distances along any codes.

use super::fit;
use crate::rq::tests::rows;
use crate::{Device, ErrorKind, Matrix, Metric, PqKMeans, Quantizer};

#[test]
fn distances_are_those_of_the_whole_row() {
    let values = rows(150, 7, 1.0);
    let matrix = Matrix::new(&values, 7).unwrap();
    for residual in [0, 2] {
        let params = PqKMeans::new(residual + 3, 6).residual_levels(residual);
        let (model, _) = fit(&params, &values, 7, &Device::cpu()).unwrap();
        let codes = model.encode(&matrix, &Device::cpu()).unwrap();
        let costs = model.costs(&matrix, &matrix).unwrap();
        let mut q = vec![0; values.len()];
        model.grid().quantize(&values, &mut q);
        for (row, own) in codes.rows().enumerate().step_by(7) {
            let q = &q[row * 7..(row + 1) * 7];
            let others = own.iter().map(|code| (code + 1) % 6).collect::<Vec<u32>>();
            for prefix in [own, &others] {
                let of_row = costs.of_row(row).unwrap();
                for level in 0..model.levels() {
                    let found = costs.distances(row, &prefix[..level]).unwrap();
                    let expected = (0..6).map(|k| {
                        let point = model.point(&[&prefix[..level], &[k]].concat()).unwrap();
                        q.iter().zip(point).map(|(q, p)| (i64::from(*q) - p).unsigned_abs().pow(2)).sum::<u64>()
                    });
                    assert_eq!(found, expected.collect::<Vec<u64>>(), "row {row}, level {level}");
                    assert_eq!(of_row(&prefix[..level]).unwrap(), found);
                    // Encoding takes the nearest.
                    if prefix == own {
                        let least = found.iter().enumerate().min_by_key(|(k, distance)| (**distance, *k)).unwrap().0;
                        assert_eq!(least as u32, own[level]);
                    }
                }
            }
        }
        let error = costs.distances(0, &vec![0; model.levels()]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "level", .. }));
        let error = costs.distances(0, &[0, 6]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Code { level: 1, code: 6, .. }));
    }
}

#[test]
fn equal_rows_are_found_and_directions_count_for_cosine() {
    let values = [[1.0, 2.0, 3.0], [0.0, 1.0, 5.0], [1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 5.0]].concat();
    let matrix = Matrix::new(&values, 3).unwrap();
    for (metric, expected) in [(Metric::L2, [0, 1, 0, 3]), (Metric::Cosine, [0, 1, 0, 0])] {
        let (model, _) = fit(&PqKMeans::new(2, 2).metric(metric), &values, 3, &Device::cpu()).unwrap();
        let costs = model.costs(&matrix, &matrix).unwrap();
        assert_eq!(costs.alike(&[0, 1, 2, 3]).unwrap(), expected);
        assert_eq!(costs.distances(0, &[1]).unwrap(), costs.distances(2, &[1]).unwrap());
        let codes = model.encode(&matrix, &Device::cpu()).unwrap();
        for (row, own) in codes.rows().enumerate() {
            let found = costs.distances(row, &own[..1]).unwrap();
            assert!(found[own[1] as usize] <= found[1 - own[1] as usize]);
        }
    }
    let other = Matrix::new(&values, 5).unwrap();
    let (model, _) = fit(&PqKMeans::new(2, 2), &values, 3, &Device::cpu()).unwrap();
    assert!(matches!(model.costs(&other, &other).err().unwrap().kind(), ErrorKind::DimMismatch { .. }));
}
