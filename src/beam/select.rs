//! The rule of a beam for one row: which extensions are kept, and in which places.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The codes of one place, followed by another code. Extensions are ordered by distance, then by codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extension {
    pub(super) distance: u64,
    /// The place's number in the order of the codes that the places hold, which no two places share.
    pub(super) rank: usize,
    pub(super) code: u32,
    pub(super) place: usize,
}

/// Returns, for the codes (P, l) of a row's places, the number of each in the order of the codes.
pub(super) fn ranks(codes: &[u32], levels: usize, places: usize) -> Vec<usize> {
    let held = |place: &usize| codes.chunks_exact(levels.max(1)).nth(*place);
    let mut order: Vec<usize> = (0..places).collect();
    order.sort_unstable_by(|a, b| held(a).cmp(&held(b)));
    let mut ranks = vec![0; places];
    for (rank, place) in order.into_iter().enumerate() {
        ranks.iter_mut().skip(place).take(1).for_each(|of| *of = rank);
    }
    ranks
}

/// Fills `wanted` places: place j with the nearest extension of the first j lists that no place before it has.
pub(super) fn fill(lists: impl Iterator<Item = Vec<Extension>>, wanted: usize) -> Vec<Extension> {
    let (mut lists, mut open) = (lists.fuse(), BinaryHeap::new());
    let place = |_| {
        open.extend(nearest(lists.next().unwrap_or_default(), wanted).into_iter().map(Reverse));
        open.pop().map(|Reverse(extension)| extension)
    };
    (0..wanted).map_while(place).collect()
}

/// Returns the `wanted` first of all extensions, in their order.
pub(super) fn first(lists: impl Iterator<Item = Vec<Extension>>, wanted: usize) -> Vec<Extension> {
    let mut all = nearest(lists.flatten().collect(), wanted);
    all.sort_unstable();
    all
}

/// Leaves the `wanted` first extensions, in any order.
fn nearest(mut list: Vec<Extension>, wanted: usize) -> Vec<Extension> {
    if wanted < list.len() {
        list.select_nth_unstable(wanted);
        list.truncate(wanted);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(place: usize, distances: &[u64]) -> Vec<Extension> {
        let extension =
            |(code, distance): (usize, &u64)| Extension { distance: *distance, rank: place, code: code as u32, place };
        distances.iter().enumerate().map(extension).collect()
    }

    fn found(chosen: &[Extension]) -> Vec<(u64, usize, u32)> {
        chosen.iter().map(|extension| (extension.distance, extension.place, extension.code)).collect()
    }

    #[test]
    fn place_j_extends_the_first_j_places() {
        let lists = || [list(0, &[9, 8, 7]), list(1, &[1, 2, 3]), list(2, &[0, 9, 9])].into_iter();
        // The nearest of all belongs to the last place, which only place 3 looks at.
        assert_eq!(found(&fill(lists(), 3)), [(7, 0, 2), (1, 1, 0), (0, 2, 0)]);
        assert_eq!(found(&fill(lists(), 2)), [(7, 0, 2), (1, 1, 0)]);
        assert_eq!(found(&first(lists(), 3)), [(0, 2, 0), (1, 1, 0), (2, 1, 1)]);
        // More places than lists: the others are filled from all of them.
        let one = [list(0, &[5, 4, 4, 6])];
        assert_eq!(found(&fill(one.into_iter(), 3)), [(4, 0, 1), (4, 0, 2), (5, 0, 0)]);
    }

    #[test]
    fn ties_go_by_the_codes_that_places_hold() {
        // Place 0 holds the codes 7 1, place 1 the codes 3 9.
        assert_eq!(ranks(&[7, 1, 3, 9], 2, 2), [1, 0]);
        assert_eq!(ranks(&[], 0, 1), [0]);
        let mut lists = [list(0, &[4, 4]), list(1, &[4, 4])];
        for (list, rank) in lists.iter_mut().zip([1, 0]) {
            list.iter_mut().for_each(|extension| extension.rank = rank);
        }
        assert_eq!(found(&first(lists.clone().into_iter(), 3)), [(4, 1, 0), (4, 1, 1), (4, 0, 0)]);
        assert_eq!(found(&fill(lists.into_iter(), 2)), [(4, 0, 0), (4, 1, 0)]);
    }
}
