//! The last level has the smallest sum of increases.

use super::*;

fn sum(placed: &[Placed]) -> (usize, i128) {
    let placed = placed.iter().filter(|placed| !placed.suffix_needed);
    (placed.clone().count(), placed.map(|placed| placed.added_distance).sum())
}

#[test]
fn one_level_is_the_best_of_all_placements() {
    let (mut moved, mut left_over) = (0, 0);
    for seed in 0..500 {
        let (table, capacity, used) = problem(seed, 1 + seed % 6, &[1 + random(seed, 9, 5) as usize]);
        let placed = table.reassign(capacity, &used);
        let items: Vec<usize> = (0..placed.len()).collect();
        let mut places = free_places(&table.clusters, capacity, &used).into_iter().map(Some).collect();
        assert_eq!(sum(&placed), brute_force(&table, &items, &mut places), "problem {seed}");
        moved += items.iter().filter(|item| placed[**item].codes != table.encode(**item)).count();
        left_over += placed.iter().filter(|placed| placed.suffix_needed).count();
    }
    assert!(moved > 100 && left_over > 100, "{moved} moved, {left_over} left over: too easy");
}

/// Returns whether a cycle of exchanges between codes, free places and being left over would make the sum smaller. Runs
/// Bellman and Ford's test over all exchanges of one level, which is another algorithm than the solver's.
fn can_be_better(table: &Table, placed: &[Placed], free: &[Vec<u32>]) -> bool {
    let codes = table.clusters[0];
    // The node after those of the codes stands for being left over, which costs nothing.
    let node = |placed: &Placed| if placed.suffix_needed { codes } else { placed.codes[0] as usize };
    let places: Vec<usize> =
        (0..codes).map(|code| free.iter().filter(|free| free[0] as usize == code).count()).collect();
    let mut edges = Vec::new();
    for (item, at) in placed.iter().enumerate() {
        let cost = |node: usize| if node == codes { 0 } else { table.increase(item, &[node as u32]) };
        let open = (0..=codes).filter(|to| *to == codes || places[*to] > 0);
        edges.extend(open.map(|to| (node(at), to, cost(to) - cost(node(at)))));
    }
    let held = |code: usize| placed.iter().filter(|placed| node(placed) == code).count();
    // A chain of moves may end at a free place, from which there is a way back to the code where the chain began.
    let open = (0..codes).filter(|code| places[*code] > held(*code));
    edges.extend(open.flat_map(|code| (0..codes).map(move |other| (code, other, 0))));
    let mut distance = vec![0_i128; codes + 1];
    let mut relax = || {
        let before = distance.clone();
        edges.iter().for_each(|(from, to, cost)| distance[*to] = distance[*to].min(distance[*from] + cost));
        distance != before
    };
    (0..=codes + 1).all(|_| relax())
}

#[test]
fn larger_groups_have_no_exchange_that_is_better() {
    let mut worse = 0;
    for seed in 0..24 {
        let items = 20 + seed * 8;
        let (_, capacity, used) = problem(seed, items, &[60]);
        let table = Table::new((0..items).collect(), &[60], [20, 1 << 40][seed as usize % 2]);
        let mut placed = table.reassign(capacity, &used);
        let free = free_places(&table.clusters, capacity, &used);
        assert_eq!(sum(&placed).0, free.len().min(items as usize), "problem {seed}");
        assert!(!can_be_better(&table, &placed, &free), "problem {seed}");
        // The test must notice two items that change places for the worse.
        let increase = |item: usize, placed: &Placed| match placed.suffix_needed {
            true => 0,
            false => table.increase(item, &placed.codes),
        };
        let (a, b) = (random(seed, 20, items) as usize, random(seed, 21, items) as usize);
        let before = increase(a, &placed[a]) + increase(b, &placed[b]);
        placed.swap(a, b);
        let is_worse = increase(a, &placed[a]) + increase(b, &placed[b]) > before;
        assert_eq!(can_be_better(&table, &placed, &free), is_worse, "problem {seed}");
        worse += u32::from(is_worse);
    }
    assert!(worse > 10, "{worse} of the swaps were for the worse");
}

#[test]
fn a_chain_of_moves_is_found() {
    struct Line;
    impl Costs for Line {
        /// Items 0 and 1 at 0, item 2 at 1; code 1 is 4 from code 0, code 2 is 9 from code 0 and 2 from code 1.
        fn distances(&self, item: usize, _: &[u32]) -> Result<Vec<u64>> {
            Ok(if item < 2 { vec![0, 4, 9] } else { vec![5, 0, 2] })
        }
    }
    let encoded = [vec![0], vec![0], vec![1]];
    let used = Used::new();
    let placed = reassign(&encoded, &["a", "b", "c"], space(&[3], 1), &mut below(&used), &Line, None).unwrap();
    let found: Vec<(u32, i128)> = placed.iter().map(|placed| (placed.codes[0], placed.added_distance)).collect();
    assert_eq!(found, [(0, 0), (1, 4), (2, 2)]);
}
