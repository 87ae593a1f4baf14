//! Finds the words that set the names of some items apart from all others.

use super::names::Names;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// How many words a group of items gets.
const MOST: usize = 3;

/// The words of the items' names.
///
/// A word is a run of at least two letters and digits, one of them a letter, in lower case. A name has each word once.
pub(super) struct Words {
    words: Vec<String>,
    /// For each word, the number of items whose names have it.
    counts: Vec<u64>,
    /// For each row, the words of its name.
    of_rows: Vec<Vec<u32>>,
}

impl Words {
    /// Collects the words of all names; none if items have no names.
    pub(super) fn new(names: &Names<'_>) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut all = Self { words: Vec::new(), counts: Vec::new(), of_rows: Vec::new() };
        for name in names.0.unwrap_or_default() {
            let mut words: Vec<u32> = split(name)
                .map(|word| {
                    let next = numbers.len() as u32;
                    *numbers.entry(word).or_insert(next)
                })
                .collect();
            words.sort_unstable();
            words.dedup();
            all.counts.resize(numbers.len(), 0);
            for word in &words {
                all.counts.iter_mut().skip(*word as usize).take(1).for_each(|count| *count += 1);
            }
            all.of_rows.push(words);
        }
        let mut words: Vec<(u32, String)> = numbers.into_iter().map(|(word, number)| (number, word)).collect();
        words.sort_unstable();
        all.words = words.into_iter().map(|(_, word)| word).collect();
        all
    }

    /// Returns the words that set the names of these rows apart, the strongest first.
    ///
    /// Take n items of N, and a word that a of the n and b of all N have. The word counts if at least two of the n have
    /// it, and at least one in twenty, and if its share of the n is at least twice its share of all: `a N >= 2 b n`.
    /// The word with the largest `a N - b n`, the difference of the shares, is the strongest; on a tie the alphabet
    /// decides.
    pub(super) fn of(&self, rows: &[usize]) -> Vec<&str> {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for word in rows.iter().filter_map(|row| self.of_rows.get(*row)).flatten() {
            *counts.entry(*word).or_default() += 1;
        }
        let (n, all) = (rows.len() as u64, self.of_rows.len() as u64);
        let mut found: Vec<(Reverse<u128>, &str)> = Vec::new();
        for (word, a) in counts.into_iter().filter(|(_, a)| *a >= 2 && 20 * a >= n) {
            let (Some(b), Some(text)) = (self.counts.get(word as usize), self.words.get(word as usize)) else {
                continue;
            };
            let (here, everywhere) = (u128::from(a) * u128::from(all), u128::from(*b) * u128::from(n));
            if here >= 2 * everywhere {
                found.push((Reverse(here - everywhere), text));
            }
        }
        found.sort_unstable();
        found.into_iter().take(MOST).map(|(_, word)| word).collect()
    }
}

fn split(name: &str) -> impl Iterator<Item = String> {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().nth(1).is_some() && word.chars().any(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &[&str]) -> Words {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Words::new(&Names(Some(&names)))
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found = |name: &str| split(name).collect::<Vec<_>>();
        assert_eq!(found("Py-numpy2.x_of 3d a 77"), ["py", "numpy2", "of", "3d"]);
        assert_eq!(found("\u{c9}t\u{e9}<b>"), ["\u{e9}t\u{e9}"]);
    }

    #[test]
    fn words_that_most_others_lack_are_given() {
        let names = ["django-a1", "django-b1", "django-c1-x2", "flask-d1", "flask-x2", "e1", "f1-py", "py-g1"];
        let words = words(&names);
        // `django` is in 3 of these 3 names and in 3 of all 8; `x2` is in only 1 of the 3.
        assert_eq!(words.of(&[0, 1, 2]), ["django"]);
        assert_eq!(words.of(&[3, 4]), ["flask"]);
        // A share that is exactly twice the share of all still counts, a smaller one does not: py is in 2 of these 4
        // and in 2 of all 8, flask in 2 of 5 and 2 of 8.
        assert_eq!(words.of(&[5, 6, 7, 0]), ["py"]);
        assert!(words.of(&[3, 4, 0, 1, 5]).iter().all(|word| *word != "flask"));
        assert!(words.of(&[0, 1, 2, 3, 4, 5, 6, 7]).is_empty() && words.of(&[0]).is_empty());
    }

    /// Checks the rule against shares of f64, for many names made of ten words.
    #[test]
    fn the_rule_holds_for_many_names() {
        let hash = |i: u64| crate::rng::row_hash(9, i);
        let pool = ["alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta", "iota", "kappa"];
        let names: Vec<String> = (0..300)
            .map(|i| {
                (0..3).map(|j| pool[(hash(3 * i + j) % 10).min(hash(i) % 10) as usize]).collect::<Vec<_>>().join("-")
            })
            .collect();
        let words = Words::new(&Names(Some(&names)));
        let has = |row: usize, word: &str| split(&names[row]).any(|found| found == word);
        for step in [2, 3, 7, 11] {
            let rows: Vec<usize> = (0..300).filter(|i| hash(*i as u64) % step == 0).collect();
            let share = |rows: &[usize], word: &str| {
                rows.iter().filter(|row| has(**row, word)).count() as f64 / rows.len() as f64
            };
            let all: Vec<usize> = (0..300).collect();
            let found = words.of(&rows);
            let mut expected: Vec<(f64, &str)> = pool
                .iter()
                .map(|word| (share(&rows, word), share(&all, word), *word))
                .filter(|(here, everywhere, _)| *here >= 2.0 * everywhere && *here >= 0.05)
                .map(|(here, everywhere, word)| (here - everywhere, word))
                .collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            assert_eq!(found, expected.iter().take(3).map(|(_, word)| *word).collect::<Vec<_>>(), "{step}");
        }
    }
}
