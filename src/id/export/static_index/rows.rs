//! The codes of all IDs in order, and the numbers of the nodes of their trie.

use super::Sizes;
use crate::error::{Error, Result};
use crate::id::export::WATCHED;
use crate::id::export::tensors::Put;

/// Edges that are converted to bytes at a time.
const CHUNK: usize = 4096;

/// The codes of every ID, IDs in order: equally many codes for each, no ID twice.
#[derive(Default)]
pub(super) struct SidRows {
    codes: Vec<u32>,
    depth: usize,
    /// For each depth, how many nodes it has: prefixes of one code more.
    nodes: Vec<usize>,
}

/// The states of the nodes: those of depth d, from 1 on, are numbered from `first[d - 1]`.
pub(super) struct States {
    first: Vec<usize>,
    end: usize,
}

impl States {
    /// One more than the largest state.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The state of node `number` among those of `depth`, whose last code is `code`.
    fn of(&self, depth: usize, number: usize, code: u32) -> i32 {
        let state = match depth.checked_sub(1) {
            None => code as usize + 1,
            Some(before) => self.first.get(before).map_or(0, |first| first + number),
        };
        state as i32 // `SidRows::states` has checked the largest one
    }
}

impl SidRows {
    /// Appends the next ID.
    pub(super) fn push(&mut self, codes: &[u32], suffix: Option<u64>) -> Result<()> {
        self.codes.extend(codes);
        if let Some(suffix) = suffix {
            let code = i32::try_from(suffix).ok();
            let code = code.ok_or_else(|| {
                Error::parameter("suffix", suffix, "must be below 2^31, as states are 32-bit integers")
            })?;
            self.codes.push(code as u32);
        }
        Ok(())
    }

    /// Counts the nodes, once all IDs of this depth are there.
    pub(super) fn finish(&mut self, depth: usize) -> Result<()> {
        self.depth = depth;
        let mut nodes = vec![0; depth];
        for (_, new) in self.rows() {
            if new >= depth {
                return Err(Error::damaged_registry("two items have the same ID"));
            }
            nodes.iter_mut().skip(new).for_each(|count| *count += 1);
        }
        self.nodes = nodes;
        Ok(())
    }

    /// Refuses codes that their level, of these numbers of codes, does not have.
    pub(super) fn check(&self, counts: &[u64]) -> Result<()> {
        for (row, _) in self.rows() {
            if let Some(level) = row.iter().zip(counts).position(|(code, count)| u64::from(*code) >= *count) {
                let reason = format!("an ID has codes {row:?}, and level {} of its model has no such code", level + 1);
                return Err(Error::damaged_registry(reason));
            }
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.codes.len().checked_div(self.depth).unwrap_or_default()
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Iterates over the IDs, each with the depth at which its first new node is: the length of the prefix that it
    /// shares with the ID before it.
    fn rows(&self) -> impl Iterator<Item = (&[u32], usize)> {
        let rows = || self.codes.chunks_exact(self.depth.max(1));
        let before = std::iter::once(&[][..]).chain(rows());
        rows().zip(before).map(|(row, before)| (row, row.iter().zip(before).take_while(|(a, b)| a == b).count()))
    }

    /// Number of edges that do not leave the root.
    pub(super) fn edges(&self) -> usize {
        self.nodes.iter().skip(1).sum()
    }

    /// Numbers the nodes.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where states or edges do not fit 32-bit integers.
    pub(super) fn states(&self, vocab: usize) -> Result<States> {
        let mut end = vocab + 1;
        let mut first = Vec::new();
        // Nodes of the last depth are where IDs end: they all have state 0.
        for count in self.nodes.iter().take(self.depth.saturating_sub(1)).skip(1) {
            first.push(end);
            end += count;
        }
        let most = end.max(self.edges() + vocab);
        match i32::try_from(most) {
            Ok(_) => Ok(States { first, end }),
            Err(_) => Err(Error::parameter(
                "registry",
                format!("{most} states or edges"),
                "must have below 2^31 of them; export fewer items",
            )),
        }
    }

    /// Whether an ID begins with each code.
    pub(super) fn start_mask(&self, vocab: usize) -> Vec<bool> {
        let mut mask = vec![false; vocab];
        for code in self.rows().filter_map(|(row, _)| row.first()) {
            if let Some(start) = mask.get_mut(*code as usize) {
                *start = true;
            }
        }
        mask
    }

    /// Returns the first edge of every state, and the most edges of a node of each depth, the root's first.
    pub(super) fn indptr(
        &self,
        states: &States,
        vocab: usize,
        watch: &dyn Fn() -> Result<()>,
    ) -> Result<(Vec<i32>, Vec<i32>)> {
        let mut counts = vec![0_i32; states.end() + 2];
        let mut branches = vec![0; self.depth];
        if let (Some(most), Some(count)) = (branches.first_mut(), self.nodes.first()) {
            *most = *count as i32;
        }
        for depth in 1..self.depth {
            self.each_edge(states, depth, watch, &mut |parent, _, _| {
                // Counted one place further on, so that the running sum is the first edge.
                if let (Some(count), Some(most)) = (counts.get_mut(parent as usize + 1), branches.get_mut(depth)) {
                    *count += 1;
                    *most = (*most).max(*count);
                }
                Ok(())
            })?;
        }
        let mut sum = 0;
        for count in &mut counts {
            sum += *count;
            *count = sum;
        }
        // The rows after the last edge, which readers of fixed width run into, are those of a state beyond the last.
        if let Some(last) = counts.last_mut() {
            *last += vocab as i32;
        }
        Ok((counts, branches))
    }

    /// Calls `visit` with parent state, code and child state of every edge into a node of `depth`, in order.
    fn each_edge(
        &self,
        states: &States,
        depth: usize,
        watch: &dyn Fn() -> Result<()>,
        visit: &mut dyn FnMut(i32, u32, i32) -> Result<()>,
    ) -> Result<()> {
        // The numbers of the nodes that the present row goes through, plus one.
        let (mut parents, mut children) = (0_usize, 0_usize);
        for (number, (row, new)) in (0_u64..).zip(self.rows()) {
            if number % WATCHED == 0 {
                watch()?;
            }
            parents += usize::from(new < depth);
            let (Some(code), Some(before)) = (row.get(depth), row.get(depth - 1)) else { continue };
            if new <= depth {
                let parent = states.of(depth - 1, parents - 1, *before);
                let child = if depth + 1 < self.depth { states.of(depth, children, *code) } else { 0 };
                children += 1;
                visit(parent, *code, child)?;
            }
        }
        Ok(())
    }

    /// Gives code and next state of every edge, and the rows after them.
    pub(super) fn put_edges(&self, states: &States, vocab: usize, put: &mut Put<'_>) -> Result<()> {
        let mut bytes = Vec::with_capacity(8 * CHUNK);
        let edge = |bytes: &mut Vec<u8>, code: u32, state: i32, put: &mut Put<'_>| {
            bytes.extend(code.to_le_bytes());
            bytes.extend(state.to_le_bytes());
            if bytes.len() >= 8 * CHUNK {
                put(bytes)?;
                bytes.clear();
            }
            Ok(())
        };
        for depth in 1..self.depth {
            self.each_edge(states, depth, &|| Ok(()), &mut |_, code, child| edge(&mut bytes, code, child, put))?;
        }
        (0..vocab).try_for_each(|_| edge(&mut bytes, vocab as u32, 0, put))?;
        put(&bytes)
    }

    /// Gives the bytes of the state after every list of first codes, 0 where no ID begins with them.
    pub(super) fn each_dense<const N: usize>(
        &self,
        states: &States,
        sizes: Sizes,
        bytes: &mut dyn FnMut(i32) -> [u8; N],
        put: &mut Put<'_>,
    ) -> Result<()> {
        let Sizes { vocab, dense } = sizes;
        let mut table = vec![0_i32; vocab];
        let flush = |table: &mut Vec<i32>, bytes: &mut dyn FnMut(i32) -> [u8; N], put: &mut Put<'_>| -> Result<()> {
            put(&table.iter().flat_map(|state| bytes(*state)).collect::<Vec<u8>>())?;
            table.fill(0);
            Ok(())
        };
        // With two levels there is a line of the table for every first code.
        let (mut line, mut nodes) = (0, 0_usize);
        for (row, new) in self.rows() {
            let (Some(first), Some(last)) = (row.first(), row.get(dense - 1)) else { continue };
            while dense == 2 && line < *first {
                flush(&mut table, bytes, put)?;
                line += 1;
            }
            nodes += usize::from(new < dense);
            if let Some(state) = table.get_mut(*last as usize) {
                *state = states.of(dense - 1, nodes - 1, *last);
            }
        }
        let lines = if dense == 2 { vocab as u32 } else { 1 };
        (line..lines).try_for_each(|_| flush(&mut table, bytes, put))
    }
}
