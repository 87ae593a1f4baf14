use super::*;
use crate::error::{Error, ErrorKind};
use crate::io::testing::{Folder, each_damage};
use safetensors::tensor::{Dtype as Known, TensorView, serialize};

/// Header text and data as a file.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn read(bytes: &[u8], name: Option<&str>) -> Result<(usize, Vec<f32>), Error> {
    read_path(&Folder::new().put("x.safetensors", bytes), name)
}

fn read_path(path: &Path, name: Option<&str>) -> Result<(usize, Vec<f32>), Error> {
    let rows = SafetensorsRows::open(path, name)?;
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out)?;
    Ok((rows.dim(), out))
}

fn reason(bytes: &[u8], name: Option<&str>) -> String {
    let error = read(bytes, name).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Format { format: "safetensors", .. }), "{error}");
    error.to_string()
}

/// Tensors as the format's own library writes them.
fn written(tensors: &[(&str, Known, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
    let views =
        tensors.iter().map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    serialize(views, None).unwrap()
}

#[test]
fn reads_every_float_type() {
    let values = [1.5, -2.0, 0.25, f64::INFINITY];
    for (dtype, data) in [
        (Known::F16, values.map(|x| half::f16::from_f64(x).to_le_bytes()).concat()),
        (Known::BF16, values.map(|x| half::bf16::from_f64(x).to_le_bytes()).concat()),
        (Known::F32, values.map(|x| (x as f32).to_le_bytes()).concat()),
        (Known::F64, values.map(f64::to_le_bytes).concat()),
    ] {
        let bytes = written(&[("x", dtype, vec![2, 2], data)]);
        assert_eq!(read(&bytes, None).unwrap(), (2, values.map(|x| x as f32).to_vec()), "{dtype:?}");
    }
}

#[test]
fn the_only_matrix_of_floats_is_found_among_others() {
    let others = [
        ("vector", Known::F32, vec![3], vec![9; 12]),
        ("codes", Known::U32, vec![1, 2], vec![9; 8]),
        ("odd", Known::F8_E4M3, vec![1, 1], vec![9]),
    ];
    let x = ("x", Known::F32, vec![2, 1], [1.0_f32, 2.0].map(f32::to_le_bytes).concat());
    let y = ("y", Known::F32, vec![1, 2], [3.0_f32, f32::NAN].map(f32::to_le_bytes).concat());
    let one = written(&[&others[..], std::slice::from_ref(&x)].concat());
    assert_eq!(read(&one, None).unwrap(), (1, vec![1.0, 2.0]));
    let two = written(&[&others[..], &[x, y]].concat());
    assert!(reason(&two, None).contains("\"x\", \"y\""));
    let (dim, values) = read(&two, Some("y")).unwrap();
    assert!((dim, values[0]) == (2, 3.0) && values[1].is_nan());
    assert!(reason(&two, Some("z")).contains("\"vector\""));
    assert!(reason(&two, Some("codes")).contains("no matrix"));
    assert!(reason(&written(&others), None).contains("no tensor is a matrix"));
}

#[test]
fn hostile_headers_are_refused() {
    for claimed in [5, 1 << 27, u64::MAX, i64::MAX as u64] {
        reason(&[&claimed.to_le_bytes()[..], b"{}  "].concat(), None);
    }
    reason(b"\x02\0\0\0", None);
    reason(&file("{}", &[]), None);
    reason(&file("[]", &[]), None);
    reason(&file("{\"x\":", &[]), None);
    reason(&file(&"[".repeat(100_000), &[]), None);
    let tensor = |shape: &str, offsets: &str| {
        format!(r#"{{"__metadata__":{{"a":"b"}},"x":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    assert_eq!(read(&file(&tensor("[1,1]", "[0,4]"), &[0; 4]), None).unwrap(), (1, vec![0.0]));
    for (shape, offsets) in [
        ("[1,2]", "[0,4]"),
        ("[1,1]", "[0,8]"),
        ("[1,1]", "[4,8]"),
        ("[1,1]", "[4,0]"),
        ("[1,1]", "[0,18446744073709551615]"),
        ("[-1,1]", "[0,4]"),
        ("[1.0,1]", "[0,4]"),
        ("[18446744073709551615,1]", "[0,4]"),
        ("[4611686018427387905,1]", "[0,4]"),
        ("[1,1,1]", "[0,4]"),
        ("[1]", "[0,4]"),
        ("[1,1]", "[0,4,8]"),
        ("[1,1]", "[0]"),
    ] {
        reason(&file(&tensor(shape, offsets), &[0; 4]), Some("x"));
    }
    let empty = r#"{"dtype":"F32","shape":[0,1],"data_offsets":[0,0]}"#;
    let twice = format!(r#"{{"x":{empty},"x":{empty}}}"#);
    assert!(reason(&file(&twice, &[]), None).contains("twice"));
    let one = r#"{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}"#;
    let overlap = format!(r#"{{"x":{one},"y":{one}}}"#);
    assert!(reason(&file(&overlap, &[0; 4]), Some("x")).contains("do not follow"));
    for dim in [0, crate::MAX_DIM + 1] {
        let error = read(&file(&tensor(&format!("[0,{dim}]"), "[0,0]"), &[]), None).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Dim { .. }), "{error}");
    }
}

#[test]
fn damage_never_panics_and_truncation_is_always_noticed() {
    let bytes = written(&[("x", Known::F16, vec![3, 2], (0..12).collect()), ("y", Known::U8, vec![4], vec![1; 4])]);
    each_damage("x.safetensors", &bytes, |path, truncated| assert!(read_path(path, None).is_err() || !truncated));
}
