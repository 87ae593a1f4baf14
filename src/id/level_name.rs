//! Names of levels.

/// Names levels as spreadsheets name columns: a ... z, aa ... az, ba ...
pub(crate) fn level_name(level: usize) -> String {
    let letter = char::from(b'a' + (level % 26) as u8);
    match level / 26 {
        0 => letter.to_string(),
        above => format!("{}{letter}", level_name(above - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn levels_beyond_26_have_names_of_their_own() {
        let names: HashSet<String> = (0..800).map(level_name).collect();
        assert_eq!(names.len(), 800);
        assert_eq!(
            (level_name(25), level_name(26), level_name(701), level_name(702)),
            ("z".into(), "aa".into(), "zz".into(), "aaa".into())
        );
    }
}
