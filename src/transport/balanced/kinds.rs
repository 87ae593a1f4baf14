//! Kinds of rows: equal rows, which have equal costs, are of one kind.

/// The kinds of the rows; kinds are numbered in the order of their first rows. Rows of one kind must have equal costs;
/// rows with equal costs need not be of one kind.
///
/// # Exactness
/// The solver computes with kinds what it would compute with rows: a list of candidates is a function of costs, prices
/// and a limit, so the rows of a kind have one list. The optimum is a function of costs and sizes (see the module), and
/// the smallest codes are still chosen row by row. So kinds decide how long the search takes, but not its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// The kind of every row.
    of_row: Vec<u32>,
    /// The first row of every kind, and its number of rows.
    kinds: Vec<(u32, u32)>,
}

impl Kinds {
    /// Makes the kinds of rows of which each is told the first row of its kind: itself, or a row before it.
    pub(crate) fn of(firsts: impl IntoIterator<Item = u32>) -> Self {
        let mut new = Self::default();
        for (row, first) in (0..).zip(firsts) {
            let kind = match new.of_row.get(first as usize) {
                Some(kind) => *kind,
                None => {
                    new.kinds.push((row, 0));
                    new.kinds.len() as u32 - 1
                }
            };
            new.of_row.push(kind);
            new.kinds[kind as usize].1 += 1;
        }
        new
    }

    /// Makes every row a kind of its own.
    #[cfg(test)]
    pub(crate) fn distinct(rows: usize) -> Self {
        Self::of(0..rows as u32)
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        self.of_row.len()
    }

    /// Returns the number of kinds.
    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    #[inline(always)]
    pub(super) fn of_row(&self, row: usize) -> usize {
        self.of_row[row] as usize
    }

    /// Returns the first row of a kind.
    #[inline(always)]
    pub(super) fn first(&self, kind: usize) -> usize {
        self.kinds[kind].0 as usize
    }

    /// Returns the number of rows of a kind.
    #[inline(always)]
    pub(super) fn weight(&self, kind: usize) -> usize {
        self.kinds[kind].1 as usize
    }
}
