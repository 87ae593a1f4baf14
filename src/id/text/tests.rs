use super::*;
use crate::id::template::TokenTemplate;
use proptest::prelude::*;
use std::collections::HashMap;

const SEPARATORS: [&str; 13] = ["-", "--", " ", "/", "_", "><", "<", ">_<", "\u{2192}", "-x", "\u{e9}\t", ".", "a"];

fn form() -> impl Strategy<Value = IdText> {
    let suffix = prop_oneof![Just(SuffixForm::WhenNeeded), Just(SuffixForm::Always), Just(SuffixForm::Item)];
    let format = prop_oneof![
        prop::sample::select(&SEPARATORS[..]).prop_map(IdFormat::plain),
        Just(IdFormat::token()),
        template().prop_map(IdFormat::tokens),
    ];
    (format, suffix).prop_filter_map("refused", |(format, suffix)| IdText::new(format, suffix).ok())
}

/// Templates of all shapes, with and without marks.
fn template() -> impl Strategy<Value = TokenTemplate> {
    let texts = [
        "<{level}_{code}>",
        "<s_{level}_{code}>",
        "<item_L{level0}_C{code}>",
        "{level}{code}",
        "{code}{level}",
        "{code}{level}|",
        "[{code}@{level1}]",
        "L{level1}:{code};",
        "{code}-{level0}_",
        "\u{2192}{level}12{code}\"",
        "0{level}0{code}x9",
    ];
    let marks = ["<|sid_begin|>", "<", "</s>", "\u{e9}", "_", "<a_", "x"];
    let mark = || prop::option::of(prop::sample::select(marks.to_vec()));
    (prop::sample::select(texts.to_vec()), mark(), mark(), 0..2_u32).prop_filter_map(
        "refused",
        |(text, begin, end, base)| {
            let mut template = TokenTemplate::new(text).unwrap().base(base).unwrap();
            if let Some(mark) = begin {
                template = template.begin(mark).ok()?;
            }
            end.map_or(Some(template.clone()), |mark| template.end(mark).ok())
        },
    )
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
            let prefix = form.format().format_prefix(&id.codes[..len]);
            prop_assert_eq!(form.parse_prefix(&prefix, levels).unwrap(), &id.codes[..len]);
        }
    }

    #[test]
    fn what_is_read_is_written_so(form in form(), text in "[-0-9a-d_<>%/+ sLC:;|@\\[\\]]{0,12}") {
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

#[test]
fn ambiguous_templates_are_refused() {
    for (text, part) in [
        ("<s>", "one {code} and one {level}"),
        ("<{code}>", "one {code} and one {level}"),
        ("<{level}>", "one {code} and one {level}"),
        ("<{level}{code}{code}>", "no other braces"),
        ("<{level}{level0}{code}>", "no other braces"),
        ("<{level}_{code}_{x}>", "no other braces"),
        ("<{level} {code}>", "no white space"),
        ("{level0}{code}", "after {code}"),
        ("{code}{level1}", "after {code}"),
        ("{code}0{level}", "after {code}"),
        ("1{level}_{code}", "after {code}"), // a token, and then another one
        ("<{level}x_{code}>", "after the level"),
        ("<{level0}0_{code}>", "after the level"),
        ("b_{code}_{level}", "after the level"),
    ] {
        let error = TokenTemplate::new(text).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "token template", .. }), "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    let open = TokenTemplate::new("{level}_{code}").unwrap();
    assert!(open.clone().end("0").is_err() && open.clone().begin("0").is_ok());
    for mark in ["", " ", "\n", "a_1", "z_0", "aa_65535"] {
        assert!(open.clone().begin(mark).is_err(), "{mark:?}");
    }
    assert!(open.clone().begin("a_01").is_ok() && open.clone().base(2).is_err());
    assert!(open.begin("<x>").unwrap().end("<x>").is_err());
    // No template but the default one can hold item keys.
    let template = TokenTemplate::new("<s_{level}_{code}>").unwrap();
    let error = IdText::new(IdFormat::tokens(template), SuffixForm::Item).unwrap_err();
    assert!(error.to_string().contains("item key"), "{error}");
}

/// Tokens of all levels and codes: no two are equal, and where one begins another one, what follows it in a text cannot
/// go on as the other one does, so that tokenizers, which take the longest, find the tokens that were written.
#[test]
fn tokenizers_find_the_tokens_of_every_template() {
    for text in ["{level}{code}", "{code}{level}", "L{level1}:{code};", "[{code}@{level1}]", "0{level}0{code}x9"] {
        let template = TokenTemplate::new(text).unwrap();
        let tokens: Vec<String> = (0..30)
            .flat_map(|level| (0..25).map(move |code| (level, code)))
            .map(|(l, c)| template.token(l, c))
            .collect();
        let known: std::collections::HashSet<&str> = tokens.iter().map(String::as_str).collect();
        assert_eq!(known.len(), tokens.len(), "{text}");
        for codes in [[1, 2, 3], [0, 0, 0], [2, 12, 21], [24, 2, 4]] {
            let written = template.write(codes.iter().map(|code| template.number(*code)), true);
            let (mut rest, mut found) = (written.as_str(), Vec::new());
            while !rest.is_empty() {
                let ends = (1..=rest.len()).rev().filter(|end| rest.is_char_boundary(*end));
                let longest = ends.map(|end| &rest[..end]).find(|part| known.contains(part)).unwrap();
                found.push(longest);
                rest = &rest[longest.len()..];
            }
            let expected: Vec<String> =
                codes.iter().enumerate().map(|(level, code)| template.token(level, *code)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
