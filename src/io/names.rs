//! The choice of the columns of a table that are its dimensions.

use super::list;
use crate::MAX_DIM;
use std::collections::HashMap;

/// Returns the places in `names` of the columns that `wanted` means: `f0..f383`, `a,b,c`, or a prefix of names that end
/// in numbers.
pub(crate) fn choose(wanted: &str, names: &[&str]) -> Result<Vec<usize>, String> {
    let mut places = HashMap::new();
    for (place, name) in names.iter().enumerate() {
        // A name that several columns have means none of them.
        places.entry(*name).and_modify(|place| *place = None).or_insert(Some(place));
    }
    let find = |name: &str| match places.get(name) {
        Some(Some(place)) => Ok(*place),
        Some(None) => Err(format!("several of its columns are named {name:?}; give each a name of its own")),
        None => Err(format!("no column {name:?}; it has {}", list(names))),
    };
    if let Some((from, to)) = wanted.split_once("..") {
        return range(from, to)?.iter().map(|name| find(name)).collect();
    }
    let numbered_so = |name: &&&str| numbered(name).is_some_and(|(before, ..)| before == wanted);
    if let (true, Some(other)) = (places.contains_key(wanted), names.iter().find(numbered_so)) {
        return Err(format!(
            "{wanted:?} is a column, and the beginning of others such as {other:?}; name the columns by a range or by \
             a list"
        ));
    }
    if wanted.contains(',') || places.contains_key(wanted) {
        return wanted.split(',').map(|name| find(name.trim())).collect();
    }
    prefixed(wanted, names)
}

/// Splits a name into the text before the number at its end, the digits, and the number.
fn numbered(name: &str) -> Option<(&str, &str, usize)> {
    let at = name
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + name[at..].chars().next().map_or(0, char::len_utf8));
    let (prefix, digits) = name.split_at(at);
    Some((prefix, digits, digits.parse().ok()?))
}

/// Lists `f0`, `f1`, ... of `f0..f383`; zeros before the first number are kept.
fn range(from: &str, to: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("{from}..{to} are not the names of two columns that differ in the number at their end");
    let (prefix, digits, first) = numbered(from).ok_or_else(wrong)?;
    let (other, _, last) = numbered(to).ok_or_else(wrong)?;
    if prefix != other || first > last {
        return Err(wrong());
    }
    if last - first >= MAX_DIM {
        return Err(format!("{from}..{to} are more than {MAX_DIM} columns"));
    }
    let width = if digits.len() > 1 && digits.starts_with('0') { digits.len() } else { 1 };
    Ok((first..=last).map(|number| format!("{prefix}{number:0width$}")).collect())
}

/// Finds all columns named by `prefix` and a number; the numbers must have no gap.
fn prefixed(prefix: &str, names: &[&str]) -> Result<Vec<usize>, String> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if let Some((before, _, number)) = numbered(name).filter(|(before, ..)| *before == prefix) {
            debug_assert_eq!(before, prefix);
            found.push((number, place));
        }
    }
    found.sort_unstable();
    let Some((first, _)) = found.first().copied() else {
        return Err(format!("no column is named {prefix:?}, or that and a number; it has {}", list(names)));
    };
    match found.iter().enumerate().find(|(i, (number, _))| *number != first + i) {
        Some((i, _)) => Err(format!("column {:?} is missing or there twice", format!("{prefix}{}", first + i))),
        None => Ok(found.into_iter().map(|(_, place)| place).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn columns_by_a_range_a_list_and_a_prefix() {
        let names = ["id", "f2", "f10", "f1", "flag", "g00", "g01", "f3", "x", "x"];
        assert_eq!(choose("f1..f3", &names), Ok(vec![3, 1, 7]));
        assert_eq!(choose("g00..g01", &names), Ok(vec![5, 6]));
        assert_eq!(choose("f10, id", &names), Ok(vec![2, 0]));
        assert_eq!(choose("id", &names), Ok(vec![0]));
        assert_eq!(choose("g", &names), Ok(vec![5, 6]));
        for (wanted, reason) in [
            ("f", "\"f4\" is missing"),
            ("f1..f5", "no column \"f4\""),
            ("f3..f1", "are not the names"),
            ("f1..g3", "are not the names"),
            ("f..g", "are not the names"),
            ("f0..f99999", "more than"),
            ("x,id", "several of its columns are named \"x\""),
            ("q", "no column is named \"q\""),
            ("", "no column"),
        ] {
            let error = choose(wanted, &names).unwrap_err();
            assert!(error.contains(reason), "{wanted}: {error}");
        }
        assert_eq!(choose("é", &["é1", "é0"]), Ok(vec![1, 0]));
        let error = choose("f", &["f", "id", "f0", "f1"]).unwrap_err();
        assert!(error.contains("\"f\" is a column, and the beginning of others such as \"f0\""), "{error}");
        assert_eq!(choose("f0..f1", &["f", "id", "f0", "f1"]), Ok(vec![2, 3]));
    }
}
