use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const SEPARATORS: [&str; 13] = ["-", "--", " ", "/", "_", "><", "<", ">_<", "\u{2192}", "-x", "\u{e9}\t", ".", "a"];

fn form() -> impl Strategy<Value = IdText> {
    let suffix = prop_oneof![Just(SuffixForm::WhenNeeded), Just(SuffixForm::Always), Just(SuffixForm::Item)];
    let format = prop_oneof![prop::sample::select(&SEPARATORS[..]).prop_map(IdFormat::plain), Just(IdFormat::token()),];
    (format, suffix).prop_filter_map("refused", |(format, suffix)| IdText::new(format, suffix).ok())
}

/// Keys that look like parts of IDs, separators or escapes.
fn item() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "-",
        "--",
        "x",
        "1",
        "0",
        "%",
        "%2D",
        "2D",
        "%25",
        "/",
        "_",
        " ",
        "\t",
        "<",
        ">",
        "><",
        "<d_1>",
        "\u{2192}",
        "\u{e9}",
        "\u{a0}",
        "\u{7f}",
        ".",
        "\u{10ffff}",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..6).prop_map(|pieces| pieces.concat())
}

fn id(levels: usize) -> impl Strategy<Value = SemanticId> {
    let code = prop_oneof![0..12_u32, Just(65_535)];
    let suffix = prop_oneof![Just(0), 0..3_u64, RETURNED - 1..RETURNED + 3, Just(u64::MAX)];
    (prop::collection::vec(code, levels), suffix).prop_map(|(codes, suffix)| SemanticId { codes, suffix })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(form in form(), levels in prop_oneof![1..4_usize, Just(30)], seed in any::<u64>(),
                                    item in item(), ids in id(30)) {
        let id = SemanticId::new(ids.codes[..levels].to_vec(), ids.suffix ^ (seed & 1));
        let text = form.text(&id, &item);
        let expected = match form.suffix() {
            SuffixForm::Item => {
                let suffix = (id.suffix >= RETURNED).then_some(id.suffix);
                ParsedId::Item { codes: id.codes.clone(), item, suffix }
            }
            _ => ParsedId::Id(id.clone()),
        };
        prop_assert_eq!(form.parse(&text, levels).unwrap(), expected, "{}", text);
        // No text reads as an ID with one level more or less, unless a suffix looks like a code: the number of levels
        // is fixed.
        if let Some(separator) = form.format().separator() {
            let last = match form.suffix() {
                SuffixForm::WhenNeeded => usize::from(id.suffix > 0),
                SuffixForm::Always => 1,
                SuffixForm::Item => 1 + usize::from(id.suffix >= RETURNED),
            };
            let parts = levels + last;
            prop_assert_eq!(text.split(separator).count(), parts);
        }
        for len in 1..=levels {
            let prefix = form.format().format_row(&id.codes[..len]);
            prop_assert_eq!(form.parse_prefix(&prefix, levels).unwrap(), &id.codes[..len]);
        }
    }

    #[test]
    fn what_is_read_is_written_so(form in form(), text in "[-0-9a-d_<>%/+ ]{0,12}") {
        for levels in 1..4 {
            match form.parse(&text, levels) {
                Ok(ParsedId::Id(id)) => prop_assert_eq!(form.text(&id, "other"), text.as_str()),
                Ok(ParsedId::Item { codes, item, suffix }) => {
                    let id = SemanticId::new(codes, suffix.unwrap_or(7));
                    prop_assert_eq!(form.text(&id, &item), text.as_str());
                }
                Err(error) => prop_assert!(matches!(error.kind(), ErrorKind::IdText { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn texts_of_all_small_ids_differ() {
    let items = ["a", "b", "a-1", "1", "0", "a%2D1", "-", "%", "a 1", "<b>", "", "1-1", "b_1"];
    for separator in ["-", "/", " ", "b_", ""] {
        let format = if separator.is_empty() { IdFormat::token() } else { IdFormat::plain(separator) };
        for suffix in [SuffixForm::WhenNeeded, SuffixForm::Always, SuffixForm::Item] {
            let Ok(form) = IdText::new(format.clone(), suffix) else { continue };
            let mut seen = HashMap::new();
            for (a, b, c) in (0..13).flat_map(|a| (0..13).flat_map(move |b| (0..13).map(move |c| (a, b, c)))) {
                let item = items[c as usize];
                let suffixes = if suffix == SuffixForm::Item { vec![0, RETURNED, RETURNED + 1] } else { vec![c] };
                for suffix in suffixes {
                    let id = SemanticId::new(vec![a, b], suffix);
                    let former = seen.insert(form.text(&id, item), (id.clone(), item));
                    assert_eq!(former, None, "{form:?} {id:?} {item}");
                }
            }
        }
    }
}

#[test]
fn spellings() {
    let form = |suffix| IdText::new(IdFormat::plain("-"), suffix).unwrap();
    let token = |suffix| IdText::new(IdFormat::token(), suffix).unwrap();
    let id = |suffix| SemanticId::new(vec![12, 5, 33], suffix);
    assert_eq!(form(SuffixForm::WhenNeeded).text(&id(0), "x"), "12-5-33");
    assert_eq!(form(SuffixForm::WhenNeeded).text(&id(1), "x"), "12-5-33-1");
    assert_eq!(form(SuffixForm::Always).text(&id(0), "x"), "12-5-33-0");
    assert_eq!(form(SuffixForm::Item).text(&id(4), "a-1 \u{e9}%"), "12-5-33-a%2D1%20\u{e9}%25");
    assert_eq!(form(SuffixForm::Item).text(&id(RETURNED), "a-1"), "12-5-33-a%2D1-1");
    assert_eq!(token(SuffixForm::Item).text(&id(RETURNED + 8), "a"), "<a_12><b_5><c_33><d_a><e_9>");
    assert_eq!(token(SuffixForm::Always).text(&id(1), "x"), "<a_12><b_5><c_33><d_1>");
    assert_eq!(token(SuffixForm::Item).text(&id(1), "a-1>"), "<a_12><b_5><c_33><d_a-1%3E>");
    let deep = SemanticId::new((0..30).collect(), 2);
    assert!(token(SuffixForm::WhenNeeded).text(&deep, "x").ends_with("<z_25><aa_26><ab_27><ac_28><ad_29><ae_2>"));
}

#[test]
fn other_texts_are_refused_with_an_example() {
    let form = IdText::new(IdFormat::plain("-"), SuffixForm::WhenNeeded).unwrap();
    for text in
        ["", "1", "1-2-3-4", "1-2-0", "01-2", "+1-2", "1--2", "1-2-", "-1-2", "1-2 ", "1-4294967296", "a-2", "1_2"]
    {
        let error = form.parse(text, 2).unwrap_err();
        assert!(error.to_string().contains("`1-2-1`"), "{text}: {error}");
    }
    for text in ["1-2-3", "1--", "-", "-1", "x", "1-2 ", "1-2-3-"] {
        assert!(form.parse_prefix(text, 2).is_err(), "{text}");
    }
    for (text, codes) in [("", vec![]), ("1", vec![1]), ("1-", vec![1]), ("1-2", vec![1, 2]), ("1-2-", vec![1, 2])] {
        assert_eq!(form.parse_prefix(text, 2).unwrap(), codes, "{text}");
    }
    let token = IdText::new(IdFormat::token(), SuffixForm::WhenNeeded).unwrap();
    for text in ["<a_1><a_2>", "<a_1>", "<a_1><b_2>x", "a_1><b_2", "<a_1> <b_2>", "<b_1><a_2>"] {
        assert!(token.parse(text, 2).is_err(), "{text}");
    }
}

#[test]
fn forms_that_could_mislead_are_refused() {
    for (separator, suffix) in
        [("", SuffixForm::Always), ("-1", SuffixForm::Always), ("%", SuffixForm::Item), ("xC", SuffixForm::Item)]
    {
        let error = IdText::new(IdFormat::plain(separator), suffix).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "separator", .. }), "{separator}: {error}");
    }
    assert!(IdText::new(IdFormat::plain("%"), SuffixForm::Always).is_ok());
    assert!(IdText::new(IdFormat::custom(|_| String::new()), SuffixForm::Always).is_err());
}
