//! Items that move to one of their candidates, which may have another code at any level.

use super::super::candidates::BATCH;
use super::*;
use crate::ErrorKind;
use crate::quantizer::Candidates;

/// The `count` codes with the smallest distances, of all codes there are; ties in the order of the codes.
fn nearest(table: &Table, item: usize, count: usize) -> Vec<(u64, Vec<u32>)> {
    let of = |codes: Vec<u32>| (table.distance(item, &codes) as u64, codes);
    let mut all: Vec<(u64, Vec<u32>)> = all_codes(&table.clusters).into_iter().map(of).collect();
    all.sort();
    all.truncate(count);
    all
}

fn place(table: &Table, keys: &[String], capacity: u64, used: &Used, count: usize) -> Vec<Placed> {
    place_in(table, keys, space(&table.clusters, capacity), used, count)
}

/// Places all items of a table, which have `count` candidates each.
pub(super) fn place_in(table: &Table, keys: &[String], space: Space<'_>, used: &Used, count: usize) -> Vec<Placed> {
    let encoded: Vec<Vec<u32>> = (0..table.identities.len()).map(|item| table.encode(item)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let find = |items: &[usize]| {
        let near: Vec<_> = items.iter().flat_map(|item| nearest(table, *item, count)).collect();
        let (distances, codes): (Vec<u64>, Vec<Vec<u32>>) = near.into_iter().unzip();
        Candidates::new(count.min(all_codes(&table.clusters).len()), table.clusters.len(), codes.concat(), distances)
    };
    reassign(&encoded, &keys, space, &mut below(used), table, Some(&find)).unwrap()
}

/// Splits the items into those that keep their codes, and those whose codes have too few places for all.
fn contending(table: &Table, capacity: u64, used: &Used) -> (Vec<usize>, Vec<usize>) {
    let items = 0..table.identities.len();
    let encoded: Vec<Vec<u32>> = items.clone().map(|item| table.encode(item)).collect();
    let wanted = |codes: &Vec<u32>| encoded.iter().filter(|other| *other == codes).count() as u64;
    let fits = |item: &usize| {
        let codes = &encoded[*item];
        wanted(codes) + used.get(codes).copied().unwrap_or(0).min(capacity) <= capacity
    };
    items.partition(fits)
}

/// Tries all placements of items at the codes that each may have; returns how many can be placed at most and the
/// smallest sum of increases for that many.
fn best(table: &Table, items: &[(usize, Vec<Vec<u32>>)], free: &mut BTreeMap<Vec<u32>, u64>) -> (usize, i128) {
    let Some(((item, allowed), rest)) = items.split_first() else { return (0, 0) };
    let mut best_found = best(table, rest, free);
    for codes in allowed {
        if free.get(codes).is_some_and(|free| *free > 0) {
            *free.get_mut(codes).unwrap() -= 1;
            let (placed, sum) = best(table, rest, free);
            let found = (placed + 1, sum + table.increase(*item, codes));
            let better = found.0 > best_found.0 || (found.0 == best_found.0 && found.1 < best_found.1);
            best_found = if better { found } else { best_found };
            *free.get_mut(codes).unwrap() += 1;
        }
    }
    best_found
}

/// Of small problems, which are one batch, the items at their candidates have the smallest sum of all placements; with
/// all codes as candidates, no item is left over where a place is free.
#[test]
fn the_best_of_all_placements_at_candidates() {
    let (mut upper, mut left_over, mut nearer) = (0, 0, 0);
    for seed in 0..400 {
        let clusters = [1 + random(seed, 9, 3) as usize, 1 + random(seed, 10, 3) as usize, 2];
        let (table, capacity, used) = problem(seed, 1 + seed % 8, &clusters);
        let codes = all_codes(&clusters).len();
        let count = [1, 2, 4, codes][seed as usize % 4].min(codes);
        let placed = place(&table, &table.keys(), capacity, &used, count);
        let (keep, contend) = contending(&table, capacity, &used);
        let mut free = BTreeMap::new();
        free_places(&clusters, capacity, &used).into_iter().for_each(|codes| *free.entry(codes).or_insert(0) += 1);
        for item in keep {
            let own = table.encode(item);
            assert_eq!(placed[item], Placed { codes: own.clone(), suffix_needed: false, added_distance: 0 });
            *free.get_mut(&own).unwrap() -= 1;
        }
        if contend.len() > 6 {
            continue;
        }
        let allowed = |item: &usize| {
            let mut codes: Vec<Vec<u32>> = nearest(&table, *item, count).into_iter().map(|(_, codes)| codes).collect();
            codes.push(table.encode(*item));
            codes.sort();
            codes.dedup();
            (*item, codes)
        };
        let allowed: Vec<_> = contend.iter().map(allowed).collect();
        let expected = best(&table, &allowed, &mut free);
        // All candidates of an item that is left over are full, so it ends at other codes.
        let at_candidates =
            allowed.iter().filter(|(item, codes)| !placed[*item].suffix_needed && codes.contains(&placed[*item].codes));
        let found: Vec<&Placed> = at_candidates.map(|(item, _)| &placed[*item]).collect();
        let sum = (found.len(), found.iter().map(|placed| placed.added_distance).sum());
        assert_eq!(sum, expected, "problem {seed}");
        left_over += contend.len() - found.len();
        upper += contend.iter().filter(|item| placed[**item].codes[0] != table.encode(**item)[0]).count();
        nearer += found.iter().filter(|placed| placed.added_distance < 0).count();
        if count == codes {
            assert_eq!(found.len(), contend.len().min(free.values().sum::<u64>() as usize), "problem {seed}");
        }
    }
    assert!(upper > 100 && left_over > 100 && nearer > 20, "{upper} {left_over} {nearer}: too easy");
}

/// An item moves to a near code with another first code, although there is room below its own prefix.
#[test]
fn an_upper_level_may_change_where_there_is_room_below() {
    struct Points;
    impl Costs for Points {
        /// All items are at 1. The points of 0-0 and 0-1 are 1 and 9, those of 1-0 and 1-1 are 3 and 40.
        fn distances(&self, _: usize, prefix: &[u32]) -> Result<Vec<u64>> {
            Ok(match prefix {
                [] => vec![0, 5],
                [0] => vec![0, 64],
                _ => vec![4, 1521],
            })
        }
    }
    let find = |items: &[usize]| {
        let of = [0, 0, 1, 0, 0, 1];
        Candidates::new(3, 2, of.repeat(items.len()), [0, 4, 64].repeat(items.len()))
    };
    let used = Used::new();
    let codes = |find| {
        let encoded = vec![vec![0, 0]; 4];
        let placed = reassign(&encoded, &["c", "a", "b", "d"], space(&[2, 2], 1), &mut below(&used), &Points, find);
        placed.unwrap().into_iter().map(|placed| (placed.codes, placed.added_distance)).collect::<Vec<_>>()
    };
    let [own, last, upper, far] = [(vec![0, 0], 0), (vec![0, 1], 64), (vec![1, 0], 4), (vec![1, 1], 1521)];
    assert_eq!(codes(None), [upper.clone(), own.clone(), last.clone(), far.clone()]);
    // The nearest candidate goes first; the last item finds none, and goes on by the rule without candidates.
    assert_eq!(codes(Some(&find)), [last, own, upper, far]);
}

#[test]
fn neither_order_nor_threads_matter_and_capacities_hold() {
    let mut moved = 0;
    for seed in 0..60 {
        let (table, capacity, used) = problem(seed, [5, 40, 150][seed as usize % 3], &[3, 1 + seed as usize % 5, 4]);
        let (keys, count) = (table.keys(), 1 + seed as usize % 12);
        let expected = place(&table, &keys, capacity, &used, count);
        let mut now = used.clone();
        for (item, placed) in expected.iter().enumerate().filter(|(_, placed)| !placed.suffix_needed) {
            assert_eq!(placed.added_distance, table.increase(item, &placed.codes));
            let held = now.entry(placed.codes.clone()).or_insert(0);
            *held += 1;
            assert!(*held <= capacity, "{:?} has {held} items", placed.codes);
            moved += usize::from(placed.codes != table.encode(item));
        }
        let suffixes = expected.iter().any(|placed| placed.suffix_needed);
        assert!(!suffixes || free_places(&table.clusters, capacity, &now).is_empty(), "a suffix, and a free place");
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|item| random(seed, *item as u64, u64::MAX));
        let identities = order.iter().map(|item| table.identities[*item]).collect();
        let shuffled = Table::new(identities, &table.clusters, table.limit);
        let keys: Vec<String> = order.iter().map(|item| keys[*item].clone()).collect();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1 + seed as usize % 4).build().unwrap();
        let found = threads.install(|| place(&shuffled, &keys, capacity, &used, count));
        let expected: Vec<&Placed> = order.iter().map(|item| &expected[*item]).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "problem {seed}");
    }
    assert!(moved > 1000, "{moved} moved: too easy");
}

/// Several batches, which have places of different items in common: all places are filled once.
#[test]
fn batches_fill_the_space_to_the_last_place() {
    let clusters = [12, 9, 16];
    let table = Table::new((0..2 * BATCH as u64).map(|item| item % 300).collect(), &clusters, 1 << 30);
    let placed = place(&table, &table.keys(), 1, &Used::new(), 6);
    let free = 12 * 9 * 16;
    assert!(free < placed.len());
    assert_eq!(placed.iter().filter(|placed| !placed.suffix_needed).count(), free);
}

#[test]
fn candidates_of_other_items_are_refused() {
    let table = Table::new(vec![1; 3], &[2, 2], 9);
    let encoded: Vec<Vec<u32>> = (0..3).map(|item| table.encode(item)).collect();
    for (levels, items) in [(2, 1), (1, 3)] {
        let find = |_: &[usize]| Candidates::new(1, levels, vec![0; levels * items], vec![0; items]);
        let used = Used::new();
        let places = space(&[2, 2], 1);
        let found = reassign(&encoded, &["a", "b", "c"], places, &mut below(&used), &table, Some(&find));
        let error = found.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "candidates", .. }), "{error}");
    }
}
