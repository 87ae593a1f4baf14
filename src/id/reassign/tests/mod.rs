//! Tests the solver against all placements, against optimality conditions, and its promises.

mod candidates;
mod equal;
mod exact;
mod fixed;
mod near;
mod promises;
mod refused;
mod speed;
mod upwards;

use super::{Costs, Placed, Space, reassign, search};
use crate::error::Result;
use crate::id::store::UsedCodes;
use crate::quantizer::CostsOfRow;
use crate::rng::row_hash;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of used places by codes.
type Used = BTreeMap<Vec<u32>, u64>;

/// Items with made-up distances below `limit`; a small limit makes ties frequent. Items with the same identity are
/// duplicates.
struct Table {
    identities: Vec<u64>,
    clusters: Vec<usize>,
    limit: u64,
    asked: AtomicUsize,
}

impl Costs for Table {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let seed = prefix.iter().fold(self.identities[item], |seed, code| row_hash(seed, u64::from(*code) + 1));
        Ok((0..self.clusters[prefix.len()]).map(|code| row_hash(seed ^ 5, code as u64) % self.limit).collect())
    }
}

impl Table {
    fn new(identities: Vec<u64>, clusters: &[usize], limit: u64) -> Self {
        Self { identities, clusters: clusters.to_vec(), limit, asked: AtomicUsize::new(0) }
    }

    /// Chooses codes as an encoder does: the lowest of the nearest, level by level.
    fn encode(&self, item: usize) -> Vec<u32> {
        let mut codes = Vec::new();
        while codes.len() < self.clusters.len() {
            let distances = self.distances(item, &codes).unwrap();
            let nearest = distances.iter().min().unwrap();
            codes.push(distances.iter().position(|distance| distance == nearest).unwrap() as u32);
        }
        codes
    }

    fn distance(&self, item: usize, codes: &[u32]) -> i128 {
        let (code, prefix) = codes.split_last().unwrap();
        i128::from(self.distances(item, prefix).unwrap()[*code as usize])
    }

    fn increase(&self, item: usize, codes: &[u32]) -> i128 {
        self.distance(item, codes) - self.distance(item, &self.encode(item))
    }

    fn keys(&self) -> Vec<String> {
        // The answers are not in the order of the items.
        (0..self.identities.len()).map(|item| format!("{}-{item}", item * 7 % 5)).collect()
    }

    fn reassign(&self, capacity: u64, used: &Used) -> Vec<Placed> {
        self.reassign_with(&self.keys(), capacity, used)
    }

    fn reassign_with(&self, keys: &[String], capacity: u64, used: &Used) -> Vec<Placed> {
        let encoded: Vec<Vec<u32>> = (0..self.identities.len()).map(|item| self.encode(item)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.asked.store(0, Ordering::Relaxed);
        let places = space(&self.clusters, capacity);
        let placed = reassign(&encoded, &keys, places, &mut below(used), self, None).unwrap();
        assert_eq!(placed.len(), encoded.len());
        placed
    }
}

/// Returns a space where items may change all codes.
fn space(clusters: &[usize], capacity: u64) -> Space<'_> {
    Space { clusters, fixed: 0, capacity }
}

/// Answers a batch of questions about used places.
fn below(used: &Used) -> impl FnMut(&[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
    let of = |prefix: &&[u32]| {
        let below = used.iter().filter(|(codes, _)| codes.starts_with(prefix));
        below.map(|(codes, used)| (codes.clone(), *used)).collect()
    };
    move |prefixes| Ok(prefixes.iter().map(of).collect())
}

/// Draws a random number below `bound`.
fn random(seed: u64, what: u64, bound: u64) -> u64 {
    row_hash(row_hash(77, seed), what) % bound
}

/// Makes a random problem: items, some of them duplicates, a capacity, and used places.
fn problem(seed: u64, items: u64, clusters: &[usize]) -> (Table, u64, Used) {
    let limit = [3, 10, 1 << 40, u64::MAX >> 1][random(seed, 0, 4) as usize];
    let kinds = [1, 3, 1000][random(seed, 1, 3) as usize];
    let identities = (0..items).map(|item| random(seed, 100 + item, kinds)).collect();
    let capacity = 1 + random(seed, 2, 3);
    let share = random(seed, 3, 4);
    let mut used = Used::new();
    for (i, codes) in all_codes(clusters).into_iter().enumerate() {
        if random(seed, 1000 + i as u64, 4) < share {
            // May exceed the capacity, as suffixes beyond it were given before.
            used.insert(codes, 1 + random(seed, 5000 + i as u64, capacity + 1));
        }
    }
    (Table::new(identities, clusters, limit), capacity, used)
}

/// Returns all codes of a space.
fn all_codes(clusters: &[usize]) -> Vec<Vec<u32>> {
    clusters.iter().fold(vec![vec![]], |prefixes, clusters| {
        let longer = |prefix: Vec<u32>| (0..*clusters as u32).map(move |code| [&prefix[..], &[code]].concat());
        prefixes.into_iter().flat_map(longer).collect()
    })
}

/// Returns the codes of every free place.
fn free_places(clusters: &[usize], capacity: u64, used: &Used) -> Vec<Vec<u32>> {
    let free = |codes: &Vec<u32>| capacity.saturating_sub(used.get(codes).copied().unwrap_or(0)) as usize;
    all_codes(clusters).into_iter().flat_map(|codes| vec![codes.clone(); free(&codes)]).collect()
}

/// Tries everything; returns how many items can be placed at most and the smallest sum of increases for that many.
fn brute_force(table: &Table, items: &[usize], places: &mut Vec<Option<Vec<u32>>>) -> (usize, i128) {
    let Some((item, rest)) = items.split_first() else { return (0, 0) };
    let mut best = brute_force(table, rest, places);
    let mut tried = None;
    for at in 0..places.len() {
        let Some(codes) = places[at].take() else { continue };
        // A second place with the same codes changes nothing.
        if tried.as_ref() != Some(&codes) {
            let (placed, sum) = brute_force(table, rest, places);
            let found = (placed + 1, sum + table.increase(*item, &codes));
            best = if found.0 > best.0 || (found.0 == best.0 && found.1 < best.1) { found } else { best };
        }
        tried = Some(codes.clone());
        places[at] = Some(codes);
    }
    best
}
