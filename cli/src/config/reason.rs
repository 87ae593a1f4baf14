//! Why parameters of a file were refused, in words for people who know nothing of their types here.

/// Says why parameters were refused; for an unknown name it suggests the nearest known one.
pub(super) fn reason(message: &str) -> String {
    let known = |what: &str, rest: &str| {
        let mut names = rest.split('`').skip(1).step_by(2);
        let unknown = names.next()?;
        let names: Vec<&str> = names.collect();
        let nearest = names.iter().min_by_key(|name| distance(unknown, name))?;
        let hint = match distance(unknown, nearest) <= unknown.len().max(nearest.len()) / 2 {
            true => format!("did you mean `{nearest}`?"),
            false => format!("there are {}", names.join(", ")),
        };
        Some(format!("unknown {what} `{unknown}`; {hint}"))
    };
    for (begins, what) in [("unknown field ", "key"), ("unknown variant ", "value")] {
        // The message may begin with the place of the fault.
        if let Some((place, rest)) = message.split_once(begins).filter(|(place, _)| is_place(place))
            && let Some(known) = known(what, rest)
        {
            return format!("{place}{known}");
        }
    }
    wrong_value(message).unwrap_or_else(|| message.to_owned())
}

/// Says in plain words that a value is not of the type that a parameter has.
fn wrong_value(message: &str) -> Option<String> {
    let begins = ["invalid type: ", "invalid value: "].into_iter().find(|begins| message.contains(begins))?;
    let (place, rest) = message.split_once(begins).filter(|(place, _)| is_place(place))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let found = match found.split_once(' ').unwrap_or((found, "")) {
        ("map", _) => "an object".to_owned(),
        ("sequence", _) => "a list".to_owned(),
        ("null", _) | ("unit", "value") => "null".to_owned(),
        ("integer", number) | ("boolean", number) => number.to_owned(),
        ("floating", number) => number.trim_start_matches("point ").to_owned(),
        ("string", text) => format!("the text {text}"),
        _ => found.to_owned(),
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a map" | "map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a string" => "a text",
        "map with a single key" => "an object with one key",
        "string or map" | "enum" => "a name, or an object with one key",
        other => other,
    };
    Some(format!("{place}it is {found}; give {expected}"))
}

/// Whether the text is empty, or a field before a colon.
fn is_place(text: &str) -> bool {
    text.strip_suffix(": ").map_or(text.is_empty(), |field| !field.contains([' ', '`']))
}

/// Returns the edit distance: insertions, deletions and replacements of characters.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = vec![i + 1];
        for (j, y) in b.chars().enumerate() {
            let [corner, above] = [j, j + 1].map(|at| row.get(at).copied().unwrap_or(usize::MAX / 2));
            let left = before.last().copied().unwrap_or(0);
            before.push((corner + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = before;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, reason};

    #[test]
    fn distances_of_words() {
        for (a, b, expected) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("cluster", "clusters", 1)] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name_is_named() {
        let message = "unknown field `cluster`, expected one of `levels`, `clusters`, `seed`";
        assert_eq!(reason(message), "unknown key `cluster`; did you mean `clusters`?");
        let message = "unknown variant `xyz`, expected `l2` or `cosine`";
        assert_eq!(reason(message), "unknown value `xyz`; there are l2, cosine");
        assert_eq!(reason("something else"), "something else");
    }

    #[test]
    fn types_are_named_in_plain_words() {
        for (message, expected) in [
            ("invalid value: integer `-1`, expected u64", "it is `-1`; give a whole number from 0 on"),
            ("invalid type: map, expected map with a single key", "it is an object; give an object with one key"),
            ("invalid type: string \"a, b\", expected f64", "it is the text \"a, b\"; give a number"),
            ("invalid type: floating point `1.5`, expected usize", "it is `1.5`; give a whole number from 0 on"),
            ("seed: invalid type: null, expected a boolean", "seed: it is null; give true or false"),
        ] {
            assert_eq!(reason(message), expected);
        }
    }
}
