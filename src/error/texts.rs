//! Parts of the messages of kinds.

use std::ops::RangeInclusive;

/// Says which namespaces there are instead of the one that was asked for.
pub(super) fn no_namespace(namespace: &str, known: &[String]) -> String {
    let shown = |name: &String| if name.is_empty() { "the one without a name".to_owned() } else { format!("`{name}`") };
    let known = known.iter().map(shown).collect::<Vec<_>>().join(", ");
    match (namespace, known.as_str()) {
        ("", known) => format!("the registry has namespaces, and none without a name; name one of {known}"),
        (_, "") => format!("the store holds no registry, and so no namespace `{namespace}`: assign IDs into it first"),
        (_, known) => format!("the registry has no namespace `{namespace}`; name one of {known}"),
    }
}

/// Names what is to be of a format: a folder, or a file.
pub(super) fn file_of(format: &str) -> String {
    if format == "folder" { format.to_owned() } else { format!("{format} file") }
}

/// Writes a number of things: `1 row`, `2 rows`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Says how many things, named in the plural, there are for how many rows.
pub(super) fn for_rows(found: usize, things: &str, rows: usize) -> String {
    let verb = if found == 1 { "is" } else { "are" };
    let (first, rest) = things.find(" of ").map_or((things, ""), |at| things.split_at(at));
    let found = counted(found, first.strip_suffix('s').unwrap_or(first));
    format!("there {verb} {found}{rest} for {}", counted(rows, "row"))
}

/// Says why a weight was refused: it is no number, or none that the step allows.
pub(super) fn weight(row: usize, weight: &str, step: &str) -> String {
    match weight.trim().parse::<f64>() {
        Ok(value) if value < 0.0 => {
            format!("row {row} has the weight {weight:?}; give a multiple of {step}, from 0 on")
        }
        Ok(value) if value.is_finite() => {
            format!(
                "row {row} has the weight {weight:?}: weights are multiples of {step}, from 0 on; give a finer step"
            )
        }
        _ => format!("row {row} has the weight {weight:?}, which is no number; give a multiple of {step}, from 0 on"),
    }
}

/// Says which bounds of the sizes of clusters would do.
pub(super) fn sizes(rows: usize, clusters: usize, sizes: RangeInclusive<usize>) -> String {
    let (min, max) = (sizes.start(), sizes.end());
    let (least, most) = (rows / clusters.max(1), rows.div_ceil(clusters.max(1)));
    let [rows, clusters] = [counted(rows, "row"), counted(clusters, "cluster")];
    match min {
        0 => format!("{clusters} of at most {max} rows each have no room for {rows}; allow at least {most} rows each"),
        _ => format!(
            "{rows} cannot fill {clusters} of {min} to {max} rows each; the smaller bound must be at most {least}, the \
             larger at least {most}"
        ),
    }
}

const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

/// Writes a size that suffices for a number of bytes, with three digits or so.
pub(super) fn at_least(bytes: u64) -> String {
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= 10 * unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes.div_ceil(unit)))
}

/// Writes a size that a number of bytes suffices for, with three digits or so.
pub(super) fn at_most(bytes: u64) -> String {
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= 10 * unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::{at_least, at_most, counted, for_rows, sizes, weight};

    #[test]
    fn one_thing_is_no_things() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "row")), ["0 rows", "1 row", "2 rows"]);
        assert_eq!(for_rows(1, "item keys", 300), "there is 1 item key for 300 rows");
        assert_eq!(for_rows(2, "labels", 1), "there are 2 labels for 1 row");
        assert_eq!(for_rows(1, "rows of codes", 2), "there is 1 row of codes for 2 rows");
    }

    #[test]
    fn a_size_that_is_asked_for_suffices() {
        assert_eq!((at_least(67_919_872), at_most(204_800)), ("65 MiB".to_owned(), "200 KiB".to_owned()));
        assert_eq!((at_least(10_240), at_most(10_239)), ("10 KiB".to_owned(), "10239 bytes".to_owned()));
        assert_eq!((at_least((20 << 20) + 1), at_most((20 << 20) - 1)), ("21 MiB".to_owned(), "19 MiB".to_owned()));
        assert_eq!(at_least(u64::MAX), "17179869184 GiB");
    }

    #[test]
    fn weights_that_are_no_numbers_need_no_finer_step() {
        assert!(weight(0, "0.5", "1").ends_with("give a finer step"));
        assert!(weight(0, "-1", "1").ends_with("give a multiple of 1, from 0 on"));
        for text in ["a", "", "NaN", "inf"] {
            assert!(
                weight(3, text, "0.1").ends_with("which is no number; give a multiple of 0.1, from 0 on"),
                "{text}"
            );
        }
    }

    #[test]
    fn bounds_that_would_do_are_named() {
        let said = "3 clusters of at most 2 rows each have no room for 10 rows; allow at least 4 rows each";
        assert_eq!(sizes(10, 3, 0..=2), said);
        assert!(sizes(10, 3, 4..=9).ends_with("at most 3, the larger at least 4"));
    }
}
