//! Equal items share their look-ups, and get the places that they would get if nobody knew that they are equal.

use super::*;
use crate::ErrorKind;
use crate::error::Error;

/// A table of distances that knows which of its items are duplicates, and can be told to stop.
struct Knowing {
    table: Table,
    questions: AtomicUsize,
    most: usize,
}

impl Costs for Knowing {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.table.distances(item, prefix)
    }

    fn alike(&self, items: &[usize]) -> Result<Vec<usize>> {
        let identity = |item: &usize| self.table.identities[*item];
        let first = |item| items.iter().position(|other| identity(other) == identity(item)).unwrap();
        Ok(items.iter().map(first).collect())
    }

    fn go_on(&self) -> Result<()> {
        match self.questions.fetch_add(1, Ordering::Relaxed) < self.most {
            true => Ok(()),
            false => Err(Error::from(ErrorKind::Cancelled)),
        }
    }
}

impl Knowing {
    fn new(table: Table, most: usize) -> Self {
        Self { table, questions: AtomicUsize::new(0), most }
    }

    fn reassign(&self, capacity: u64, used: &Used) -> Result<Vec<Placed>> {
        let table = &self.table;
        let mut known: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        let mut encode =
            |(item, identity): (usize, &u64)| known.entry(*identity).or_insert_with(|| table.encode(item)).clone();
        let encoded: Vec<Vec<u32>> = table.identities.iter().enumerate().map(&mut encode).collect();
        let keys = table.keys();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        table.asked.store(0, Ordering::Relaxed);
        reassign(&encoded, &keys, space(&table.clusters, capacity), &mut below(used), self, None)
    }
}

#[test]
fn merging_changes_no_place() {
    let mut moved = 0;
    for seed in 0..200 {
        let items = [5, 40, 150, 700][seed as usize % 4];
        let (table, capacity, used) = problem(seed, items, &[3, 1 + seed as usize % 5, 4 + seed as usize % 9]);
        let expected = table.reassign(capacity, &used);
        let found = Knowing::new(table, usize::MAX).reassign(capacity, &used).unwrap();
        assert_eq!(found, expected, "problem {seed}");
        moved += found.iter().filter(|placed| placed.added_distance != 0).count();
    }
    assert!(moved > 1000, "{moved} moved: too easy");
}

/// The sum is the smallest possible, and the first keys get the nearest places.
#[test]
fn equal_items_take_the_nearest_places_in_the_order_of_their_keys() {
    for seed in 0..100 {
        let clusters = [3, 4];
        let (_, capacity, used) = problem(seed, 1, &clusters);
        let items = 1 + seed as usize % 6;
        let knowing = Knowing::new(Table::new(vec![seed; items], &clusters, 1 << 20), usize::MAX);
        let placed = knowing.reassign(capacity, &used).unwrap();
        let own = knowing.table.encode(0);
        let mut places = free_places(&clusters, capacity, &used);
        let far = |codes: &Vec<u32>| (codes[0] != own[0], knowing.table.distance(0, codes), codes.clone());
        places.sort_by_key(far);
        let keys = knowing.table.keys();
        let mut order: Vec<usize> = (0..items).collect();
        order.sort_by_key(|item| &keys[*item]);
        for (at, item) in order.iter().enumerate() {
            assert_eq!(placed[*item].codes, *places.get(at).unwrap_or(&own), "problem {seed}");
            assert_eq!(placed[*item].suffix_needed, at >= places.len());
        }
    }
}

/// Twice the items ask at most a little more than twice the questions, and fewer than one per item.
#[test]
fn many_equal_items_ask_for_few_distances() {
    for items in [1000, 2000, 4000] {
        let knowing = Knowing::new(Table::new(vec![7; items], &[16, 16, 16], 1 << 40), usize::MAX);
        let placed = knowing.reassign(1, &Used::new()).unwrap();
        assert!(placed.iter().all(|placed| !placed.suffix_needed || items > 4096));
        let asked = knowing.table.asked.load(Ordering::Relaxed);
        let batches = items.div_ceil(super::super::upward::BATCH) + 2;
        assert!(asked < 5 + batches * (3 + 2 * search::MOST_PREFIXES), "{asked} asked of {items} items");
    }
}

#[test]
fn a_search_ends_where_it_is_told_to() {
    for (identities, capacity) in [(vec![7; 3000], 1), ((0..3000).collect(), 1), (vec![7; 3000], 3)] {
        let whole = Knowing::new(Table::new(identities, &[16, 16, 16], 1 << 40), usize::MAX);
        whole.reassign(capacity, &Used::new()).unwrap();
        let questions = whole.questions.load(Ordering::Relaxed);
        assert!(questions > 5, "{questions}");
        for most in [0, 1, questions / 2, questions - 1] {
            let stopped = Knowing::new(Table::new(whole.table.identities.clone(), &[16, 16, 16], 1 << 40), most);
            let error = stopped.reassign(capacity, &Used::new()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        }
    }
}
