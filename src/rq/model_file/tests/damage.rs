//! Damaged files are refused, whatever the damage.

use super::*;

#[test]
fn every_flipped_bit_is_noticed() {
    let model = model(Metric::L2);
    let bytes = model.to_bytes().unwrap();
    let flipped = |at: usize, bit: u8| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << bit;
        RqKMeansModel::from_bytes(&bytes).is_err()
    };
    let missed: Vec<_> = (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))).collect();
    let missed: Vec<_> = missed.into_iter().filter(|(at, bit)| !flipped(*at, *bit)).collect();
    assert_eq!(missed, []);
}

#[test]
fn every_truncation_and_every_byte_too_many_is_noticed() {
    let bytes = model(Metric::L2).to_bytes().unwrap();
    for len in 0..bytes.len() {
        assert!(RqKMeansModel::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        assert!(RqKMeansModel::from_bytes(&bytes[bytes.len() - len..]).is_err(), "the last {len} bytes");
    }
    for tail in [&[0][..], &[0; 8], b" ", &bytes] {
        assert!(RqKMeansModel::from_bytes(&[&bytes, tail].concat()).is_err());
    }
}

#[test]
fn tensors_too_many_too_few_or_of_another_shape_are_refused() {
    let bytes = model(Metric::L2).to_bytes().unwrap();
    let damaged = |edit: fn(&mut serde_json::Value, &mut Vec<u8>)| {
        let kind = kind(&edited(&bytes, false, edit));
        assert!(matches!(kind, ErrorKind::Damaged { .. } | ErrorKind::Format { .. }), "{kind:?}");
    };
    damaged(|header, data| {
        header["more"] = json!({ "data_offsets": [data.len(), data.len() + 4], "dtype": "F32", "shape": [1] });
        data.extend([0; 4]);
    });
    damaged(|header, _| header["copy"] = header["offset"].clone());
    damaged(|header, data| {
        header.as_object_mut().unwrap().remove("offset");
        data.truncate(data.len() - 8);
    });
    damaged(|header, _| {
        let offset = header["offset"].take();
        header.as_object_mut().unwrap().remove("offset");
        header["offsets"] = offset;
    });
    damaged(|header, _| header["codebook.0"]["shape"] = json!([2, 3]));
    damaged(|header, _| header["codebook.0"]["dtype"] = "I32".into());
    damaged(|header, _| header["codebook.0"]["data_offsets"] = json!([0, u64::MAX]));
    // One name twice, for different values: neither of the two is taken.
    let (header, data) = parts(&bytes);
    let offset = |first: usize| json!({ "data_offsets": [first, first + 8], "dtype": "F32", "shape": [2] }).to_string();
    for (first, second) in [(40, 48), (48, 40)] {
        let mut rest = header.clone();
        rest.as_object_mut().unwrap().remove("offset");
        let twice = format!("{{\"offset\":{},\"offset\":{},{}", offset(first), offset(second), &rest.to_string()[1..]);
        assert!(RqKMeansModel::from_bytes(&file(&twice, &[&data[..], &[0; 8]].concat())).is_err());
    }
}
