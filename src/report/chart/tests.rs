//! Whole charts leave room for the frame, whatever the legend, and draw nothing outside.

use super::{Axis, Chart, Ink, Series, SeriesShape};
use roxmltree::{Document, Node};

/// Draws a chart whose lines go from the lowest to the highest value of both axes.
fn drawn(names: &[String]) -> (String, (u32, u32)) {
    let series = names.iter().enumerate().map(|(i, name)| Series {
        name: Some(name.clone()),
        ink: Ink::Series(i),
        shape: SeriesShape::Line,
        points: vec![(0.0, 0.0), (1.0, 1.0)],
    });
    let chart = Chart { x: Axis::share("x"), y: Axis::share("y"), series: series.collect() };
    let (body, size) = chart.draw().unwrap();
    (format!("<svg>{body}</svg>"), size)
}

fn number(node: &Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Returns the distance from the first to the last point of a path, across and down.
fn extent(path: &str) -> (f64, f64) {
    let points: Vec<f64> =
        path.split(['M', 'L', ' ']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect();
    let [from_x, from_y, .., to_x, to_y] = points[..] else { panic!("{path}") };
    ((to_x - from_x).abs(), (to_y - from_y).abs())
}

#[test]
fn the_frame_is_as_large_whatever_the_legend() {
    let long = |count: usize| (0..count).map(|i| format!("{i} clusters, rq-kmeans, balanced")).collect::<Vec<_>>();
    let short = |count: usize| (0..count).map(|i| format!("level {i}")).collect::<Vec<_>>();
    for names in [long(1), long(12), long(24), short(1), short(12), short(24), vec!["x".repeat(400); 3]] {
        let (svg, (width, height)) = drawn(&names);
        let document = Document::parse(&svg).unwrap();
        let of_series = |node: &Node<'_, '_>| node.attribute("class").is_some_and(|class| class.starts_with("l-s"));
        let paths = document.descendants().filter(of_series).map(|node| extent(node.attribute("d").unwrap()));
        // The samples in the legend are level.
        let lines: Vec<(f64, f64)> = paths.filter(|path| path.1 > 0.0).collect();
        assert_eq!(lines.len(), names.len());
        assert!(lines.iter().all(|line| line.0 > 250.0 && (155.0..160.0).contains(&line.1)), "{lines:?}");
        let texts = document.descendants().filter(|node| node.has_tag_name("text"));
        for text in texts.filter(|text| text.attribute("text-anchor") == Some("start")) {
            let end = number(&text, "x") + text.text().unwrap().chars().count() as f64 * 13.0 * 0.56;
            assert!(end <= f64::from(width) && number(&text, "y") <= f64::from(height), "{text:?}");
        }
    }
}

#[test]
fn one_line_of_names_makes_a_chart_no_higher() {
    let (none, one) = (drawn(&[]).1, drawn(&["a".to_owned(), "b".to_owned()]).1);
    assert_eq!((none, one), ((340, 256), (340, 256)));
}
