//! Decodes with the index as its engine does, and compares what it lets through with the IDs.

use super::*;
use crate::error::ErrorKind;
use crate::id::export::tests::{Ids, any_ids, registry};
use crate::id::resolver::Resolver;
use crate::io::testing::Folder;
use proptest::prelude::*;
use safetensors::SafeTensors;
use std::collections::BTreeSet;

const ALWAYS: Resolver = Resolver::Suffix { always: true };

/// The arrays of a file.
struct Index {
    dense_levels: usize,
    vocab: usize,
    csr: Vec<[i32; 2]>,
    indptr: Vec<usize>,
    branches: Vec<usize>,
    start: Vec<bool>,
    mask: Vec<bool>,
    states: Vec<usize>,
}

impl Index {
    fn read(bytes: &[u8]) -> Self {
        let file = SafeTensors::deserialize(bytes).unwrap();
        let ints = |name: &str| -> Vec<i32> {
            let tensor = file.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), safetensors::Dtype::I32);
            tensor.data().as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
        };
        let sizes = |name: &str| ints(name).into_iter().map(|number| number as usize).collect::<Vec<_>>();
        let bools = |name: &str| -> Vec<bool> {
            let tensor = file.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), safetensors::Dtype::BOOL);
            tensor.data().iter().map(|byte| [false, true][usize::from(*byte)]).collect()
        };
        let vocab = file.tensor("start_mask").unwrap().shape()[0];
        let dense = file.tensor("dense_mask").unwrap().shape().to_vec();
        assert!(dense.iter().all(|len| *len == vocab));
        assert_eq!(file.tensor("dense_states").unwrap().shape(), dense);
        Self {
            dense_levels: dense.len(),
            vocab,
            csr: ints("packed_csr").as_chunks().0.to_vec(),
            indptr: sizes("indptr"),
            branches: sizes("layer_max_branches"),
            start: bools("start_mask"),
            mask: bools("dense_mask"),
            states: sizes("dense_states"),
        }
    }

    /// Every list of codes that the engine lets through.
    fn walk(&self) -> BTreeSet<Vec<u64>> {
        let starts = (0..self.vocab).filter(|code| self.start[*code]);
        let mut beams: Vec<(Vec<u64>, usize)> = starts.map(|code| (vec![code as u64], code + 1)).collect();
        assert_eq!(beams.len(), self.branches[0]);
        for step in 1..self.branches.len() {
            let before = std::mem::take(&mut beams);
            let mut most = 0;
            for (codes, state) in before {
                let next = if step < self.dense_levels { self.dense(state) } else { self.sparse(state) };
                assert_eq!(next.len(), self.sparse(state).len(), "dense and sparse tables differ");
                most = most.max(next.len());
                beams.extend(next.into_iter().map(|(code, state)| ([&codes[..], &[code as u64]].concat(), state)));
            }
            assert_eq!(most, self.branches[step], "step {step}");
        }
        assert!(beams.iter().all(|(_, state)| *state == 0), "an ID ends elsewhere");
        beams.into_iter().map(|(codes, _)| codes).collect()
    }

    fn dense(&self, state: usize) -> Vec<(usize, usize)> {
        let line = (state - 1) * self.vocab;
        let of = |code: usize| (code, self.states[line + code]);
        (0..self.vocab).filter(|code| self.mask[line + code]).map(of).collect()
    }

    /// The rows that a reader of fixed width finds are within the array.
    fn sparse(&self, state: usize) -> Vec<(usize, usize)> {
        let edges = self.indptr[state]..self.indptr[state + 1];
        assert!(edges.start + self.vocab <= self.csr.len(), "a reader of {} rows runs out of the array", self.vocab);
        edges.map(|edge| (self.csr[edge][0] as usize, self.csr[edge][1] as usize)).collect()
    }
}

fn index(resolver: Resolver, ids: &Ids, sizes: StaticSizes) -> Result<Index> {
    let folder = Folder::new();
    let path = folder.path("static.safetensors");
    let exported = Export::new(&registry(resolver, ids)).static_index(&path, sizes)?;
    let index = Index::read(&std::fs::read(&path).unwrap());
    assert_eq!(exported.nodes, Some(index.indptr.len() as u64 - 2));
    let padding = &index.csr[index.csr.len() - index.vocab..];
    assert!(padding.iter().all(|row| *row == [index.vocab as i32, 0]));
    assert_eq!(
        (index.csr.len() - index.vocab, index.csr.len()),
        (index.indptr[index.indptr.len() - 2], index.indptr[index.indptr.len() - 1])
    );
    Ok(index)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_engine_lets_every_id_through_and_no_other(ids in any_ids(), dense in 1..3_usize, more in 0..5_u64) {
        let live = ids.iter().filter(|(item, ..)| item.is_some());
        let codes = |(_, [a, b], suffix): &(Option<String>, [u32; 2], u64)| vec![u64::from(*a), u64::from(*b), *suffix];
        let expected: BTreeSet<_> = live.map(codes).collect();
        prop_assume!(!expected.is_empty());
        let suffixes = ids.iter().map(|(.., suffix)| suffix + 1).max().unwrap();
        let vocab = suffixes.max(4) + more;
        let index = index(ALWAYS, &ids, StaticSizes::new().dense_levels(dense).vocab_size(vocab)).unwrap();
        prop_assert_eq!((index.vocab as u64, index.dense_levels), (vocab, dense));
        prop_assert_eq!(index.walk(), expected);
    }
}

#[test]
fn ids_of_two_codes_have_one_dense_level() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0), (Some("y".into()), [2, 3], 0), (Some("z".into()), [0, 3], 0)];
    let index = index(Resolver::default(), &ids, StaticSizes::new()).unwrap();
    assert_eq!((index.vocab, index.dense_levels, &index.branches[..]), (4, 1, &[2, 2][..]));
    assert_eq!((&index.states[..], &index.mask[..]), (&[1, 0, 3, 0][..], &[true, false, true, false][..]));
    assert_eq!(index.csr[..3], [[3, 0], [1, 0], [3, 0]]);
    assert_eq!(index.indptr, [0, 0, 1, 1, 3, 3, 7]);
    assert_eq!(index.walk().len(), 3);
}

#[test]
fn what_the_index_cannot_hold_is_refused() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0), (Some("y".into()), [2, 1], 1)];
    let refused = |resolver, ids: &Ids, sizes| match index(resolver, ids, sizes).err().unwrap().into_kind() {
        ErrorKind::Parameter { name, .. } => name,
        ErrorKind::MixedDepths { .. } => "depths",
        ErrorKind::DamagedRegistry { .. } => "damage",
        other => panic!("{other}"),
    };
    let sizes = StaticSizes::new();
    assert_eq!(refused(Resolver::default(), &ids, sizes), "depths");
    assert_eq!(refused(ALWAYS, &vec![], sizes), "registry");
    assert_eq!(refused(ALWAYS, &ids, sizes.dense_levels(3)), "dense_levels");
    assert_eq!(refused(ALWAYS, &ids, sizes.dense_levels(0)), "dense_levels");
    assert_eq!(refused(Resolver::default(), &ids[..1].to_vec(), sizes.dense_levels(2)), "dense_levels");
    assert_eq!(refused(ALWAYS, &ids, sizes.vocab_size(3)), "vocab_size", "there are four codes on the second level");
    assert_eq!(refused(ALWAYS, &ids, sizes.vocab_size(1 << 31)), "vocab_size");
    assert_eq!(refused(ALWAYS, &ids, sizes.vocab_size((1 << 15) + 1)), "dense_levels");
    assert_eq!(refused(ALWAYS, &vec![(Some("x".into()), [3, 1], 0)], sizes), "damage", "level 1 has codes below 3");
}
