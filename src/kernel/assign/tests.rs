//! The bound of the filter against everything that a device may do with a score.

use super::{gap, squared_distance};
use crate::rng::row_hash;

/// Scores of one row: the exact one of each codeword, and the lowest and highest evaluation of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Score {
    exact: f64,
    low: f64,
    high: f64,
}

/// A tournament under way: the score that is held, the label, and the largest second best there may be.
#[derive(Clone, Copy)]
struct State {
    held: Score,
    label: Score,
    second: f64,
}

/// Whether some evaluations prove a label that is not the nearest one alone: scores meet in this order, every use of a
/// score may be another evaluation, and a gap above `limit` is a proof.
fn proves_wrongly(scores: &[Score], limit: f64) -> bool {
    let Some((first, others)) = scores.split_first() else { return false };
    let start = State { held: *first, label: *first, second: f64::INFINITY };
    let nearest = scores.iter().map(|score| score.exact).fold(f64::INFINITY, f64::min);
    let ties = scores.iter().filter(|score| score.exact == nearest).count();
    let wrong = |state: &State| state.label.exact > nearest || ties > 1;
    last_states(start, others).iter().any(|state| wrong(state) && state.second - state.held.low > limit)
}

/// All states that `others` can lead to.
fn last_states(state: State, others: &[Score]) -> Vec<State> {
    let Some((next, others)) = others.split_first() else { return vec![state] };
    let second = state.second.min(state.held.high.max(next.high));
    let (may_win, may_lose) = (next.low < state.held.high, next.high >= state.held.low);
    let mut states = Vec::new();
    // The score and the label are selected by two evaluations of one comparison.
    for (scores, labels) in [(true, true), (true, false), (false, true), (false, false)] {
        if [scores, labels].iter().all(|wins| if *wins { may_win } else { may_lose }) {
            let held = if scores { *next } else { state.held };
            let label = if labels { *next } else { state.label };
            states.extend(last_states(State { held, label, second }, others));
        }
    }
    states
}

/// An exact score that is evaluated within `error`.
fn within(exact: f64, error: f64) -> Score {
    Score { exact, low: exact - error, high: exact + error }
}

/// Whether every state that a share can end with has a second best score which bounds those of all its codewords but
/// its label, and those of all where the held score is another one, within three errors.
fn second_bounds_all_but_the_label(scores: &[Score], error: f64) -> bool {
    let Some((first, others)) = scores.split_first() else { return true };
    let start = State { held: *first, label: *first, second: f64::INFINITY };
    last_states(start, others).iter().all(|state| {
        let two = state.held != state.label;
        let bounded = |score: &&Score| state.second <= score.exact + 3.0 * error || (**score == state.label && !two);
        scores.iter().all(|score| bounded(&score)) && (!two || state.second - state.held.low <= 4.0 * error)
    })
}

#[test]
fn the_second_best_bounds_a_share() {
    // Every four different scores in steps of half an error, in every order.
    let mut shares = 0;
    for case in 0..12_u32.pow(4) {
        let exact = [0, 1, 2, 3].map(|place| case / 12_u32.pow(place) % 12);
        if (1..4).all(|at| !exact[..at].contains(&exact[at])) {
            let scores = exact.map(|exact| within(f64::from(exact), 2.0));
            assert!(second_bounds_all_but_the_label(&scores, 2.0), "{exact:?}");
            shares += 1;
        }
    }
    assert_eq!(shares, 12 * 11 * 10 * 9);
    // Less than three errors do not bound it.
    let scores = [3.0, 1.0, 2.0].map(|exact| within(exact, 1.0));
    assert!(second_bounds_all_but_the_label(&scores, 1.0) && !second_bounds_all_but_the_label(&scores, 0.2));
}

#[test]
fn a_gap_of_four_errors_proves_the_nearest() {
    let half = [-1.9, 0.0, -0.05].map(|exact| within(exact, 1.0));
    assert!(proves_wrongly(&half, 2.0), "the gap of two errors, which used to be taken for a proof");
    assert!(!proves_wrongly(&half, 4.0));

    // Every four exact scores in steps of half an error: none is proved wrongly, and nothing smaller would do.
    let mut wrong = [0, 0];
    for case in 0..12_u32.pow(4) {
        let scores = [0, 1, 2, 3].map(|place| within(f64::from(case / 12_u32.pow(place) % 12), 2.0));
        for (wrong, limit) in wrong.iter_mut().zip([8.0, 7.0]) {
            *wrong += usize::from(proves_wrongly(&scores, limit));
        }
    }
    assert_eq!(wrong[0], 0);
    assert!(wrong[1] > 0);
}

/// The neighbours of a number among f32, both the same where it is one.
fn neighbours(exact: f64) -> [f64; 2] {
    let near = exact as f32;
    let (below, above) = (near.next_down(), near.next_up());
    match f64::from(near).total_cmp(&exact) {
        std::cmp::Ordering::Less => [near, above].map(f64::from),
        std::cmp::Ordering::Equal => [near, near].map(f64::from),
        std::cmp::Ordering::Greater => [below, near].map(f64::from),
    }
}

/// The range of a sum of products whose terms are added in this order: every rounding goes down, or every one goes up.
fn product_range(terms: impl Iterator<Item = (i32, i32)>) -> [f64; 2] {
    // Products and sums of the numbers below are exact in f64.
    terms.fold([0.0, 0.0], |[low, high], (r, c)| {
        let [product_low, product_high] = neighbours(f64::from(r) * f64::from(c));
        [neighbours(low + product_low)[0], neighbours(high + product_high)[1]]
    })
}

/// All evaluations of the score of a codeword that add terms forwards or backwards.
fn score(row: &[i32], codeword: &[i32]) -> Score {
    let norm: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
    let dot: f64 = row.iter().zip(codeword).map(|(r, c)| f64::from(*r) * f64::from(*c)).sum();
    let terms = || row.iter().copied().zip(codeword.iter().copied());
    let half_norm = f64::from((norm / 2.0) as f32);
    let ranges = [product_range(terms()), product_range(terms().rev())];
    let low = ranges.iter().map(|[_, high]| neighbours(half_norm - high)[0]).fold(f64::INFINITY, f64::min);
    let high = ranges.iter().map(|[low, _]| neighbours(half_norm - low)[1]).fold(f64::NEG_INFINITY, f64::max);
    Score { exact: norm / 2.0 - dot, low, high }
}

/// A long row and three short codewords. The first component makes a large product, and each of `dim - 3` products of
/// 1 or -1 may move the sum by a whole step; the last two components set the exact scores.
fn long_row(dim: usize, large: i32, tail: [i32; 2]) -> (Vec<i32>, [Vec<i32>; 3]) {
    let ones = |sign: &dyn Fn(usize) -> i32, tail: [i32; 2]| -> Vec<i32> {
        [vec![large], (0..dim - 3).map(sign).collect(), tail.to_vec()].concat()
    };
    let mut row = ones(&|_| 1, [0, 7500]);
    row[0] = (1 << 23) + 65;
    // The nearest codeword, which may seem far; one whose score may come out as anything; and one that may seem near.
    (row, [ones(&|_| -1, [0, 0]), ones(&|i| 1 - 2 * (i as i32 % 2), [0, tail[0]]), ones(&|_| 1, [tail[1], 0])])
}

fn longest(codewords: &[Vec<i32>]) -> u64 {
    codewords.iter().map(|codeword| squared_distance(codeword, &vec![0; codeword.len()])).max().unwrap_or(0)
}

/// Whether f32 arithmetic, as WGSL allows it, can prove a wrong label with this bound, whatever the order of the
/// codewords.
fn can_go_wrong(row: &[i32], codewords: &[Vec<i32>; 3], (slope, base): (f32, f32)) -> bool {
    let length = (squared_distance(row, &vec![0; row.len()]) as f64).sqrt();
    // The device's own roundings make the bound as small as they can.
    let limit = (f64::from(slope) * length + f64::from(base)) * (1.0 - 5.0 * f64::from(f32::EPSILON));
    let [a, b, c] = codewords.each_ref().map(|codeword| score(row, codeword));
    [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]].iter().any(|order| proves_wrongly(order, limit))
}

#[test]
fn no_permitted_rounding_proves_a_wrong_label() {
    let before = |dim: usize, longest: u64| {
        let gamma = (dim as f64 + 1.0) * f64::from(f32::EPSILON) * 1.000_01;
        ((2.0 * gamma * (longest as f64).sqrt()) as f32, (gamma * longest as f64) as f32)
    };
    let mut went_wrong_before = 0;
    for seed in 0..300_u64 {
        let hash = |i: u64, range: u64| (row_hash(seed, i) % range) as i32;
        let dim = [16, 35, 66, 131, 259][seed as usize % 5];
        let large = 1 << (6 + hash(0, 5));
        // The second codeword is just as far away as it can be and still seem nearer than the first; the third is a
        // little farther than the first.
        let farther = dim as i32 * large * (120 + hash(1, 40)) / 750_000;
        let tail = [-farther, (4 * dim as i32).isqrt() + 1 + hash(2, 3)];
        let (row, codewords) = long_row(dim, large, tail);
        went_wrong_before += usize::from(can_go_wrong(&row, &codewords, before(dim, longest(&codewords))));
        assert!(!can_go_wrong(&row, &codewords, gap(dim, longest(&codewords))), "{dim} {large} {tail:?}");
    }
    assert!(went_wrong_before > 0, "these rows do not show the gap in the proof");
}
