mod codes;

use super::header;
use super::*;
use crate::error::{Error, ErrorKind};
use crate::io::testing::{Folder, each_damage};
use crate::rows::Rows;
use proptest::prelude::*;
use std::path::Path;

/// A file as numpy would write it, but for the padding.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    with_header(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"), data)
}

fn with_header(text: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}

fn read_all(bytes: &[u8]) -> Result<(usize, Vec<f32>), Error> {
    read_path(&Folder::new().put("x.npy", bytes))
}

fn read_path(path: &Path) -> Result<(usize, Vec<f32>), Error> {
    let rows = NpyRows::open(path)?;
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out)?;
    Ok((rows.dim(), out))
}

fn reason(bytes: &[u8]) -> String {
    let error = read_all(bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Format { format: "npy", .. }), "{error}");
    assert!(error.path().is_some());
    error.to_string()
}

fn codes(bytes: &[u8]) -> Result<(Vec<u32>, usize), Error> {
    read_codes(Folder::new().put("x.npy", bytes))
}

/// What `np.save(f, np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint32))` writes in NumPy 2.4.
const GOLDEN: &[u8] = b"\x93NUMPY\x01\x00v\x00{'descr': '<u4', 'fortran_order': False, 'shape': (2, 3), }\
    \x20                                                         \n\
    \x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05\0\0\0\x06\0\0\0";

#[test]
fn writes_the_bytes_that_numpy_writes() {
    let folder = Folder::new();
    let path = folder.path("x.npy");
    let mut out = NpyWriter::<u32>::create(&path, 2, 3).unwrap();
    out.write(&[1, 2]).unwrap();
    out.write(&[3, 4, 5, 6]).unwrap();
    out.finish().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), GOLDEN);
    assert_eq!(codes(GOLDEN).unwrap(), (vec![1, 2, 3, 4, 5, 6], 3));
}

#[test]
fn the_header_is_aligned_whatever_the_shape() {
    for rows in [0, 1, usize::MAX] {
        assert_eq!(header::write("<f4", rows, usize::MAX).len(), 128);
    }
}

#[test]
fn reads_every_float_type_of_either_byte_order() {
    let values = [1.5, -2.0, 0.25, f64::INFINITY];
    let f16 = values.map(half::f16::from_f64);
    let f32 = values.map(|value| value as f32);
    for (descr, data) in [
        ("<f2", f16.map(|x| x.to_le_bytes()).concat()),
        (">f2", f16.map(|x| x.to_be_bytes()).concat()),
        ("<f4", f32.map(|x| x.to_le_bytes()).concat()),
        (">f4", f32.map(|x| x.to_be_bytes()).concat()),
        ("<f8", values.map(|x| x.to_le_bytes()).concat()),
        (">f8", values.map(|x| x.to_be_bytes()).concat()),
    ] {
        assert_eq!(read_all(&npy(descr, "(2, 2)", &data)).unwrap(), (2, f32.to_vec()), "{descr}");
    }
}

#[test]
fn reads_what_other_libraries_make_of_the_type() {
    let values = [1.5, -2.0, 0.25, f32::INFINITY];
    let bf16 = values.map(|value| half::bf16::from_f32(value).to_le_bytes()).concat();
    for descr in ["<V2", "|V2", "V2", "bfloat16"] {
        assert_eq!(read_all(&npy(descr, "(2, 2)", &bf16)).unwrap(), (2, values.to_vec()), "{descr}");
    }
    for (descr, data) in [
        ("float16", values.map(|value| half::f16::from_f32(value).to_le_bytes().to_vec()).concat()),
        ("=f4", values.map(|value| value.to_le_bytes().to_vec()).concat()),
        ("float32", values.map(|value| value.to_le_bytes().to_vec()).concat()),
        ("f8", values.map(|value| f64::from(value).to_le_bytes().to_vec()).concat()),
    ] {
        assert_eq!(read_all(&npy(descr, "(2, 2)", &data)).unwrap(), (2, values.to_vec()), "{descr}");
    }
}

#[test]
fn integers_are_read_where_they_are_allowed() {
    let folder = Folder::new();
    for (descr, data, expected) in [
        ("|i1", vec![0x80, 0x7f, 0xff], [-128.0, 127.0, -1.0]),
        ("|u1", vec![0x80, 0x7f, 0xff], [128.0, 127.0, 255.0]),
        ("<i2", vec![0, 0x80, 0xff, 0x7f, 0xff, 0xff], [-32768.0, 32767.0, -1.0]),
        (">u2", vec![0, 0x80, 0xff, 0x7f, 0xff, 0xff], [128.0, 65407.0, 65535.0]),
    ] {
        let path = folder.put("x.npy", &npy(descr, "(1, 3)", &data));
        let options = crate::io::ReadOptions { integers: true, ..Default::default() };
        let mut out = [0.0; 3];
        crate::io::open(&path, &options).unwrap().read(0, &mut out).unwrap();
        assert_eq!(out, expected, "{descr}");
        NpyRows::open(&path).unwrap_err();
    }
}

#[test]
fn any_piece_of_an_array_in_fortran_order_is_the_same_rows() {
    let (rows, dim) = (40_000, 3);
    let value = |row: usize, column: usize| (row * dim + column) as f32;
    let columns = (0..dim).flat_map(|column| (0..rows).map(move |row| value(row, column)));
    let data: Vec<u8> = columns.flat_map(f32::to_le_bytes).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': True, 'shape': ({rows}, {dim}), }}");
    let folder = Folder::new();
    let file = NpyRows::open(folder.put("x.npy", &with_header(&header, &data))).unwrap();
    for (first, count) in [(0, rows), (1, rows - 1), (rows - 1, 1), (rows, 0), (32_000, 17)] {
        let mut out = vec![0.0; count * dim];
        file.read(first, &mut out).unwrap();
        let expected: Vec<f32> = (first * dim..(first + count) * dim).map(|i| i as f32).collect();
        assert!(out == expected, "{first} {count}");
    }
    file.read(rows, &mut [0.0; 3]).unwrap_err();
}

#[test]
fn nan_passes_and_large_doubles_become_infinite() {
    let data = [f64::NAN, 1e300, -1e300].map(f64::to_le_bytes).concat();
    let (_, values) = read_all(&npy("<f8", "(1, 3)", &data)).unwrap();
    assert!(values[0].is_nan());
    assert_eq!(values[1..], [f32::INFINITY, f32::NEG_INFINITY]);
}

#[test]
fn every_half_becomes_the_same_number() {
    let data: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let (_, values) = read_all(&npy("<f2", "(256, 256)", &data)).unwrap();
    for (bits, value) in (0..=u16::MAX).zip(values) {
        let expected = half::f16::from_bits(bits).to_f32_const();
        assert!(value.to_bits() == expected.to_bits() || (value.is_nan() && expected.is_nan()), "{bits:#x}");
    }
}

#[test]
fn headers_of_versions_2_and_3_are_read() {
    for version in [2, 3] {
        let text = b"{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"<f4\"}";
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text);
        bytes.extend([1.0_f32, 2.0].map(f32::to_le_bytes).concat());
        assert_eq!(read_all(&bytes).unwrap(), (2, vec![1.0, 2.0]));
    }
}

#[test]
fn unsupported_arrays_are_refused_with_what_to_do() {
    assert!(reason(&npy("<f4", "(4,)", &[0; 16])).contains("reshape"));
    assert!(reason(&npy("<f4", "(1, 2, 2)", &[0; 16])).contains("3 dimensions"));
    assert!(reason(&npy("<f4", "()", &[0; 4])).contains("0 dimensions"));
    assert!(reason(&npy("<i4", "(1, 1)", &[0; 4])).contains("astype"));
    assert!(reason(&npy("|i1", "(1, 1)", &[0; 1])).contains("allow integers"));
    let fortran = "{'descr': '<u4', 'fortran_order': True, 'shape': (1, 1), }";
    let error = codes(&with_header(fortran, &[0; 4])).unwrap_err().to_string();
    assert!(error.contains("np.ascontiguousarray"), "{error}");
    assert!(reason(&npy("|O", "(1, 1)", &[0; 4])).contains("`|O`"));
    assert!(reason(&npy("<f16", "(1, 1)", &[0; 16])).contains("`<f16`"));
    let structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1), }";
    assert!(reason(&with_header(structured, &[0; 4])).contains("structured"));
}

#[test]
fn hostile_shapes_and_headers_are_refused() {
    let max = usize::MAX;
    for shape in [&format!("({max}, {max})"), &format!("({max}, 1)"), "(4611686018427387904, 4)", "(2, 2)", "(0, 1)"] {
        reason(&npy("<f4", shape, &[0; 4]));
    }
    for shape in ["(-1, 4)", "(1.0, 1)", "(99999999999999999999999, 1)", "(1 1)", "(,)", "(1, 1", "[1, 1]"] {
        reason(&npy("<f4", shape, &[0; 4]));
    }
    for text in [
        "",
        "{",
        "{}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), } + 1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 1)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4",
    ] {
        reason(&with_header(text, &[0; 4]));
    }
    let mut oversized = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    reason(&oversized);
    oversized.resize(1 << 20, b' ');
    reason(&oversized);
    reason(b"\x93NUMPY\x04\x00\x00\x00\x00\x00");
    reason(b"PK\x03\x04, as an npz has");
}

#[test]
fn dimensions_are_limited_before_anything_is_read() {
    for dim in [0, crate::MAX_DIM + 1] {
        let error = read_all(&npy("<f4", &format!("(0, {dim})"), &[])).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Dim { dim: found } if *found == dim), "{error}");
    }
    assert_eq!(read_all(&npy("<f4", "(0, 3)", &[])).unwrap(), (3, vec![]));
}

#[test]
fn reads_outside_the_rows_are_refused() {
    let folder = Folder::new();
    let path = folder.put("x.npy", GOLDEN);
    let file = CodesFile::open(&path).unwrap();
    assert_eq!((file.len(), file.levels(), file.is_empty()), (2, 3, false));
    for (first, count) in [(0, 9), (1, 6), (2, 3), (usize::MAX, 3), (0, 4)] {
        file.read(first, &mut vec![0; count]).unwrap_err();
    }
    file.read(2, &mut []).unwrap();
    let rows = NpyRows::open(folder.put("y.npy", &npy("<f4", "(2, 3)", &GOLDEN[128..]))).unwrap();
    for (first, count) in [(0, 9), (1, 6), (2, 3), (usize::MAX, 3), (0, 4)] {
        rows.read(first, &mut vec![0.0; count]).unwrap_err();
    }
}

#[test]
fn a_shape_that_is_not_filled_exactly_saves_nothing() {
    let folder = Folder::new();
    let path = folder.path("x.npy");
    let mut out = NpyWriter::<f32>::create(&path, 2, 2).unwrap();
    out.write(&[1.0; 3]).unwrap();
    out.write(&[1.0; 2]).unwrap_err();
    out.finish().unwrap_err();
    assert!(!path.exists());
    NpyWriter::<f32>::create(&path, usize::MAX, 2).unwrap_err();
}

#[test]
fn damage_never_panics_and_truncation_is_always_noticed() {
    let float = npy("<f4", "(2, 3)", &GOLDEN[128..]);
    each_damage("x.npy", &float, |path, truncated| assert!(read_path(path).is_err() || !truncated));
    each_damage("x.npy", GOLDEN, |path, truncated| assert!(read_codes(path).is_err() || !truncated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read_in_any_pieces(values in prop::collection::vec(any::<f32>(), 60), first in 0..20_usize) {
        let folder = Folder::new();
        let path = folder.path("x.npy");
        let mut out = NpyWriter::create(&path, 20, 3).unwrap();
        values.chunks(7).for_each(|values| out.write(values).unwrap());
        out.finish().unwrap();
        let rows = NpyRows::open(&path).unwrap();
        let mut read = vec![0.0; (20 - first) * 3];
        rows.read(first, &mut read).unwrap();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&values[first * 3..]));
    }
}
