//! Whole reports are well-formed, keep hostile texts as texts, and give the same bytes for the same input.

use super::{ModelFindings, Report, ReportPage};
use crate::blocks::Blocks;
use crate::metrics::Evaluation;
use crate::quantizer::{EncodeOptions, Sink};
use crate::rq::EncodeReport;
use crate::{
    Codes, Device, Error, ErrorKind, LabelledFit, Labels, Matrix, Metric, Model, Rows, RqKMeans, UnknownLabel, Weights,
};
use roxmltree::{Document, ParsingOptions};

/// Texts that would do harm in HTML, in a script, in an attribute or in an SVG.
const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"' onmouseover='alert(3)",
    "]]><svg onload=alert(4)>",
    "<!--<script>",
    "&amp;&#60;&lt;",
    "\u{0}\u{1b}\u{202e}\u{2028}",
    "\u{fffe}\u{ffff}",
];

/// A model that takes its codes from the rows: it has no decoder, so no errors are measured.
struct Given {
    clusters: Vec<usize>,
    codes: Codes,
}

impl crate::metrics::Quantizer for Given {
    fn dim(&self) -> usize {
        1
    }

    fn clusters(&self) -> Vec<usize> {
        self.clusters.clone()
    }

    fn metric(&self) -> Metric {
        Metric::L2
    }

    fn reconstructs(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        "given"
    }

    fn fingerprint(&self) -> String {
        String::new()
    }

    fn encode_quantized(
        &self,
        _: &dyn Rows,
        _: &Device,
        _: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport, Error> {
        sink(0, self.codes.values())?;
        Ok(EncodeReport::default())
    }

    fn decode_levels(&self, codes: &Codes, _: usize, _: &Device) -> Result<Vec<f32>, Error> {
        Ok(codes.rows().map(|codes| codes.iter().map(|code| *code as f32).sum()).collect())
    }
}

/// Makes 40 rows in 8 groups of 5; the items of the first two groups share IDs.
fn run(report: &Report, device: &Device) -> Result<ReportPage, Error> {
    let values: Vec<f32> = (0..40).map(|row| (row * row % 17) as f32).collect();
    let codes = (0..40).flat_map(|row| [row % 8, if row % 8 < 2 { 0 } else { row / 8 }]).collect();
    let model = Given { clusters: vec![9, 5], codes: Codes::new(codes, 2).unwrap() };
    report.run(&model, &Matrix::new(&values, 1).unwrap(), device)
}

fn names() -> Vec<String> {
    (0..40).map(|row| HOSTILE.get(row).map_or_else(|| format!("item {row}"), |name| (*name).to_owned())).collect()
}

/// Returns the data of the tree in a page.
fn tree(page: &str) -> serde_json::Value {
    let start = page.split("id=\"tree-data\">").nth(1).unwrap();
    serde_json::from_str(start.split("</script>").next().unwrap()).unwrap()
}

#[test]
fn hostile_names_and_labels_stay_texts() {
    let mut names = names();
    // Row 39 is nearest to the centre of code 7, so its name is drawn.
    names[39] = HOSTILE[7].to_owned();
    let mut labels = names.clone();
    labels.rotate_left(3);
    let report = Report::new().title(HOSTILE[0]).names(&names).labels(&labels).detail(HOSTILE[1], HOSTILE[2]);
    let page = run(&report, &Device::cpu()).unwrap();
    let html = page.html();
    for bad in ["<script>alert", "<img", "<svg onload", "<!--"] {
        assert!(!html.contains(bad), "{bad}");
    }
    let (before, data) = html.split_once("id=\"tree-data\">").unwrap();
    let after = data.split_once("</script>").unwrap().1;
    assert!(!before.contains(HOSTILE[2]) && !after.contains(HOSTILE[2]), "an attribute would end");
    // The page has the data of the tree and the script, and no other script.
    assert_eq!((html.matches("<script").count(), html.matches("</script").count()), (2, 2));
    // All names are there, except for characters that XML forbids.
    let tree = tree(html);
    assert_eq!(tree["names"][0], HOSTILE[0]);
    assert_eq!(tree["names"][6], "  \u{202e}\u{2028}");
    assert_eq!(tree["names"].as_array().unwrap().len(), 40);
    assert!(tree["labels"].as_array().unwrap().len() > 1);
    assert!(html.contains("&lt;img src=x onerror=alert(2)&gt;"));
    for figure in page.figures() {
        Document::parse(&figure.svg).unwrap();
        assert!(!figure.svg.contains(['\u{fffe}', '\u{ffff}']), "{}", figure.name);
    }
    assert!(page.figures().iter().any(|figure| figure.svg.contains("\u{fffd}\u{fffd}")), "the name is drawn");
}

#[test]
fn figures_are_files_of_their_own_with_words() {
    let page = run(&Report::new(), &Device::cpu()).unwrap();
    let names: Vec<&str> = page.figures().iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(names, ["collisions", "tree", "usage-1", "usage-2", "lorenz", "recall"]);
    for figure in page.figures() {
        let document = Document::parse(&figure.svg).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("role")), ("svg", Some("img")), "{}", figure.name);
        for what in ["aria-labelledby", "aria-describedby"] {
            let id = root.attribute(what).unwrap();
            let words =
                document.descendants().find(|node| node.attribute("id") == Some(id)).and_then(|node| node.text());
            assert!(words.is_some_and(|words| words.len() > 10), "{} {what}", figure.name);
        }
        // Every colour comes from the style, so that light and dark have different ones.
        for node in document.descendants().filter(|node| node.is_element()) {
            assert!(node.attribute("fill").is_none() && node.attribute("stroke").is_none(), "{}", figure.name);
        }
    }
}

#[test]
fn the_drawings_of_the_page_are_those_of_the_files() {
    let page = run(&Report::new(), &Device::cpu()).unwrap();
    let drawings: Vec<&str> =
        page.html().split("<svg ").skip(1).map(|part| part.split("</svg>").next().unwrap()).collect();
    assert_eq!(drawings.len(), page.figures().len());
    for (drawing, figure) in drawings.iter().zip(page.figures()) {
        let drawing = format!("<svg {drawing}</svg>");
        let document = Document::parse_with_options(&drawing, ParsingOptions::default()).unwrap();
        let shapes = document.descendants().filter(|node| node.is_element()).count();
        let alone = Document::parse(&figure.svg).unwrap();
        // The separate file also has a style, a background and a title.
        assert_eq!(shapes + 3, alone.descendants().filter(|node| node.is_element()).count(), "{}", figure.name);
    }
}

#[test]
fn the_same_bytes_on_every_device_and_for_every_run() {
    let names = names();
    let report = Report::new().names(&names);
    let page = run(&report, &Device::reference()).unwrap();
    assert_eq!(run(&report, &Device::cpu()).unwrap(), page);
    assert_eq!(run(&report, &Device::cpu()).unwrap(), page);
    assert_ne!(run(&report.clone().title("other"), &Device::cpu()).unwrap().html(), page.html());
}

#[test]
fn the_numbers_of_the_page_are_those_of_the_codes() {
    let page = run(&Report::new(), &Device::cpu()).unwrap();
    // 6 groups have 5 items with different IDs, and 2 IDs have 5 items each.
    for text in
        ["40 items have 32 different IDs of 2 codes", "25.0 % of the items share their ID", "1 of 9 codes of level 1"]
    {
        assert!(page.html().contains(text), "{text}");
    }
    let tree = tree(page.html());
    assert_eq!(tree["levels"], 2);
    // Code 0 has 5 items with one ID: the rows 0, 8, 16, 24 and 32.
    assert_eq!((&tree["root"][1], &tree["root"][2]), (&40.into(), &10.into()));
    // Their values are 0, 13, 1, 15 and 4, and the mean is 6.6: rows with 4, 1, 0, 13 and 15 are 2.6, 5.6, 6.6, 6.4 and
    // 8.4 away.
    let nearest = [32, 16, 8, 0, 24];
    let id = serde_json::json!([0, 5, 5, [0, 8, 16, 24, 32], -1, nearest]);
    assert_eq!(tree["root"][3][0], serde_json::json!([0, 5, 5, [id], -1, nearest]));
}

/// The nearest rows are found by sorting; none of the first rows is among them.
#[test]
fn cells_are_named_by_the_items_nearest_to_their_centre() {
    let noise = |row: usize| (crate::rng::row_hash(3, row as u64) % 2000) as f32 / 100.0 - 10.0;
    // The first rows of every group are the farthest from its centre.
    let value = |row: usize| (row % 4 * 1000) as f32 + if row < 12 { 50.0 * noise(row).signum() } else { noise(row) };
    let values: Vec<f32> = (0..80).map(value).collect();
    let names: Vec<String> = (0..80).map(|row| format!("{row} group{} of it", row % 4)).collect();
    let codes = (0..80_u32).flat_map(|row| [row % 4, row / 4]).collect();
    let model = Given { clusters: vec![4, 20], codes: Codes::new(codes, 2).unwrap() };
    let rows = Matrix::new(&values, 1).unwrap();
    let page = Report::new().names(&names).k(0).run(&model, &rows, &Device::cpu()).unwrap();
    let tree = tree(page.html());
    let numbers = |list: &serde_json::Value| -> Vec<usize> {
        list.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
    };
    for cell in tree["root"][3].as_array().unwrap() {
        let code = cell[0].as_u64().unwrap() as usize;
        let mut members: Vec<usize> = (0..80).filter(|row| row % 4 == code).collect();
        let mean = members.iter().map(|row| f64::from(values[*row])).sum::<f64>() / 20.0;
        let distance = |row: usize| (f64::from(values[row]) - mean).powi(2);
        members.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        assert_eq!(numbers(&cell[5]), members[..8], "group {code}");
        assert!(members[0] >= 12, "the first rows are far away");
        // Only the word counts that the other names lack.
        let words: Vec<&str> = numbers(&cell[6]).iter().map(|word| tree["words"][word].as_str().unwrap()).collect();
        assert_eq!(words, [format!("group{code}")]);
    }
    assert!(page.html().contains("Words that set names apart") && page.html().contains("Nearest to the centre"));
}

#[test]
fn equal_rows_are_named_by_the_first_ones() {
    let codes = (0..30_u32).flat_map(|row| [0, row]).collect();
    let model = Given { clusters: vec![1, 30], codes: Codes::new(codes, 2).unwrap() };
    let page = Report::new().k(0).run(&model, &Matrix::new(&[1.5; 30], 1).unwrap(), &Device::cpu()).unwrap();
    assert_eq!(tree(page.html())["root"][3][0][5], serde_json::json!([0, 1, 2, 3, 4, 5, 6, 7]));
}

#[test]
fn neighbours_and_pairs_are_as_many_as_asked_for() {
    let page = |report: Report| run(&report, &Device::cpu());
    let of = |report| page(report).unwrap().html().to_owned();
    let plain = of(Report::new());
    assert!(plain == of(Report::new().k(10).pairs(20_000)) && plain.contains("recall@10 by"));
    let three = of(Report::new().k(3));
    assert!(
        three.contains("recall@3 by") && three.contains("Of the 3 items most like") && !three.contains("recall@10")
    );
    // 40 rows have 780 pairs; fewer pairs give another correlation.
    let correlation = |html: &str| html.split("a rank correlation of ").nth(1).unwrap()[..6].to_owned();
    assert_eq!(correlation(&of(Report::new().pairs(780))), correlation(&plain));
    assert_ne!(correlation(&of(Report::new().pairs(20))), correlation(&plain));
    let none = of(Report::new().k(0));
    assert!(none == of(Report::new().sample(0)) && !none.contains("recall@") && !none.contains("rank correlation"));
    for (report, name) in [(Report::new().k(40), "k"), (Report::new().pairs(0), "pairs")] {
        let error = page(report).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: found, .. } if *found == name), "{error:?}");
    }
}

#[test]
fn nothing_is_loaded() {
    let html = run(&Report::new(), &Device::cpu()).unwrap().html().to_owned();
    assert!(html.contains("default-src 'none'"));
    for loads in ["http://", "https://", "src=", "@import", "url("] {
        let found = html.matches(loads).count();
        // Names in XML are no addresses.
        assert_eq!(found, 0, "{loads}");
    }
}

#[test]
fn lists_of_wrong_length_are_refused() {
    let short = vec![String::new(); 39];
    let error = run(&Report::new().names(&short), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { what: "names", found: 39, rows: 40 }), "{error:?}");
    let error = run(&Report::new().labels(&short), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { what: "labels", found: 39, rows: 40 }), "{error:?}");
}

#[test]
fn a_single_row_has_a_report() {
    let model = Given { clusters: vec![1], codes: Codes::new(vec![0], 1).unwrap() };
    let page = Report::new().run(&model, &Matrix::new(&[1.0], 1).unwrap(), &Device::cpu()).unwrap();
    let sentence = "1 item has 1 different ID of 1 code, out of 1 possible one.";
    assert!(page.html().contains(sentence) && page.html().contains("No two items share an ID."));
    assert!(page.html().contains("Map of 1 item in 1 group"));
}

/// A page about a model with labels, several embeddings and a beam has parts about them, with texts as texts.
#[test]
fn what_a_model_is_made_of_is_shown() {
    let device = Device::cpu();
    let values: Vec<f32> = (0..160).map(|i| ((i * i * 7) % 101) as f32).collect();
    let rows = Matrix::new(&values, 4).unwrap();
    let label = |row: usize| (!row.is_multiple_of(5)).then(|| HOSTILE[row % 3]);
    let labels = Labels::new([(HOSTILE[1], (0..40).map(label))]).unwrap();
    let fit = LabelledFit::new(&labels).unknown(UnknownLabel::Reserve);
    let model = RqKMeans::new(1, 4).fit_labelled(&rows, &fit, &device).unwrap();
    let codes = model.encoder().labels(&labels).encode(&rows, &device).unwrap();
    let draw = |model: &dyn crate::Quantizer, codes: &Codes, findings: ModelFindings| {
        let report = Report::new().findings(findings);
        let page = report.run_on_codes(model, &rows, codes, &device, |_| std::ops::ControlFlow::Continue(()));
        page.unwrap().html().to_owned()
    };
    let page = draw(&model, &codes, ModelFindings::default());
    assert!(!page.contains("<img") && !page.contains("<script>alert"));
    // 8 of 40 rows have no label, and the others have one of three; the most frequent comes first.
    let counts: Vec<usize> = (0..3).map(|of| (0..40).filter(|row| label(*row) == Some(HOSTILE[of])).count()).collect();
    let table =
        page.split("hidden\">Labels of level 1</caption>").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
    for (count, text) in counts.iter().zip(["&lt;/script&gt;", "&lt;img src=x", "onmouseover"]) {
        let row = table.split("<tr").find(|row| row.contains(text)).unwrap();
        assert!(row.contains(&format!("<td role=\"cell\">{count}</td>")), "{count} in {row}");
    }
    let unknown = table.split("<tr").find(|row| row.contains("(no known label)")).unwrap();
    assert!(
        unknown.contains(">3</td>") && unknown.contains(">8</td>") && unknown.contains(">20.0 %</td>"),
        "{unknown}"
    );
    assert!(page.contains("The first code of an ID comes from labels"));

    let blocks = Blocks::fit(&rows, [("text", 1, 1.0), (HOSTILE[2], 3, 0.25)], None).unwrap();
    let refined = Model::from(RqKMeans::new(2, 4).refine(2).refine_beam(3).fit(&rows, &device).unwrap());
    let refined = refined.with_blocks(blocks).unwrap().with_pair_weight(0.5).unwrap();
    let greedy = refined.encoder().beam(1).encode(&rows, &device).unwrap();
    let codes = refined.encode(&rows, &device).unwrap();
    let evaluation = Evaluation::new().k(0).beam(1);
    let nearest = evaluation.run(&*refined, &rows, &device).unwrap().errors;
    let mut findings = ModelFindings { nearest, imputed: vec![0, 1234], ..ModelFindings::default() };
    let page = draw(&*refined, &codes, findings.clone());
    for part in
        ["2 rounds, by a beam of 3", "3 codes per row and level, which the model keeps", "1,234", "0.25", "0.5 of"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("by the nearest codeword of every level:") && !page.contains("\"' onmouseover"));
    findings.beam = Some(1);
    findings.nearest = None;
    let page = draw(&*refined, &greedy, findings);
    assert!(page.contains("none: the nearest codeword of every level"));
    // A model of plain levels has none of these parts.
    let plain = RqKMeans::new(2, 4).fit(&rows, &device).unwrap();
    let page = draw(&plain, &plain.encode(&rows, &device).unwrap(), ModelFindings::default());
    for part in ["model-section", "blocks-section", "labels-1-section", "weights-section", "co-occurrence-section"] {
        assert!(!page.contains(part), "{part}");
    }
}

/// The cells of a row of the table of weights: by weight, and all items alike.
fn weighed(page: &str, name: &str) -> [String; 2] {
    let table = page.split("hidden\">Weights</caption>").nth(1).unwrap().split("</table>").next().unwrap();
    let row = table.split("<tr").find(|row| row.contains(name)).unwrap_or_else(|| panic!("{name} in {table}"));
    let cells: Vec<String> =
        row.split("<td role=\"cell\">").skip(1).map(|cell| cell.split('<').next().unwrap().to_owned()).collect();
    cells.try_into().unwrap()
}

#[test]
fn items_count_by_their_weights() {
    let device = Device::cpu();
    // Rows 0 to 19 are equal, so they collide; the others are far from each other.
    let values: Vec<f32> = (0..40).flat_map(|row| [if row < 20 { 0.0 } else { (row * row) as f32 }, 1.0]).collect();
    let rows = Matrix::new(&values, 2).unwrap();
    let model = RqKMeans::new(1, 21).fit(&rows, &device).unwrap();
    let page = |weights: Vec<u64>| {
        let report = Report::new().k(3).weights(Weights::new(weights).unwrap());
        report.run(&model, &rows, &device).unwrap().html().to_owned()
    };
    let alike = page(vec![7; 40]);
    for name in
        ["Squared error per item<", "another item has too", "heaviest item", "Recall@3 by decoded", "NDCG@3 by shared"]
    {
        let [weighted, all] = weighed(&alike, name);
        assert_eq!(weighted, all, "{name}");
    }
    // One item in 100 is equal to others: by weight, not one in two.
    let rare = page((0..40).map(|row| if row < 20 { 1 } else { 99 }).collect());
    assert_eq!(weighed(&rare, "another item has too"), ["1.0 %", "50.0 %"]);
    // Of 20 + 1,980, the twenty equal items lose 19.
    assert_eq!(weighed(&rare, "heaviest item"), ["0.9 %", "47.5 %"]);
    let few = Report::new().weights(Weights::new([1; 39]).unwrap()).run(&model, &rows, &device);
    assert!(matches!(few.unwrap_err().kind(), ErrorKind::RowCount { what: "weights", .. }));
}
