//! Every parameter out of its range is refused with what is wrong.

use super::*;
use crate::ErrorKind;
use crate::{Device, Matrix};

/// What is wrong with a fit of `count` rows of `dim` values, found before any row is read.
fn refused(params: &RqKMeans, count: usize, dim: usize) -> ErrorKind {
    params.check(count, dim).expect_err(&format!("{params:?} of {count} x {dim}")).into_kind()
}

fn base() -> RqKMeans {
    RqKMeans::new(2, 4)
}

#[test]
fn sizes_in_range_are_accepted() {
    assert_eq!(base().check(4, 1).unwrap(), (vec![4, 4], 4));
    assert_eq!(base().check(4, 8192).unwrap(), (vec![4, 4], 4));
    assert_eq!(
        RqKMeans::new(3, [1, 2, 65_536]).sample(65_536).check(100_000, 2).unwrap(),
        (vec![1, 2, 65_536], 65_536)
    );
    assert_eq!(base().sample(9).check(5, 1).unwrap().1, 5);
    assert_eq!(RqKMeans::new(256, 1).tol(0.0).max_iter(1).n_init(1).check(1, 1).unwrap().0.len(), 256);
}

#[test]
fn clusters_and_levels() {
    for clusters in [0, 65_537, usize::MAX] {
        let bad = refused(&RqKMeans::new(2, clusters), 100_000, 4);
        assert!(matches!(bad, ErrorKind::Clusters { level: 0, clusters: found } if found == clusters), "{bad:?}");
        let bad = refused(&RqKMeans::new(2, [4, clusters]), 100_000, 4);
        assert!(matches!(bad, ErrorKind::Clusters { level: 1, clusters: found } if found == clusters), "{bad:?}");
    }
    for list in [&[][..], &[4], &[4, 4, 4]] {
        let bad = refused(&RqKMeans::new(2, list), 10, 4);
        assert!(matches!(bad, ErrorKind::ClustersPerLevel { levels: 2, given } if given == list.len()), "{bad:?}");
    }
    for levels in [0, 257, usize::MAX] {
        assert!(matches!(refused(&RqKMeans::new(levels, 4), 10, 4), ErrorKind::Parameter { name: "levels", .. }));
    }
}

#[test]
fn rows_and_dimensions() {
    assert!(matches!(refused(&base(), 0, 4), ErrorKind::Empty));
    for dim in [0, 8193, usize::MAX] {
        assert!(matches!(refused(&base(), 10, dim), ErrorKind::Dim { dim: found } if found == dim));
    }
    assert!(matches!(refused(&base(), 3, 4), ErrorKind::TooFewRows { rows: 3, clusters: 4, level: 0 }));
    let bad = refused(&RqKMeans::new(2, [3, 4]), 3, 4);
    assert!(matches!(bad, ErrorKind::TooFewRows { rows: 3, clusters: 4, level: 1 }), "{bad:?}");
    assert!(matches!(refused(&base().sample(3), 10, 4), ErrorKind::TooFewRows { rows: 3, clusters: 4, level: 0 }));
    assert!(matches!(Matrix::new(&[1.0], 0).unwrap_err().kind(), ErrorKind::Dim { dim: 0 }));
    assert!(matches!(Matrix::new(&[1.0; 5], 2).unwrap_err().kind(), ErrorKind::Length { len: 5, dim: 2 }));
}

#[test]
fn everything_else() {
    let batch = |batch, init_buffer| Algorithm::MiniBatch(MiniBatch { batch, init_buffer, layer_wise: true });
    let bad = [
        ("max_iter", base().max_iter(0)),
        ("n_init", base().n_init(0)),
        ("sample", base().sample(0)),
        ("tol", base().tol(f64::NAN)),
        ("tol", base().tol(f64::INFINITY)),
        ("tol", base().tol(-1e-300)),
        ("batch", base().algorithm(batch(0, 5))),
        ("init_buffer", base().algorithm(batch(5, 0))),
    ];
    for (expected, params) in bad {
        match refused(&params, 10, 4) {
            ErrorKind::Parameter { name, .. } => assert_eq!(name, expected),
            other => panic!("{other:?}"),
        }
        // A fit says the same.
        let error = params.fit(&Matrix::new(&[0.5; 40], 4).unwrap(), &Device::cpu()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { .. }) && error.to_string().contains(expected));
    }
}
