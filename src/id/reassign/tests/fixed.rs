//! Levels whose codes labels give, which no item changes.

use super::candidates::place_in;
use super::*;

/// The costs of some items of a table below one first code.
struct Below<'a> {
    table: &'a Table,
    items: &'a [usize],
    first: u32,
}

impl Costs for Below<'_> {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.table.distances(self.items[item], &[&[self.first][..], prefix].concat())
    }
}

/// Places the items of one first code in the space of the other levels, which has no levels of labels.
fn alone(table: &Table, items: &[usize], first: u32, capacity: u64, used: &Used) -> Vec<Placed> {
    let rest = |codes: &[u32]| codes[1..].to_vec();
    let encoded: Vec<Vec<u32>> = items.iter().map(|item| rest(&table.encode(*item))).collect();
    let keys = table.keys();
    let keys: Vec<&str> = items.iter().map(|item| keys[*item].as_str()).collect();
    let used: Used = used.iter().filter(|(codes, _)| codes[0] == first).map(|(of, used)| (rest(of), *used)).collect();
    let (costs, places) = (Below { table, items, first }, space(&table.clusters[1..], capacity));
    reassign(&encoded, &keys, places, &mut below(&used), &costs, None).unwrap()
}

/// Where the first level is given, each of its codes is a problem of its own.
#[test]
fn items_of_a_label_are_placed_as_if_there_were_no_others() {
    let (mut suffixes, mut moved, mut left) = (0, 0, 0);
    for seed in 0..200 {
        let clusters = [3, 1 + seed as usize % 5, 4];
        let (table, capacity, used) = problem(seed, [5, 40, 150, 400][seed as usize % 4], &clusters);
        let encoded: Vec<Vec<u32>> = (0..table.identities.len()).map(|item| table.encode(item)).collect();
        let places = Space { fixed: 1, ..space(&clusters, capacity) };
        let keys = table.keys();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = reassign(&encoded, &keys, places, &mut below(&used), &table, None).unwrap();
        for first in 0..3 {
            let items: Vec<usize> = (0..encoded.len()).filter(|item| encoded[*item][0] == first).collect();
            for (item, expected) in items.iter().zip(alone(&table, &items, first, capacity, &used)) {
                let codes = [&[first][..], &expected.codes].concat();
                moved += usize::from(codes != encoded[*item]);
                suffixes += usize::from(expected.suffix_needed);
                assert_eq!(found[*item], Placed { codes, ..expected }, "problem {seed}, item {item}");
            }
        }
        let free = table.reassign(capacity, &used);
        left += free.iter().zip(&encoded).filter(|(placed, own)| placed.codes[0] != own[0]).count();
    }
    assert!(suffixes > 1000 && moved > 1000 && left > 300, "{suffixes} {moved} {left}: too easy");
}

#[test]
fn candidates_under_other_labels_are_no_places() {
    let (mut moved, mut left) = (0, 0);
    for seed in 0..60 {
        let clusters = [3, 1 + seed as usize % 5, 4];
        let (table, capacity, used) = problem(seed, [5, 40, 150][seed as usize % 3], &clusters);
        let places = Space { fixed: 1, ..space(&clusters, capacity) };
        let of_labels = place_in(&table, &table.keys(), places, &used, 9);
        let of_none = place_in(&table, &table.keys(), space(&clusters, capacity), &used, 9);
        for (item, (placed, free)) in of_labels.iter().zip(&of_none).enumerate() {
            let own = table.encode(item);
            assert_eq!(placed.codes[0], own[0], "problem {seed}, item {item}");
            moved += usize::from(placed.codes != own);
            left += usize::from(free.codes[0] != own[0]);
        }
    }
    assert!(moved > 200 && left > 200, "{moved} {left}: too easy");
}

/// Nothing can move where labels give all codes.
#[test]
fn levels_that_are_all_given_keep_every_code() {
    let table = Table::new(vec![7; 4], &[3, 2], 9);
    let encoded = vec![table.encode(0); 4];
    let places = Space { fixed: 2, ..space(&table.clusters, 1) };
    let found = reassign(&encoded, &["a", "b", "c", "d"], places, &mut below(&Used::new()), &table, None).unwrap();
    assert!(found.iter().all(|placed| placed.codes == encoded[0] && placed.added_distance == 0));
}
