use super::{Node, Tree};
use crate::Codes;
use std::collections::BTreeMap;

/// Makes 300 rows of 3 codes, some of them equal.
fn codes() -> Codes {
    Codes::new((0..300_u32).flat_map(|row| [row * row % 7, row * 5 % 11 / 3, row % 2]).collect(), 3).unwrap()
}

/// Counts every prefix without a tree.
fn counted(codes: &Codes) -> BTreeMap<Vec<u32>, Vec<usize>> {
    let mut counted: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    for (row, codes) in codes.rows().enumerate() {
        (0..=codes.len()).for_each(|length| counted.entry(codes[..length].to_vec()).or_default().push(row));
    }
    counted
}

fn visit(tree: &Tree<'_>, node: &Node, prefix: &[u32], check: &mut impl FnMut(&[u32], &Node, Vec<usize>)) {
    check(prefix, node, tree.first_rows(node, usize::MAX));
    for child in &node.children {
        visit(tree, child, &[prefix, &[child.code]].concat(), check);
    }
}

#[test]
fn every_prefix_has_its_items() {
    let codes = codes();
    let (tree, counted) = (Tree::new(&codes, usize::MAX, |_| 0), counted(&codes));
    let mut found = 0;
    visit(&tree, &tree.root, &[], &mut |prefix, node, rows| {
        assert_eq!(rows, counted[prefix], "{prefix:?}");
        let shared = |row: &&usize| counted[codes.rows().nth(**row).unwrap()].len() > 1;
        assert_eq!(node.collided, rows.iter().filter(shared).count(), "{prefix:?}");
        assert!(node.children.windows(2).all(|two| two[0].items.len() >= two[1].items.len()), "{prefix:?}");
        found += 1;
    });
    assert_eq!(found, counted.len());
    let whole = counted.iter().filter(|(prefix, _)| prefix.len() == 3);
    let expected: Vec<(String, Vec<usize>)> =
        whole.map(|(id, rows)| (format!("{}-{}-{}", id[0], id[1], id[2]), rows.clone())).collect();
    assert_eq!(tree.ids().map(|(id, rows)| (id, rows.to_vec())).collect::<Vec<_>>(), expected);
}

#[test]
fn little_room_keeps_the_first_codes_of_the_largest() {
    let codes = codes();
    let count = |room| {
        let tree = Tree::new(&codes, room, |_| 20);
        let mut lengths = [0; 4];
        visit(&tree, &tree.root, &[], &mut |prefix, _, _| lengths[prefix.len()] += 1);
        lengths
    };
    let all = count(usize::MAX);
    assert_eq!(count(0), [1, 0, 0, 0]);
    assert_eq!(count(super::NODE_BYTES * all[1]), [1, all[1], 0, 0]);
    let some = count(super::NODE_BYTES * (all[1] + all[2]) + 3000);
    assert!(some[..3] == all[..3] && some[3] > 0 && some[3] < all[3], "{some:?} of {all:?}");
}
