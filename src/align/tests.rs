//! Compares labels with all permutations, and aligned models with the models they came from, on every device.

use super::Alignment;
use super::matching::{Pair, labels};
use crate::device::tests::adapters;
use crate::rng::row_hash;
use crate::{Codes, Device, ErrorKind, Matrix, Model, RqKMeans, RqKMeansModel, RqVae, Weights};

/// Returns all permutations of 0 .. n.
fn permutations(n: u32) -> Vec<Vec<u32>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let longer = |shorter: Vec<u32>| {
        (0..n as usize).map(move |at| {
            let mut list = shorter.clone();
            list.insert(at, n - 1);
            list
        })
    };
    permutations(n - 1).into_iter().flat_map(longer).collect()
}

/// Counts the agreeing rows that keep their code, and all rows that keep it.
fn kept(pairs: &[Pair], labels: &[u32]) -> (usize, usize) {
    let same = |pair: &&Pair| labels[pair.new as usize] == pair.old;
    (pairs.iter().filter(|pair| pair.agrees).filter(same).count(), pairs.iter().filter(same).count())
}

#[test]
fn no_permutation_keeps_more() {
    for case in 0..300 {
        let draw = |i: u64, below: u64| row_hash(case, i) % below;
        let clusters = 1 + draw(0, 6) as usize;
        // Old models may have more codes, few rows leave codes without any, and many rows cause ties.
        let (old_clusters, rows) = (clusters as u64 + draw(1, 3), [3, 12, 60][draw(2, 3) as usize]);
        let pair = |row: u64| Pair {
            new: draw(10 + 3 * row, clusters as u64) as u32,
            old: draw(11 + 3 * row, old_clusters) as u32,
            agrees: draw(12 + 3 * row, 3) == 0,
            times: 1,
        };
        let pairs: Vec<Pair> = (0..rows).map(pair).collect();
        let found = labels(pairs.clone(), clusters).unwrap();
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..clusters as u32).collect::<Vec<_>>(), "case {case}");
        let best = permutations(clusters as u32).iter().map(|labels| kept(&pairs, labels)).max();
        assert_eq!(Some(kept(&pairs, &found)), best, "case {case}");
        let turned: Vec<Pair> = pairs.into_iter().rev().collect();
        assert_eq!(labels(turned, clusters).unwrap(), found, "case {case}: the order of the rows");
    }
}

#[test]
fn later_levels_look_at_rows_that_have_kept_their_codes() {
    // Level 0 swaps its two codes, except for rows 4 to 6, which lose theirs; at level 1 only these rows would keep
    // their codes.
    let old = Codes::new(vec![0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0], 2).unwrap();
    let new = Codes::new(vec![1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 2).unwrap();
    let alignment = Alignment::of_codes(&old, &new, &[2, 2]).unwrap();
    assert_eq!(alignment.labels, [[1, 0], [1, 0]]);
    assert_eq!(alignment.after.unchanged_prefixes, [4.0 / 7.0; 2]);
    assert_eq!(alignment.after.unchanged_codes, [4.0 / 7.0; 2]);
    assert_eq!(alignment.relabel(&new).unwrap().values()[..2], [0, 0]);
}

#[test]
fn levels_that_one_side_lacks() {
    let two = Codes::new(vec![0, 1, 1, 0, 1, 1], 2).unwrap();
    let one = Codes::new(vec![1, 0, 0], 1).unwrap();
    let longer = Alignment::of_codes(&one, &two, &[2, 3]).unwrap();
    assert_eq!((longer.labels, longer.after.unchanged_codes), (vec![vec![1, 0], vec![0, 1, 2]], vec![1.0]));
    let shorter = Alignment::of_codes(&two, &one, &[2]).unwrap();
    assert_eq!((shorter.labels, shorter.after.unchanged_codes), (vec![vec![1, 0]], vec![1.0]));
}

#[test]
fn what_does_not_belong_together() {
    let [two, three] = [2, 3].map(|rows| Codes::new(vec![0; rows], 1).unwrap());
    let kind = |old, new, clusters| Alignment::of_codes(old, new, clusters).unwrap_err().into_kind();
    assert!(matches!(kind(&two, &three, &[1]), ErrorKind::RowCount { .. }));
    assert!(matches!(kind(&two, &two, &[1, 1]), ErrorKind::CodeLevels { expected: 2, found: 1 }));
    let none = Codes::new(Vec::new(), 1).unwrap();
    assert!(matches!(kind(&none, &none, &[1]), ErrorKind::Empty));
    let (_, [model, _]) = models(Device::cpu());
    let rows = Matrix::new(&[], 6).unwrap();
    assert!(matches!(model.align_to(&model, &rows, &Device::cpu()).unwrap_err().into_kind(), ErrorKind::Empty));
    for labels in [vec![vec![0, 1, 2, 3, 4, 5]], vec![vec![0, 1, 2, 3, 4, 4], (0..5).collect()], Vec::new()] {
        let error = model.relabelled(&labels).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "labels", .. }), "{error}");
    }
}

const DIM: usize = 6;

/// Makes rows in loose groups, none of them exactly between two codewords.
fn values() -> Vec<f32> {
    let hash = |i: usize| (row_hash(5, i as u64) % 100_003) as f32 / 5000.0;
    let value = |row: usize, d: usize| 3.0 * hash(row % 9 * DIM + d) + hash(1000 + row * DIM + d);
    (0..400).flat_map(|row| (0..DIM).map(move |d| value(row, d))).collect()
}

fn k_means(seed: u64) -> RqKMeans {
    RqKMeans::new(2, [6, 5]).seed(seed)
}

/// Makes rows, and two models that differ in their seed.
fn models(device: Device) -> (Vec<f32>, [Model; 2]) {
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let models = [1, 2].map(|seed| k_means(seed).fit(&rows, &device).unwrap().into());
    (values, models)
}

fn devices() -> Vec<Device> {
    let cpus = [Device::reference(), Device::cpu_with_threads(1).unwrap(), Device::cpu()];
    cpus.into_iter().chain(adapters().iter().cloned()).collect()
}

#[test]
fn aligned_models_give_the_same_codes_by_other_names_on_every_device() {
    let (values, [old, new]) = models(Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    let balanced: Model = k_means(3).balanced().fit(&rows, &Device::cpu()).unwrap().into();
    let vae = RqVae::new(2, [6, 5]).hidden([8]).latent(4).epochs(2).batch(64);
    let network: Model = vae.fit(&rows, &Device::cpu()).unwrap().into();
    for model in [new, balanced, network] {
        let (aligned, alignment) = model.align_to(&old, &rows, &Device::reference()).unwrap();
        let codes = alignment.relabel(&model.encode(&rows, &Device::reference()).unwrap()).unwrap();
        assert_ne!(aligned.fingerprint(), model.fingerprint());
        assert!(alignment.after.unchanged_codes[0] > alignment.before.unchanged_codes[0], "{alignment:?}");
        assert!(alignment.after.unchanged_prefixes[1] > alignment.before.unchanged_prefixes[1], "{alignment:?}");
        for device in devices() {
            assert_eq!(aligned.encode(&rows, &device).unwrap(), codes, "{} on {device:?}", model.kind());
            assert_eq!(model.align_to(&old, &rows, &device).unwrap(), (aligned.clone(), alignment.clone()));
        }
        let [before, after] = [&model, &aligned].map(|model| model.downcast::<RqKMeansModel>()?.prices());
        assert_eq!(before.is_some(), after.is_some());
        for (level, (before, after)) in before.into_iter().flatten().zip(after.into_iter().flatten()).enumerate() {
            let moved = before.iter().zip(&alignment.labels[level]);
            assert!(moved.clone().all(|(price, label)| after[*label as usize] == *price), "level {level}");
        }
        assert_eq!(Model::from_bytes(&aligned.to_bytes().unwrap()).unwrap(), aligned);
    }
}

#[test]
fn the_same_seed_changes_nothing_and_renumbering_is_undone() {
    let (values, [old, _]) = models(Device::cpu());
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let again = Model::from(k_means(1).fit(&rows, &device).unwrap());
    let (aligned, alignment) = again.align_to(&old, &rows, &device).unwrap();
    assert_eq!((&aligned, alignment.before.unchanged_prefixes[1]), (&old, 1.0));
    let renumbered = old.relabelled(&[vec![5, 3, 1, 0, 2, 4], vec![1, 2, 3, 4, 0]]).unwrap();
    let (back, alignment) = renumbered.align_to(&old, &rows, &device).unwrap();
    assert_eq!((back.fingerprint(), back.levels()), (old.fingerprint(), old.levels()));
    assert_eq!(back.parameters().unwrap()["align_to"].as_str(), Some(old.fingerprint().as_str()));
    assert!(alignment.before.unchanged_prefixes[1] < 1.0 && alignment.after.unchanged_prefixes[1] == 1.0);
}

/// A registry adopts a model that says to which one it was aligned.
#[test]
fn models_that_were_numbered_alike_by_themselves_are_said_to_be_aligned() {
    let (values, [old, _]) = models(Device::cpu());
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let new = Model::from(k_means(2).fit(&rows, &device).unwrap());
    let (aligned, alignment) = new.align_to(&old, &rows, &device).unwrap();
    // Numbered so by hand: no code changes its number.
    let unsaid = new.relabelled(&alignment.labels).unwrap();
    assert_eq!((unsaid.fingerprint(), unsaid.parameters().unwrap().get("align_to")), (aligned.fingerprint(), None));
    let (said, alignment) = unsaid.align_to(&old, &rows, &device).unwrap();
    assert!(alignment.labels.iter().all(|labels| labels.iter().copied().eq(0..labels.len() as u32)));
    assert_eq!(said.parameters().unwrap()["align_to"].as_str(), Some(old.fingerprint().as_str()));
}

#[test]
fn other_numbers_of_clusters_keep_what_can_be_kept() {
    let (values, [old, _]) = models(Device::cpu());
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    for clusters in [4, 9] {
        let new = Model::from(RqKMeans::new(3, clusters).seed(9).fit(&rows, &device).unwrap());
        let (aligned, alignment) = new.align_to(&old, &rows, &device).unwrap();
        assert_eq!((aligned.clusters(), alignment.labels.len()), (vec![clusters; 3], 3));
        assert_eq!(alignment.after.unchanged_codes.len(), 2);
        assert!(alignment.after.unchanged_codes[0] > 0.4, "{alignment:?}");
    }
}

#[test]
fn a_weight_is_that_many_copies_of_the_row() {
    let (values, [old, new]) = models(Device::cpu());
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let weight = |row: usize| [0, 1, 3, 40][(row_hash(8, row as u64) % 4) as usize];
    let repeat = |row: usize| values[row * DIM..(row + 1) * DIM].repeat(weight(row) as usize);
    let copies: Vec<f32> = (0..400).flat_map(repeat).collect();
    let weights = Weights::new((0..400).map(weight)).unwrap();
    let expected = new.align_to(&old, &Matrix::new(&copies, DIM).unwrap(), &device).unwrap();
    assert_eq!(new.align_to_weighted(&old, &rows, &weights, &device).unwrap(), expected);
    assert_ne!(new.align_to(&old, &rows, &device).unwrap().1.labels, expected.1.labels, "the weights matter");
    // Sums of weights beyond 2^32, whose products exceed 64 bits.
    let many = Weights::new((0..400).map(|row| weight(row) << 23)).unwrap();
    let (_, alignment) = new.align_to_weighted(&old, &rows, &many, &device).unwrap();
    assert_eq!(alignment.labels, expected.1.labels);
    for (weights, is_right) in [
        (
            Weights::new([1; 399]).unwrap(),
            (|kind| matches!(kind, ErrorKind::RowCount { .. })) as fn(&ErrorKind) -> bool,
        ),
        (Weights::new([0; 400]).unwrap(), |kind| matches!(kind, ErrorKind::NoWeight)),
    ] {
        let error = new.align_to_weighted(&old, &rows, &weights, &device).unwrap_err();
        assert!(is_right(error.kind()), "{error}");
    }
}
