use super::{codes, npy};

#[test]
fn codes_of_every_integer_type_are_read() {
    for (descr, size) in [("u", 1), ("u", 2), ("u", 4), ("u", 8), ("i", 1), ("i", 2), ("i", 4), ("i", 8)] {
        for value in [0_u64, 1, 127] {
            let little = value.to_le_bytes()[..size].repeat(2);
            let big = value.to_be_bytes()[8 - size..].repeat(2);
            for (order, data) in [(if size == 1 { '|' } else { '<' }, little), ('>', big)] {
                let file = npy(&format!("{order}{descr}{size}"), "(1, 2)", &data);
                assert_eq!(codes(&file).unwrap(), (vec![value as u32; 2], 2), "{order}{descr}{size}");
            }
        }
    }
    let data = [u32::MAX, 7].map(u32::to_le_bytes).concat();
    assert_eq!(codes(&npy("<u4", "(2, 1)", &data)).unwrap(), (vec![u32::MAX, 7], 1));
}

#[test]
fn what_is_no_code_is_refused_with_row_and_level() {
    for (descr, data, value) in [
        ("<i4", [0_i32, 1, 2, -3].map(i32::to_le_bytes).concat(), "-3"),
        ("|i1", vec![0, 1, 2, 0xff], "-1"),
        ("<i8", [0_i64, 1, 2, i64::MIN].map(i64::to_le_bytes).concat(), "-9223372036854775808"),
        (">u8", [0, 1, 2, u64::MAX].map(u64::to_be_bytes).concat(), "18446744073709551615"),
        ("<i8", [0_i64, 1, 2, 1 << 32].map(i64::to_le_bytes).concat(), "4294967296"),
    ] {
        let error = codes(&npy(descr, "(2, 2)", &data)).unwrap_err().to_string();
        assert!(error.contains(&format!("row 1, level 2 is {value};")), "{error}");
    }
    assert!(codes(&npy("<f4", "(1, 1)", &[0; 4])).unwrap_err().to_string().contains("floats"));
    assert!(codes(&npy("<u4", "(3, 0)", &[])).unwrap_err().to_string().contains("no levels"));
}
