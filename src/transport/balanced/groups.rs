//! Groups: equal rows are of one kind, and kinds with equal lists of candidates are of one class.

/// Members in groups, numbered in the order of their first members. The members are rows, and the groups are kinds; or
/// the members are kinds, and the groups are classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups {
    /// The group of every member.
    of_member: Vec<u32>,
    /// The first member of every group, and its number of rows.
    groups: Vec<(u32, u32)>,
}

impl Groups {
    /// Makes the kinds of rows of which each is told the first row of its kind: itself, or a row before it. Rows of one
    /// kind must have equal costs; rows with equal costs need not be of one kind.
    ///
    /// # Exactness
    /// The solver computes with kinds what it would compute with rows: a list of candidates is a function of costs,
    /// prices and a limit, so the rows of a kind have one list. The optimum is a function of costs and sizes (see the
    /// module), and the smallest codes are still chosen row by row. So kinds decide how long the search takes, but not
    /// its result.
    pub(crate) fn of_equal_rows(firsts: impl IntoIterator<Item = u32>) -> Self {
        let mut kinds = Self::default();
        for first in firsts {
            let known = kinds.of_member.get(first as usize).map(|kind| *kind as usize);
            kinds.add(known, 1);
        }
        kinds
    }

    /// Makes every row a kind of its own.
    #[cfg(test)]
    pub(crate) fn of_distinct_rows(rows: usize) -> Self {
        Self::of_equal_rows(0..rows as u32)
    }

    /// Makes room for as many members.
    pub(super) fn with_capacity(members: usize) -> Self {
        Self { of_member: Vec::with_capacity(members), groups: Vec::new() }
    }

    /// Adds the next member, with its number of rows, to a group, or to a new one if that is none. Returns the group.
    pub(super) fn add(&mut self, group: Option<usize>, rows: usize) -> usize {
        let group = group.unwrap_or_else(|| {
            self.groups.push((self.of_member.len() as u32, 0));
            self.groups.len() - 1
        });
        self.groups[group].1 += rows as u32;
        self.of_member.push(group as u32);
        group
    }

    /// Returns the number of groups.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns the number of members.
    pub(super) fn members(&self) -> usize {
        self.of_member.len()
    }

    /// Returns the group of a member.
    #[inline(always)]
    pub(super) fn of(&self, member: usize) -> usize {
        self.of_member[member] as usize
    }

    /// Returns the first member of a group.
    #[inline(always)]
    pub(super) fn first(&self, group: usize) -> usize {
        self.groups[group].0 as usize
    }

    /// Returns the number of rows of a group.
    #[inline(always)]
    pub(super) fn rows(&self, group: usize) -> usize {
        self.groups[group].1 as usize
    }
}
