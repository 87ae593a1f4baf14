//! How many rows a task takes at a time.

/// Rows that a task takes at most: a multiple of the rows of every tile, and few enough that rows and scores stay in
/// the cache.
pub(super) const ROWS: usize = 252;
/// The rows of a tile.
const TILE: usize = 6;
/// Tasks that each thread gets at least, where there are enough rows, so that no thread waits long for another.
const TASKS: usize = 4;

/// Returns how many of `rows` rows a task takes.
pub(super) fn block_rows(rows: usize) -> usize {
    let share = rows.div_ceil(TASKS * rayon::current_num_threads());
    share.max(1).next_multiple_of(TILE).min(ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_whole_tiles_and_few_rows_are_shared() {
        let threads = rayon::current_num_threads();
        for rows in [0, 1, 5, 6, 1000, 60_000] {
            let block = block_rows(rows);
            assert!(block > 0 && block.is_multiple_of(TILE) && block <= ROWS, "{rows}: {block}");
        }
        assert_eq!(block_rows(ROWS * TASKS * threads), ROWS);
        assert_eq!(block_rows(12 * TASKS * threads), 12);
    }
}
