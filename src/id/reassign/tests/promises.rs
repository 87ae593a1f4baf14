//! Promises that hold for every problem.

use super::*;

/// Random problems of three levels, with every kind of overflow.
fn problems() -> impl Iterator<Item = (Table, u64, Used)> {
    (0..120).map(|seed| problem(seed, [5, 40, 150][seed as usize % 3], &[3, 1 + seed as usize % 5, 4]))
}

#[test]
fn capacities_hold_and_a_suffix_means_that_all_is_full() {
    let (mut suffixes, mut up) = (0, [0; 3]);
    for (table, capacity, used) in problems() {
        let placed = table.reassign(capacity, &used);
        let mut now = used.clone();
        for (item, placed) in placed.iter().enumerate() {
            let encoded = table.encode(item);
            if placed.suffix_needed {
                assert_eq!((&placed.codes, placed.added_distance), (&encoded, 0));
                suffixes += 1;
                continue;
            }
            assert_eq!(placed.added_distance, table.increase(item, &placed.codes));
            let held = now.entry(placed.codes.clone()).or_insert(0);
            *held += 1;
            assert!(*held <= capacity, "{:?} has {held} items", placed.codes);
            let same = encoded.iter().zip(&placed.codes).take_while(|(a, b)| a == b).count();
            if same < 3 {
                up[same] += 1;
            }
        }
        // An item that left a prefix left it full; an item that needs a suffix found the whole space full.
        let free = free_places(&table.clusters, capacity, &now);
        for (item, placed) in placed.iter().enumerate() {
            let encoded = table.encode(item);
            let shared = encoded.iter().zip(&placed.codes).take_while(|(a, b)| a == b).count();
            let full = if placed.suffix_needed { 0 } else { (shared + 1).min(3) };
            let deepest = if full == 3 { continue } else { &encoded[..full] };
            assert!(!free.iter().any(|codes| codes.starts_with(deepest)), "item {item} left places below {deepest:?}");
        }
    }
    assert!(suffixes > 100 && up.iter().all(|moved| *moved > 100), "{suffixes} suffixes, {up:?} moved: too easy");
}

#[test]
fn groups_without_a_collision_stay_and_cost_nothing() {
    let mut stayed = 0;
    for (table, capacity, used) in (0..60).map(|seed| problem(seed, 40, &[6, 5, 8])) {
        let placed = table.reassign(capacity, &used);
        let encoded: Vec<Vec<u32>> = (0..placed.len()).map(|item| table.encode(item)).collect();
        let mut wanted = used.clone();
        encoded.iter().for_each(|codes| *wanted.entry(codes.clone()).or_insert(0) += 1);
        let collide = |prefix| encoded.iter().any(|codes| codes.starts_with(prefix) && wanted[codes] > capacity);
        for (codes, placed) in encoded.iter().zip(placed).filter(|(codes, _)| !collide(&codes[..2])) {
            assert_eq!(placed, Placed { codes: codes.clone(), suffix_needed: false, added_distance: 0 });
            stayed += 1;
        }
    }
    assert!(stayed > 100);
    let table = Table::new((0..50).collect(), &[64, 64, 64], u64::MAX);
    assert!(table.reassign(1, &Used::new()).iter().all(|placed| placed.added_distance == 0));
    assert_eq!(table.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn neither_order_nor_threads_matter() {
    for (seed, (table, capacity, used)) in problems().enumerate() {
        let (keys, expected) = (table.keys(), table.reassign(capacity, &used));
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|item| random(seed as u64, *item as u64, u64::MAX));
        let identities = order.iter().map(|item| table.identities[*item]).collect();
        let shuffled = Table::new(identities, &table.clusters, table.limit);
        let keys: Vec<String> = order.iter().map(|item| keys[*item].clone()).collect();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1 + seed % 4).build().unwrap();
        let found = threads.install(|| shuffled.reassign_with(&keys, capacity, &used));
        let expected: Vec<&Placed> = order.iter().map(|item| &expected[*item]).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "problem {seed}");
    }
}

/// Of equal items, the one with the first key keeps the codes.
#[test]
fn earlier_keys_go_first() {
    let table = Table::new(vec![3; 4], &[2, 3], 1 << 20);
    let keys = ["d", "b", "a", "c"].map(String::from);
    let placed = table.reassign_with(&keys, 1, &Used::new());
    assert_eq!(placed[2].codes, table.encode(2));
    let mut by_key: Vec<(&String, i128)> = keys.iter().zip(placed.iter().map(|placed| placed.added_distance)).collect();
    by_key.sort();
    // Three items stay below their prefix, in the order of their keys; the last one leaves it.
    assert!(by_key[..3].is_sorted_by_key(|(_, added)| *added));
    let leaves = placed.iter().position(|placed| placed.codes[0] != table.encode(0)[0]);
    assert_eq!(leaves, Some(0));
}
