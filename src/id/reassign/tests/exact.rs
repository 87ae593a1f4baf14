//! The last level is placed at the smallest sum of increases.

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

/// No cycle of exchanges and no replacement of a placed item by one left over makes the sum smaller: Bellman and Ford's
/// test on all exchanges, which is another algorithm than the solver's.
#[test]
fn larger_groups_have_no_exchange_that_is_better() {
    for (seed, items) in [(1, 30), (2, 60), (3, 90), (4, 90), (5, 140), (6, 200), (7, 200), (8, 61)] {
        let (_, capacity, used) = problem(seed, items, &[60]);
        let table = Table::new((0..items).collect(), &[60], [20, 1 << 40][seed as usize % 2]);
        let placed = table.reassign(capacity, &used);
        let free = free_places(&table.clusters, capacity, &used);
        assert_eq!(sum(&placed).0, free.len().min(items as usize), "problem {seed}");
        // Nodes: the codes, and one for being left over, which costs nothing.
        let node = |placed: &Placed| if placed.suffix_needed { 60 } else { placed.codes[0] as usize };
        let mut edges = Vec::new();
        for (item, at) in placed.iter().enumerate() {
            let cost = |node: usize| if node == 60 { 0 } else { table.increase(item, &[node as u32]) };
            let open = (0..60).filter(|code| free.contains(&vec![*code as u32])).chain([60]);
            edges.extend(open.filter(|to| *to != node(at)).map(|to| (node(at), to, cost(to) - cost(node(at)))));
        }
        let held = |code: usize| placed.iter().filter(|placed| node(placed) == code).count();
        for code in 0..60 {
            if free.iter().filter(|codes| codes[0] as usize == code).count() > held(code) {
                // A free place: whoever takes it ends the chain, so it is as good as a cycle through everyone.
                edges.extend((0..60).map(|other| (code, other, 0)));
            }
        }
        let mut distance = [0_i128; 61];
        for round in 0..=61 {
            let mut changed = false;
            for (from, to, cost) in &edges {
                let shorter = distance[*from] + cost;
                changed |= shorter < distance[*to];
                distance[*to] = shorter.min(distance[*to]);
            }
            assert!(round < 61 || !changed, "problem {seed} has a better exchange");
        }
    }
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
    let placed = reassign(&encoded, &["a", "b", "c"], 1, &mut |_| Ok(Vec::new()), &[3], &Line).unwrap();
    let found: Vec<(u32, i128)> = placed.iter().map(|placed| (placed.codes[0], placed.added_distance)).collect();
    assert_eq!(found, [(0, 0), (1, 4), (2, 2)]);
}
