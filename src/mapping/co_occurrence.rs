//! Whether items that are used together share prefixes.

use super::Mapping;
use crate::error::{Error, Result};
use crate::metrics::{Estimate, numbers};
use crate::rng::Stream;
use serde::Serialize;

/// How often the partners of pairs are shuffled.
const SHUFFLES: usize = 10;

/// How much the prefix of an item says about the prefix of an item that it occurs with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CoOccurrence {
    /// Number of pairs of different items that both have an ID.
    pub pairs: u64,
    /// Number of pairs with an item that has no ID, or of an item with itself; they are left out.
    pub left_out: u64,
    /// The measure for prefixes of 1, 2, ... L codes.
    pub levels: Vec<LevelCoOccurrence>,
}

/// Normalized mutual information of the prefixes of one length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LevelCoOccurrence {
    /// `I(X; Y) / H(X)` over the pairs, each taken in both directions: 0 where the prefix X of an item says nothing
    /// about the prefix Y of its partner, 1 where it says everything; none where all items share a prefix.
    pub normalized_information: Option<f64>,
    /// The same measure after the partners are shuffled among the pairs, which is what chance gives with that many
    /// pairs.
    pub shuffled: Option<Estimate>,
    /// The share of pairs whose items have the same prefix.
    pub same_prefix: f64,
}

impl Mapping {
    /// Measures whether items that occur together, such as those bought by one person, share prefixes.
    ///
    /// With p(x, y) the share of pairs whose items have the prefixes x and y, each pair counted in both directions, and
    /// p(x) its sum over y, the mutual information is `I = sum p(x, y) ln(p(x, y) / (p(x) p(y)))`, and
    /// `H = -sum p(x) ln p(x)`. Few pairs raise I by chance; the mean of 10 shuffles shows by how much.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where there are no pairs, and where none has two items
    /// with IDs.
    ///
    /// # References
    /// T. M. Cover, J. A. Thomas, Elements of Information Theory, 2006, chapter 2.
    pub fn co_occurrence<A: AsRef<str>>(&self, pairs: &[(A, A)], seed: u64) -> Result<CoOccurrence> {
        if pairs.is_empty() {
            return Err(Error::parameter("pairs", 0, "must be at least one; there are no pairs"));
        }
        let known = |(a, b): &(A, A)| Some((self.row(a.as_ref())?, self.row(b.as_ref())?)).filter(|(a, b)| a != b);
        let found: Vec<(usize, usize)> = pairs.iter().filter_map(known).collect();
        if found.is_empty() {
            let example = pairs.first().map_or(String::new(), |(a, b)| format!("{:?}, {:?}", a.as_ref(), b.as_ref()));
            let expected = "must be of different items that have IDs; this is the first pair";
            return Err(Error::parameter("pairs", example, expected));
        }
        let mut stream = Stream::new("co-occurrence", seed, 0, 0);
        let mut partners: Vec<usize> = found.iter().map(|(_, b)| *b).collect();
        let shuffles: Vec<Vec<(usize, usize)>> = (0..SHUFFLES)
            .map(|_| {
                stream.shuffle(&mut partners);
                found.iter().map(|(a, _)| *a).zip(partners.iter().copied()).collect()
            })
            .collect();
        let level = |length: usize| -> Result<LevelCoOccurrence> {
            let prefixes: Vec<&[u32]> = self.codes.rows().filter_map(|row| row.get(..length)).collect();
            let numbers = numbers(&prefixes)?;
            let information = |pairs: &[(usize, usize)]| normalized_information(&numbers, pairs);
            let shuffled: Option<Vec<f64>> = shuffles.iter().map(|pairs| information(pairs)).collect();
            let same = found.iter().filter(|(a, b)| numbers.get(*a) == numbers.get(*b)).count();
            Ok(LevelCoOccurrence {
                normalized_information: information(&found),
                shuffled: shuffled.map(|values| Estimate::mean(&values, u64::MAX)),
                same_prefix: same as f64 / found.len() as f64,
            })
        };
        Ok(CoOccurrence {
            pairs: found.len() as u64,
            left_out: (pairs.len() - found.len()) as u64,
            levels: (1..=self.codes.levels()).map(level).collect::<Result<_>>()?,
        })
    }
}

/// `I(X; Y) / H(X)` of the numbers of pairs, each in both directions; none if there is only one number.
fn normalized_information(numbers: &[u32], pairs: &[(usize, usize)]) -> Option<f64> {
    let number = |row: usize| numbers.get(row).copied().unwrap_or(0);
    let both = pairs.iter().flat_map(|(a, b)| [(number(*a), number(*b)), (number(*b), number(*a))]);
    let mut joint: Vec<(u32, u32)> = both.collect();
    joint.sort_unstable();
    let all = joint.len() as f64;
    let mut single: Vec<(u32, u64)> = Vec::new();
    for same in joint.chunk_by(|a, b| a.0 == b.0) {
        single.extend(same.first().map(|(x, _)| (*x, same.len() as u64)));
    }
    let count =
        |x: u32| single.binary_search_by_key(&x, |(x, _)| *x).ok().and_then(|at| single.get(at)).map_or(0, |of| of.1);
    let entropy: f64 = single.iter().map(|(_, n)| *n as f64 / all * libm::log(all / *n as f64)).sum();
    let information: f64 = joint
        .chunk_by(|a, b| a == b)
        .filter_map(|same| {
            let (x, y) = *same.first()?;
            let n = same.len() as f64;
            Some(n / all * libm::log(n * all / (count(x) as f64 * count(y) as f64)))
        })
        .sum();
    (entropy > 0.0).then(|| information / entropy)
}
