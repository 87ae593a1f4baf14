//! Refuses lists that do not fit together, and passes on errors of its callbacks.

use super::*;
use crate::error::{Error, ErrorKind};
use crate::id::reassign::UsedBelow;

struct Failing;

impl Costs for Failing {
    fn distances(&self, item: usize, _: &[u32]) -> Result<Vec<u64>> {
        if item == 0 { Ok(vec![1]) } else { Err(Error::damaged("the row")) }
    }
}

#[test]
fn bad_lists_are_refused() {
    let no_places = Used::new();
    let none = &mut below(&no_places);
    let name = |error: Error| match error.into_kind() {
        ErrorKind::Parameter { name, .. } => name.to_owned(),
        ErrorKind::Code { row, level, code, clusters } => format!("{row} {level} {code} {clusters}"),
        other => format!("{other}"),
    };
    let codes = [vec![0, 1], vec![2, 0]];
    let mut refused = |keys: &[&str], capacity, clusters: &[usize]| {
        name(reassign(&codes, keys, space(clusters, capacity), none, &Failing, None).unwrap_err())
    };
    assert_eq!(refused(&["a"], 1, &[3, 3]), "keys");
    assert_eq!(refused(&["a", "b"], 0, &[3, 3]), "capacity");
    assert_eq!(refused(&["a", "b"], 1, &[3]), "codes");
    assert_eq!(refused(&["a", "b"], 1, &[2, 3]), "1 0 2 2");
    assert_eq!(reassign(&[], &[], space(&[3], 1), none, &Failing, None).unwrap(), []);
}

#[test]
fn errors_end_it() {
    let codes = [vec![0], vec![0]];
    let solve = |codes: &[Vec<u32>], used: &mut UsedBelow<'_>| {
        reassign(codes, &["a", "b"], space(&[4], 1), used, &Failing, None).unwrap_err().to_string()
    };
    assert!(solve(&codes, &mut below(&Used::new())).contains("the row"));
    assert!(solve(&codes, &mut |_| Err(Error::damaged("the store"))).contains("the store"));
    // There are fewer distances than codes.
    assert!(solve(&[vec![2], vec![2]], &mut below(&Used::from([(vec![2], 1)]))).contains("distances"));
}
