use super::*;
use crate::ErrorKind;
use crate::io::NO_CODE;
use crate::io::testing::Folder;
use crate::rows::{Matrix, Rows};

fn mapping(ids: &[(&str, &[u32])]) -> Mapping {
    let levels = ids[0].1.len();
    let keys = ids.iter().map(|(key, _)| (*key).to_owned()).collect();
    let codes = ids.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    Mapping::new(keys, Codes::new(codes, levels).unwrap()).unwrap()
}

fn three() -> Mapping {
    mapping(&[("hat", &[0, 1]), ("cap", &[0, 1]), ("shoe", &[2, 0])])
}

#[test]
fn every_item_has_one_key() {
    let error = Mapping::new(vec!["a".into(), "b".into(), "a".into()], Codes::new(vec![0, 1, 2], 1).unwrap());
    assert_eq!(
        error.unwrap_err().to_string(),
        "parameter `item key` = \"a\": must be of one row only; rows 0 and 2 have this key"
    );
    let error = Mapping::new(vec!["a".into()], Codes::new(vec![0, 1], 1).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { found: 1, rows: 2, .. }), "{error}");
    assert!(matches!(Mapping::new(vec![], Codes::new(vec![], 1).unwrap()).unwrap_err().kind(), ErrorKind::Empty));
}

#[test]
fn clusters_follow_from_the_codes_unless_they_are_given() {
    assert_eq!(three().clusters(), [3, 2]);
    let given = three().with_clusters(&[5]).unwrap();
    assert_eq!(given.clusters(), [5, 2]);
    assert_eq!(given.metrics().unwrap().levels[0].dead_codes, 3);
    let error = three().with_clusters(&[3, 1]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Code { row: 0, level: 1, code: 1, clusters: 1 }), "{error}");
    assert!(matches!(three().with_clusters(&[3, 2, 1]).unwrap_err().kind(), ErrorKind::CodeLevels { .. }));
}

#[test]
fn no_recommender_finds_more_than_the_ceiling() {
    // One of the two items of 0-1 is found by chance, and shoe always is.
    assert_eq!(three().recall_ceiling(1).unwrap(), 2.0 / 3.0);
    assert_eq!(three().recall_ceiling(2).unwrap(), 1.0);
    assert!(three().recall_ceiling(0).is_err());
    assert_eq!(three().sizes().largest(), 2);
}

#[test]
fn weights_say_which_collisions_matter() {
    let weighted = three().weighted_collisions(&[6.0, 1.0, 3.0]).unwrap();
    assert_eq!((weighted.collided_weight_rate, weighted.lost_weight_rate), (0.7, 0.1));
    let even = three().weighted_collisions(&[1.0; 3]).unwrap();
    assert_eq!(even.collided_weight_rate, three().metrics().unwrap().ids.collided_item_rate);
    assert!((even.lost_weight_rate - three().metrics().unwrap().ids.collision_rate).abs() < 1e-15);
    for weights in [&[1.0, -1.0, 1.0][..], &[0.0; 3], &[f64::NAN, 1.0, 1.0], &[f64::INFINITY, 1.0, 1.0]] {
        assert!(matches!(three().weighted_collisions(weights).unwrap_err().kind(), ErrorKind::Parameter { .. }));
    }
    assert!(matches!(three().weighted_collisions(&[1.0]).unwrap_err().kind(), ErrorKind::RowCount { .. }));
}

#[test]
fn fan_out_counts_what_follows_a_prefix() {
    let fan = mapping(&[("a", &[0, 1]), ("b", &[0, 2]), ("c", &[0, 1]), ("d", &[1, 0]), ("e", &[2, 0])]).fan_out();
    assert_eq!((fan[0].prefixes, fan[0].mean, fan[0].median, fan[0].max), (1, 3.0, 3, 3));
    assert_eq!((fan[1].prefixes, fan[1].mean, fan[1].median, fan[1].max), (3, 4.0 / 3.0, 1, 2));
}

#[test]
fn churn_goes_by_keys_and_not_by_order() {
    let newer = mapping(&[("new", &[1, 1]), ("shoe", &[2, 0]), ("cap", &[0, 3])]);
    let churn = newer.churn(&three()).unwrap();
    assert_eq!((churn.added_items, churn.removed_items, churn.changed_items), (1, 1, 1));
    assert_eq!(churn.stability.rows, 2);
    assert_eq!(
        (&churn.stability.unchanged_codes[..], &churn.stability.unchanged_prefixes[..]),
        (&[1.0, 0.5][..], &[1.0, 0.5][..])
    );
    // One more level is a change, but the levels of both are compared.
    let longer = mapping(&[("hat", &[0, 1, 5])]).churn(&three()).unwrap();
    assert_eq!((longer.changed_items, &longer.stability.unchanged_prefixes[..]), (1, &[1.0, 1.0][..]));
    let error = mapping(&[("tie", &[0, 1])]).churn(&three()).unwrap_err().to_string();
    assert!(error.contains("\"tie\"") && error.contains("\"hat\""), "{error}");
}

/// The two files lack codes at the same level, which stands for another code in each.
#[test]
fn churn_of_ids_of_different_lengths_counts_those_that_changed() {
    let folder = Folder::new();
    let read = |name, text: &[u8]| Mapping::read(folder.put(name, text), &MappingOptions::default()).unwrap();
    let older = read("older.jsonl", b"{\"item\":\"a\",\"id\":\"1-2\"}\n{\"item\":\"b\",\"id\":\"1-2-0\"}\n");
    let newer = read(
        "newer.jsonl",
        b"{\"item\":\"a\",\"id\":\"1-2\"}\n{\"item\":\"b\",\"id\":\"1-2\"}\n{\"item\":\"c\",\"id\":\"1-2-7\"}\n",
    );
    let churn = newer.churn(&older).unwrap();
    assert_eq!((churn.added_items, churn.removed_items, churn.changed_items), (1, 0, 1));
    assert_eq!(churn.stability.unchanged_prefixes, [1.0, 1.0, 0.5]);
}

#[test]
fn items_that_occur_together_share_prefixes_or_do_not() {
    let ids = mapping(&[("a", &[0, 0]), ("b", &[0, 1]), ("c", &[1, 0]), ("d", &[1, 1])]);
    let together = [("a", "b"), ("c", "d"), ("b", "a"), ("a", "a"), ("a", "nothing")];
    let measured = ids.co_occurrence(&together, 1).unwrap();
    assert_eq!((measured.pairs, measured.left_out), (3, 2));
    let [first, second] = &measured.levels[..] else { panic!() };
    // The first code of an item says that of its partner; whole IDs do so too, and are never the same.
    assert!((first.normalized_information.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!((first.same_prefix, second.same_prefix), (1.0, 0.0));
    assert!((second.normalized_information.unwrap() - 1.0).abs() < 1e-12);
    // All pairs of all items: a prefix says nothing.
    let keys = ["a", "b", "c", "d"];
    let all: Vec<(&str, &str)> =
        keys.iter().flat_map(|a| keys.iter().map(|b| (*a, *b))).filter(|(a, b)| a != b).collect();
    let measured = ids.co_occurrence(&all, 1).unwrap();
    // p(x, y) is 1/6 on the diagonal of prefixes and 1/3 off it: I = ln 2 - H(1/3).
    let third: f64 = 1.0 / 3.0;
    let expected = 1.0 + (third * third.ln() + (1.0 - third) * (1.0 - third).ln()) / 2.0_f64.ln();
    assert!((measured.levels[0].normalized_information.unwrap() - expected).abs() < 1e-12);
    let one = mapping(&[("a", &[0]), ("b", &[0])]).co_occurrence(&[("a", "b")], 1).unwrap();
    assert_eq!((one.levels[0].normalized_information, one.levels[0].shuffled), (None, None));
    assert!(ids.co_occurrence(&[("x", "a")], 1).unwrap_err().to_string().contains("\"x\""));
    assert!(ids.co_occurrence::<&str>(&[], 1).unwrap_err().to_string().contains("there are no pairs"));
}

#[test]
fn rows_are_joined_by_keys() {
    let values = [10.0, 20.0, 30.0, 40.0];
    let rows = Matrix::new(&values, 1).unwrap();
    let keys = ["shoe", "unknown", "hat", "tie"].map(str::to_owned);
    let ids = three();
    let joined = ids.join(&rows, &keys).unwrap();
    assert_eq!((joined.places(), joined.rows_without_id(), joined.items_without_row()), (&[0, 2][..], 2, 1));
    assert_eq!(joined.codes().values(), [2, 0, 0, 1]);
    let mut out = [0.0; 2];
    joined.read(0, &mut out).unwrap();
    assert_eq!(out, [10.0, 30.0]);
    assert!(joined.read(1, &mut out).is_err());
    let twice = ["hat", "a", "hat", "b"].map(str::to_owned);
    assert!(ids.join(&rows, &twice).unwrap_err().to_string().contains("rows 0 and 2"));
    let none = ["1", "2", "3", "4"].map(str::to_owned);
    assert!(ids.join(&rows, &none).unwrap_err().to_string().contains("\"1\""));
}

/// The same three items in every form.
#[test]
fn every_form_gives_the_same_mapping() {
    let folder = Folder::new();
    let mut files = vec![
        folder.put(
            "index.json",
            br#"{"hat": ["<a_0>", "<b_1>"], "cap": ["<a_0>", "<b_1>"], "shoe": ["<a_2>", "<b_0>"]}"#,
        ),
        folder.put("text.json", br#"{"hat": "0-1", "cap": "<a_0><b_1>", "shoe": [2, 0]}"#),
        folder.put(
            "ids.jsonl",
            b"{\"item\":\"hat\",\"id\":\"0-1\",\"codes\":[0,1]}\n\n{\"item\":\"cap\",\"id\":\"0-1\"}\n\
              {\"key\":\"shoe\",\"sid\":[2,0]}\n",
        ),
    ];
    if cfg!(feature = "csv") {
        files.push(folder.put("ids.csv", b"\xef\xbb\xbfitem,id\nhat,0-1\ncap,\"0,1\"\nshoe,<a_2><b_0>\n"));
        files.push(folder.put("ids.tsv", b"id\titem\n0-1\that\n0-1\tcap\n2-0\tshoe\n"));
    }
    for path in files {
        let read = Mapping::read(&path, &MappingOptions::default()).unwrap();
        assert_eq!((read.keys(), read.codes()), (three().keys(), three().codes()), "{}", path.display());
    }
}

#[cfg(feature = "csv")]
#[test]
fn columns_can_be_named_and_one_per_level() {
    let folder = Folder::new();
    let path = folder.put("ids.csv", b"sku,level 1,level 2,sales\nhat,0,1,6\ncap,0,1,1\nshoe,2,0,3\n");
    let named = |ids: &[&str], weight: Option<&str>| MappingOptions {
        key_column: Some("sku".into()),
        id_columns: ids.iter().map(|id| (*id).to_owned()).collect(),
        weight_column: weight.map(str::to_owned),
        template: None,
    };
    let levels = ["level 1", "level 2"];
    let read = Mapping::read(&path, &named(&levels, None)).unwrap();
    assert_eq!((read.codes(), read.weights()), (three().codes(), None));
    assert_eq!(Mapping::read(&path, &named(&levels, Some("sales"))).unwrap().weights(), Some(&[6.0, 1.0, 3.0][..]));
    let error = Mapping::read(&path, &MappingOptions::default()).unwrap_err().to_string();
    assert!(error.contains("give the column of the items' keys") && error.contains("\"sku\""), "{error}");
    let refused = |options| Mapping::read(&path, &options).unwrap_err().to_string();
    assert!(refused(named(&["level 3"], None)).contains("\"level 3\""));
    assert!(refused(named(&levels, Some("sku"))).contains("\"hat\""));
    assert!(refused(named(&levels, Some("price"))).contains("\"price\""));
    let json = folder.put("ids.json", br#"{"hat": "0-1"}"#);
    let error = Mapping::read(&json, &named(&[], Some("sales"))).unwrap_err().to_string();
    assert!(error.contains("no columns beside"), "{error}");
    let pairs = read_pairs(&path, Some(["sku", "sales"])).unwrap();
    assert_eq!(pairs[0], ("hat".to_owned(), "6".to_owned()));
}

/// The three items as other tools write them: lists of whole numbers of every width, and weights of every kind.
#[cfg(feature = "parquet")]
#[test]
fn lists_of_codes_in_parquet_are_read() {
    use arrow_array::builder::{FixedSizeListBuilder, LargeListBuilder, ListBuilder, PrimitiveBuilder};
    use arrow_array::types::*;
    use arrow_array::{ArrayRef, ArrowPrimitiveType, Float64Array, Int32Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    let folder = Folder::new();
    let write = |columns: Vec<(&str, ArrayRef)>| {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        folder.put("ids.parquet", &writer.into_inner().unwrap())
    };
    let keys = || Arc::new(StringArray::from(vec!["hat", "cap", "shoe"])) as ArrayRef;
    const CODES: [[u8; 2]; 3] = [[0, 1], [0, 1], [2, 0]];
    fn lists<T: ArrowPrimitiveType<Native: From<u8>>>() -> ArrayRef {
        let mut lists = ListBuilder::new(PrimitiveBuilder::<T>::new());
        CODES.iter().for_each(|codes| lists.append_value(codes.map(|code| Some(code.into()))));
        Arc::new(lists.finish())
    }
    let mut large = LargeListBuilder::new(PrimitiveBuilder::<UInt16Type>::new());
    CODES.iter().for_each(|codes| large.append_value(codes.map(|code| Some(code.into()))));
    let mut fixed = FixedSizeListBuilder::new(PrimitiveBuilder::<Int64Type>::new(), 2);
    for codes in CODES {
        codes.iter().for_each(|code| fixed.values().append_value((*code).into()));
        fixed.append(true);
    }
    let columns: Vec<ArrayRef> = vec![
        lists::<Int64Type>(),
        lists::<Int32Type>(),
        lists::<Int16Type>(),
        lists::<UInt8Type>(),
        lists::<UInt32Type>(),
        lists::<UInt64Type>(),
        Arc::new(large.finish()),
        Arc::new(fixed.finish()),
    ];
    let options = MappingOptions { weight_column: Some("sales".into()), ..MappingOptions::default() };
    let weights: [ArrayRef; 2] =
        [Arc::new(Float64Array::from(vec![6.0, 1.0, 3.0])), Arc::new(Int32Array::from(vec![6, 1, 3]))];
    for (i, codes) in columns.iter().enumerate() {
        let name = ["codes", "sid"][i % 2];
        let path = write(vec![("item_id", keys()), (name, codes.clone()), ("sales", weights[i % 2].clone())]);
        let read = Mapping::read(&path, &options).unwrap();
        assert_eq!((read.keys(), read.codes()), (three().keys(), three().codes()), "{:?}", codes.data_type());
        assert_eq!(read.weights(), Some(&[6.0, 1.0, 3.0][..]));
    }
    // A column for every level, where one is a list.
    let level = || Arc::new(Int32Array::from(vec![5, 6, 7])) as ArrayRef;
    let path = write(vec![("key", keys()), ("a", level()), ("b", lists::<Int32Type>())]);
    let both = MappingOptions { id_columns: vec!["a".into(), "b".into()], ..MappingOptions::default() };
    assert_eq!(Mapping::read(&path, &both).unwrap().codes().values(), [5, 0, 1, 6, 0, 1, 7, 2, 0]);

    let refused = |codes: ArrayRef| {
        let path = write(vec![("item", keys()), ("codes", codes)]);
        Mapping::read(&path, &MappingOptions::default()).unwrap_err().to_string()
    };
    let of = |rows: [Option<Vec<Option<i32>>>; 3]| -> ArrayRef {
        let mut lists = ListBuilder::new(PrimitiveBuilder::<Int32Type>::new());
        rows.into_iter().for_each(|row| lists.append_option(row));
        Arc::new(lists.finish())
    };
    let good = || Some(vec![Some(1)]);
    for (rows, said) in [
        ([good(), None, good()], "row 1 is null"),
        ([good(), good(), Some(vec![Some(2), None])], "row 2 has a null in its list"),
        ([good(), Some(vec![Some(-4)]), good()], "row 1 has -4, which is no code"),
        ([good(), Some(vec![]), good()], "at least one code"),
        ([Some(vec![Some(1); 257]), good(), good()], "257"),
        ([Some(vec![Some(70_000)]), good(), good()], "70000"),
    ] {
        let error = refused(of(rows));
        assert!(error.contains(said), "{said}: {error}");
    }
    let error = refused(Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])));
    assert!(error.contains("Float64"), "{error}");
}

/// IDs of a registry may have a suffix, which only the text of the ID shows.
#[test]
fn whole_ids_go_before_their_codes() {
    let folder = Folder::new();
    let line = |item: &str, id: &str| format!("{{\"item\":\"{item}\",\"codes\":[0,1],\"id\":\"{id}\"}}\n");
    let path = folder.put("ids.jsonl", (line("hat", "0-1") + &line("cap", "0-1-1")).as_bytes());
    assert_eq!(Mapping::read(&path, &MappingOptions::default()).unwrap().metrics().unwrap().ids.distinct_ids, 2);
    // A key that is called id is none of its IDs.
    let path = folder.put("keys.jsonl", b"{\"id\":\"B00-numpy\",\"codes\":[0,1]}\n");
    let options = MappingOptions { key_column: Some("id".into()), ..MappingOptions::default() };
    assert_eq!(Mapping::read(&path, &options).unwrap().codes().values(), [0, 1]);
}

#[test]
fn shorter_ids_stay_different_from_longer_ones() {
    let folder = Folder::new();
    let path = folder.put("ids.json", br#"{"a": "1-2", "b": "1-2-0", "c": "1-2-1", "d": "1-2"}"#);
    let read = Mapping::read(&path, &MappingOptions::default()).unwrap();
    assert_eq!(read.codes().values(), [1, 2, 2, 1, 2, 0, 1, 2, 1, 1, 2, 2]);
    assert_eq!(read.metrics().unwrap().ids.distinct_ids, 3);
}

#[test]
fn files_that_hold_no_ids_say_why() {
    let folder = Folder::new();
    for (name, bytes, expected) in [
        ("x.json", &b"[1, 2]"[..], "index.json"),
        ("x.json", b"{\"a\": \"1-2\"", "index.json"),
        ("x.json", b"{\"a\": \"shoe-2\"}", "\"shoe-2\""),
        ("x.json", b"{\"a\": []}", "at least one code"),
        ("x.json", b"{\"a\": [70000]}", "70000"),
        ("x.json", b"{\"a\": \"1\", \"a\": \"2\"}", "rows 0 and 1"),
        ("x.jsonl", b"{\"item\": \"a\", \"id\": null}", "null"),
        ("x.jsonl", b"{\"item\": \"a\"}", "give the column of the IDs"),
        ("x.jsonl", b"{\"item\": \"a\", \"id\": \"1\"}\n{", "line 2"),
        ("x.txt", b"", ".jsonl"),
    ] {
        let path = folder.put(name, bytes);
        let error = Mapping::read(&path, &MappingOptions::default()).unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
    for missing in ["none", "none.txt"] {
        let error = Mapping::read(folder.path(missing), &MappingOptions::default()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
        assert!(matches!(read_pairs(folder.path(missing), None).unwrap_err().kind(), ErrorKind::Io { .. }));
    }
    assert!(matches!(
        Mapping::read(folder.path("none.json"), &MappingOptions::default()).unwrap_err().kind(),
        ErrorKind::Io { .. }
    ));
}

/// A level may have all 65,536 codes; rows without codes are no items.
#[test]
fn codes_of_the_largest_level_and_rows_without_codes() {
    use crate::io::NpyWriter;
    let folder = Folder::new();
    let path = folder.path("codes.npy");
    let mut out = NpyWriter::<u32>::create(&path, 3, 2).unwrap();
    out.write(&[65_535, 1, NO_CODE, NO_CODE, 0, 65_535]).unwrap();
    out.finish().unwrap();
    let read = Mapping::read(&path, &MappingOptions::default()).unwrap();
    assert_eq!((read.keys(), read.left_out()), (&["0".to_owned(), "2".to_owned()][..], 1));
    assert_eq!(read.codes().values(), [65_535, 1, 0, 65_535]);
    assert_eq!(read.clusters(), [65_536; 2]);
    let read = |text: &str| Mapping::read(folder.put("x.json", text.as_bytes()), &MappingOptions::default());
    // The second code of `b` is one that no item has.
    let mixed = read(r#"{"a": [0, 65535], "b": [1], "c": [1, 0]}"#).unwrap();
    assert_eq!(mixed.codes().values(), [0, 65_535, 1, 1, 1, 0]);
    assert_eq!(mixed.metrics().unwrap().ids.distinct_ids, 3);
    assert!(read(r#"{"a": [65536]}"#).unwrap_err().to_string().contains("below 65536"));
}

#[test]
fn a_catalogue_of_ids_has_an_item_for_every_id() {
    let folder = Folder::new();
    let read = |text: &str| Mapping::read(folder.put("sids.json", text.as_bytes()), &MappingOptions::default());
    let ids = read(r#"{"12,5,33": 1, "12,5,34": 1, "0,1,2": 1}"#).unwrap();
    assert_eq!(ids.codes().values(), [12, 5, 33, 12, 5, 34, 0, 1, 2]);
    assert_eq!((ids.keys()[0].as_str(), ids.metrics().unwrap().ids.distinct_ids), ("12,5,33", 3));
    let error = read(r#"{"805347361": 1, "805347362": 1}"#).unwrap_err().to_string();
    assert!(error.contains("packed into integers") && error.contains("805347361"), "{error}");
    // Items that share the ID 1 have other keys, or another item has another ID.
    assert_eq!(read(r#"{"hat": 1, "cap": 1}"#).unwrap().metrics().unwrap().ids.distinct_ids, 1);
    assert_eq!(read(r#"{"1": 1, "2": 0}"#).unwrap().keys(), ["1", "2"]);
}

/// Files of semid may have keys under any name.
#[test]
fn the_only_other_column_has_the_keys() {
    let folder = Folder::new();
    let mut files = vec![folder.put("a.jsonl", b"{\"sku\":\"hat\",\"id\":\"0-1\",\"codes\":[0,1]}\n")];
    if cfg!(feature = "csv") {
        files.push(folder.put("a.csv", b"sku,id\nhat,0-1\n"));
    }
    for path in files {
        let read = Mapping::read(&path, &MappingOptions::default()).unwrap();
        assert_eq!((read.keys(), read.codes().values()), (&["hat".to_owned()][..], &[0, 1][..]), "{}", path.display());
    }
    for text in ["{\"sku\":\"hat\",\"id\":\"0-1\",\"name\":\"Hat\"}", "{\"id\":\"7\",\"title\":\"9\"}"] {
        let error = Mapping::read(folder.put("b.jsonl", text.as_bytes()), &MappingOptions::default()).unwrap_err();
        assert!(error.to_string().contains("give the column of the items' keys"), "{error}");
    }
}
