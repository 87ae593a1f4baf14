//! Sharing codewords among groups of rows in exact proportion.

use crate::error::Result;

/// Shares `clusters` codewords among groups: one each, and the others in proportion to `weights`. `distinct` counts the
/// different rows of a group up to a limit; no group gets more codewords than it has different rows, so fewer than
/// `clusters` are shared out where all groups together have no more.
///
/// # Shapes
/// `weights` (G) with `1 <= G <= clusters` gives shares (G).
///
/// # Exactness
/// Weights are below 2^90 and `clusters` is at most 2^16, so products are exact in u128. In each round the open groups
/// are given their shares by [`largest_remainders`]. Those whose share exceeds their different rows get as many
/// codewords as different rows and are closed, and the next round shares what is left among the others.
pub(super) fn shares(
    clusters: usize,
    weights: &[u128],
    mut distinct: impl FnMut(usize, usize) -> Result<usize>,
) -> Result<Vec<usize>> {
    let mut shares = vec![0; weights.len()];
    let mut open: Vec<(usize, u128)> = weights.iter().copied().enumerate().collect();
    let mut left = clusters;
    while !open.is_empty() {
        let more = largest_remainders(left.saturating_sub(open.len()), &open);
        let mut still_open = Vec::with_capacity(open.len());
        for ((group, weight), more) in open.iter().copied().zip(more) {
            let found = distinct(group, 1 + more)?;
            if let Some(share) = shares.get_mut(group) {
                *share = found;
            }
            match found <= more {
                true => left = left.saturating_sub(found),
                false => still_open.push((group, weight)),
            }
        }
        if still_open.len() == open.len() {
            break;
        }
        open = still_open;
    }
    Ok(shares)
}

/// Shares `count` things in proportion to weights: everybody gets the integer part of `count weight / sum`, and those
/// with the largest remainders get one more until none is left, the first one on a tie.
fn largest_remainders(count: usize, groups: &[(usize, u128)]) -> Vec<usize> {
    let sum = groups.iter().map(|(_, weight)| weight).sum::<u128>().max(1);
    let of = |weight: u128| (count as u128 * weight / sum, count as u128 * weight % sum);
    let mut given: Vec<usize> = groups.iter().map(|(_, weight)| of(*weight).0 as usize).collect();
    let left = count.saturating_sub(given.iter().sum());
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(groups.get(*at).map_or(0, |(_, weight)| of(*weight).1)));
    for at in order.into_iter().take(left) {
        if let Some(given) = given.get_mut(at) {
            *given += 1;
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::row_hash;

    fn shared(clusters: usize, weights: &[u128], distinct: &[usize]) -> Vec<usize> {
        shares(clusters, weights, |group, limit| Ok(distinct[group].min(limit))).unwrap()
    }

    #[test]
    fn shares_are_proportional() {
        let many = [1000; 4];
        assert_eq!(shared(4, &[9, 1, 5, 5], &many), [1, 1, 1, 1]);
        assert_eq!(shared(24, &[9, 1, 5, 5], &many), [10, 2, 6, 6]);
        // 6 * 9 / 20 = 2.7, 0.3, 1.5, 1.5: the integer parts leave 2, for the remainders 0.7 and the first 0.5.
        assert_eq!(shared(10, &[9, 1, 5, 5], &many), [4, 1, 3, 2]);
        // The largest weights and numbers there are.
        assert_eq!(shared(65_536, &[1 << 90, 1 << 90, 1 << 90, 1 << 90], &[1 << 20; 4]), [16_384; 4]);
    }

    #[test]
    fn nobody_gets_more_codewords_than_different_rows() {
        assert_eq!(shared(10, &[9, 1, 5, 5], &[2, 1, 9, 9]), [2, 1, 4, 3]);
        assert_eq!(shared(10, &[9, 1, 5, 5], &[2, 1, 3, 1]), [2, 1, 3, 1]);
        assert_eq!(shared(10, &[0, 0, 0], &[1, 1, 1]), [1, 1, 1]);
    }

    /// By the definition: the shares add up, respect the different rows, and between two groups that are not full the
    /// heavier one never has fewer.
    #[test]
    fn random_shares_keep_their_promises() {
        for case in 0..500 {
            let hash = |i: u64| row_hash(case, i);
            let groups = 1 + hash(0) as usize % 12;
            let weights: Vec<u128> = (0..groups as u64).map(|g| (hash(g + 1) >> (hash(g + 50) % 60)).into()).collect();
            let distinct: Vec<usize> = (0..groups as u64).map(|g| 1 + hash(g + 100) as usize % 40).collect();
            let clusters = groups + hash(200) as usize % 100;
            let found = shared(clusters, &weights, &distinct);
            let all = distinct.iter().sum::<usize>();
            if weights.iter().all(|weight| *weight > 0) {
                assert_eq!(found.iter().sum::<usize>(), clusters.min(all), "{case}");
            }
            for (a, b) in (0..groups).flat_map(|a| (0..groups).map(move |b| (a, b))) {
                assert!(found[a] >= 1 && found[a] <= distinct[a], "{case}");
                let heavier = weights[a] > weights[b] && found[a] < distinct[a];
                assert!(!heavier || found[a] >= found[b], "{case}: {found:?} of {weights:?}, {distinct:?}");
            }
        }
    }
}
