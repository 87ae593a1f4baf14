//! Items whose group is full.

use super::*;

/// With few clusters an item looks at every free place, so a batch is exact above the last level too.
#[test]
fn two_levels_are_the_best_of_all_placements_level_by_level() {
    let (mut up, mut negative) = (0, 0);
    for seed in 0..400 {
        let clusters = [1 + random(seed, 9, 4) as usize, 1 + random(seed, 10, 3) as usize];
        let (table, capacity, mut used) = problem(seed, 1 + seed % 9, &clusters);
        let placed = table.reassign(capacity, &used);
        let is_up = |item: &usize| placed[*item].suffix_needed || placed[*item].codes[0] != table.encode(*item)[0];
        let (moved_up, below): (Vec<usize>, Vec<usize>) = (0..placed.len()).partition(is_up);
        if moved_up.len() > 5 {
            continue;
        }
        for item in below {
            *used.entry(placed[item].codes.clone()).or_insert(0) += 1;
        }
        let mut places = free_places(&clusters, capacity, &used).into_iter().map(Some).collect();
        let found: Vec<&Placed> =
            moved_up.iter().map(|item| &placed[*item]).filter(|placed| !placed.suffix_needed).collect();
        let sum = (found.len(), found.iter().map(|placed| placed.added_distance).sum());
        assert_eq!(sum, brute_force(&table, &moved_up, &mut places), "problem {seed}");
        up += found.len();
        negative += found.iter().filter(|placed| placed.added_distance < 0).count();
    }
    assert!(up > 100 && negative > 10, "{up} moved up, {negative} of them came nearer: too easy");
}

/// Several batches, each of which looks at only a part of the free places.
#[test]
fn a_crowd_fills_the_space_to_the_last_place() {
    for (items, kinds) in [(700, 1), (900, 40), (1000, 5000)] {
        let clusters = [12, 9, 8];
        let identities = (0..items).map(|item| item % kinds).collect();
        let table = Table::new(identities, &clusters, 1 << 30);
        let used: Used =
            all_codes(&clusters).into_iter().filter(|codes| codes[1] % 3 == 0).map(|codes| (codes, 1)).collect();
        let free = 12 * 6 * 8;
        let placed = table.reassign(1, &used);
        assert_eq!(placed.iter().filter(|placed| !placed.suffix_needed).count(), free, "{items} items");
        let most = items as usize * (3 + 3 * search::MOST_PREFIXES) * 2;
        assert!(table.asked.load(Ordering::Relaxed) < most, "{} distances asked", table.asked.load(Ordering::Relaxed));
    }
}

/// A table of distances that counts how often an item is read.
struct Reads {
    table: Table,
    read: AtomicUsize,
}

impl Costs for Reads {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.table.distances(item, prefix)
    }

    fn of_row(&self, item: usize) -> Result<Box<CostsOfRow<'_>>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(move |prefix| self.table.distances(item, prefix)))
    }
}

#[test]
fn an_item_whose_group_is_full_is_read_once() {
    let clusters = [4, 4];
    let costs = Reads { table: Table::new((0..5).collect(), &clusters, 1 << 30), read: AtomicUsize::new(0) };
    let encoded: Vec<Vec<u32>> = (0..5).map(|item| vec![0, item % 4]).collect();
    let used: Used = (0..4).map(|code| (vec![0, code], 1)).collect();
    let keys = ["a", "b", "c", "d", "e"];
    let placed = reassign(&encoded, &keys, space(&clusters, 1), &mut below(&used), &costs, None).unwrap();
    assert!(placed.iter().all(|placed| placed.codes[0] > 0 && !placed.suffix_needed));
    assert_eq!(costs.read.into_inner(), 5);
}
