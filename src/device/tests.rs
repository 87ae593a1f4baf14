//! Every engine against the reference, bit for bit.

use super::{Device, Engine, Iteration, Purpose, Table, cpu, gpu, reference as scalar};
use crate::clock::Instant;
use crate::codebook::Codebook;
use crate::kernel::seed::{self, Seed};
use crate::kernel::update::Update;
use crate::partial::Partial;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform within `limit`.
    fn up_to(&mut self, limit: i32) -> i32 {
        (self.next() % (2 * limit as u64 + 1)) as i32 - limit
    }

    fn one_of(&mut self, values: &[i32]) -> i32 {
        values[self.next() as usize % values.len()]
    }
}

/// A shape, and which of the adversarial [`data`] fills it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) rows: usize,
    pub(super) dim: usize,
    pub(super) clusters: usize,
    pub(super) data: usize,
}

/// Rows and codewords whose residuals stay within 2^24.
pub(super) fn data(case: &Case, random: &mut Random) -> (Vec<i32>, Vec<i32>) {
    let (rows, codewords) = (case.rows * case.dim, case.clusters * case.dim);
    const EDGE: [i32; 7] = [-(1 << 23), 1 - (1 << 23), -1, 0, 1, (1 << 23) - 1, 1 << 23];
    let mut fill =
        |len, mut value: Box<dyn FnMut(&mut Random) -> i32>| -> Vec<i32> { (0..len).map(|_| value(random)).collect() };
    match case.data % 8 {
        // As `fit` makes them.
        0 => (fill(rows, Box::new(|r| r.up_to(1 << 20))), fill(codewords, Box::new(|r| r.up_to(1 << 19)))),
        // The limits of the grid: residuals reach 2^24 either way.
        1 => (fill(rows, Box::new(|r| r.one_of(&EDGE))), fill(codewords, Box::new(|r| r.one_of(&EDGE)))),
        // Exact ties everywhere.
        2 => (fill(rows, Box::new(|r| r.up_to(1))), fill(codewords, Box::new(|r| r.up_to(1)))),
        // Duplicate rows and duplicate codewords.
        3 => {
            let some = fill(3 * case.dim, Box::new(|r| r.up_to(1 << 20)));
            let repeat = |len: usize| some.iter().cycle().take(len).copied().collect();
            (repeat(rows), repeat(codewords))
        }
        // Near ties: a large constant and tiny differences.
        4 => {
            let near = |r: &mut Random| (1 << 22) + r.up_to(2);
            (fill(rows, Box::new(near)), fill(codewords, Box::new(near)))
        }
        // Codewords of very different lengths.
        5 => {
            let wild = |r: &mut Random| r.up_to(1 << 23) >> (r.next() % 24);
            (fill(rows, Box::new(move |r| r.up_to(1 << 21))), fill(codewords, Box::new(wild)))
        }
        // The largest rows a table may hold, on opposite sides.
        6 => {
            let side = |at: usize| 1 - 2 * (at as i32 % 2);
            let row = |i: usize| side(i / case.dim) * ((1 << 24) - i as i32 % 2);
            let codeword = |i: usize| if case.clusters > 1 { side(i / case.dim) << 23 } else { 0 };
            ((0..rows).map(row).collect(), (0..codewords).map(codeword).collect())
        }
        // Rows of zeros, alone or all.
        _ => {
            let sparse = |r: &mut Random| if r.next().is_multiple_of(8) { r.up_to(1 << 23) } else { 0 };
            (fill(rows, Box::new(sparse)), fill(codewords, Box::new(|r| r.up_to(1 << 10))))
        }
    }
}

/// Every result of a table, by name.
pub(super) type Outcome = Vec<(String, Vec<u64>)>;

/// Takes a table through everything it can do.
pub(super) fn outcome(engine: &dyn Engine, case: &Case) -> Outcome {
    let Case { rows, dim, clusters, .. } = *case;
    let mut random = Random((rows * 31 + dim * 17 + clusters * 7 + case.data) as u64);
    let (values, codewords) = data(case, &mut random);
    let first = Codebook::new(codewords, dim);
    // The same codewords but for the last, which moves: some rows change their code.
    let mut moved = first.values().to_vec();
    moved.iter_mut().rev().take(dim).for_each(|value| *value /= 2);
    let second = Codebook::new(moved, dim);
    let listed: Vec<usize> = (0..rows.min(9)).map(|_| random.next() as usize % rows).collect();
    let points: Vec<i32> = listed.iter().take(6).flat_map(|row| &values[row * dim..(row + 1) * dim]).copied().collect();

    let mut table = engine.table(rows, dim, Purpose::Fit).expect("table");
    let mut out = Outcome::new();
    let mut note = |name: String, values: Vec<u64>| out.push((name, values));
    let integers = |values: Vec<i32>| values.into_iter().map(|value| value as u64).collect::<Vec<_>>();
    let all: Vec<usize> = (0..rows).collect();

    note("fresh gather".into(), integers(table.gather(&all).expect("gather")));
    let half = rows / 2;
    table.upload(half, &values[half * dim..]).expect("upload");
    table.upload(0, &values[..half * dim]).expect("upload");
    for stage in ["upload", "subtract", "unit_length", "no codes"] {
        match stage {
            "subtract" => table.subtract(&second).expect("subtract"),
            "unit_length" => table.unit_length().expect("unit_length"),
            _ => {}
        }
        note(format!("{stage}: gather all"), integers(table.gather(&all).expect("gather")));
        if stage == "no codes" {
            note("gather".into(), integers(table.gather(&listed).expect("gather")));
            table.upload(0, &values[..half * dim]).expect("upload");
            table.subtract(&first).expect("subtract");
            note("no codes: subtract".into(), integers(table.gather(&all).expect("gather")));
        } else {
            for (name, codebook) in [("assign", &first), ("assign moved", &second)] {
                let changed = table.assign(codebook).expect("assign").changed;
                note(format!("{stage}: {name}: changed"), vec![changed]);
            }
        }
        let mut codes = vec![0; rows];
        table.codes(&mut codes).expect("codes");
        note(format!("{stage}: codes"), codes.into_iter().map(u64::from).collect());
        let partial = table.sums(clusters).expect("sums");
        note(format!("{stage}: counts"), partial.counts().to_vec());
        note(format!("{stage}: sums"), partial.sums().iter().map(|sum| *sum as u64).collect());
        note(format!("{stage}: assigned_distances"), table.assigned_distances(&second).expect("assigned_distances"));
        // Prices and limits of every kind: no list, some codewords, all of them.
        let own = table.assigned_distances(&second).expect("assigned_distances");
        let prices: Vec<i128> = (0..clusters).map(|k| (k as i128 % 3 - 1) << (k % 40)).collect();
        let limit = |(row, own): (usize, &u64)| match row % 4 {
            0 => i128::MIN >> 10,
            1 => i128::from(*own) + 1,
            2 => i128::from(*own) * 5 / 4 + 100,
            _ => i128::MAX >> 10,
        };
        let limits: Vec<i128> = own.iter().enumerate().map(limit).collect();
        let near = table.range_search(&second, &prices, &limits).expect("within");
        for (part, values) in ["within: clusters", "within: costs"].iter().zip(near.parts()) {
            note(format!("{stage}: {part}"), values);
        }
        if rows > 0 && stage == "subtract" {
            note(format!("{stage}: seeding"), seeds(&mut *table));
        }
        let mut closest = vec![u64::MAX; rows];
        for points in points.chunks(5 * dim) {
            let min_distances = table.min_distances(points, &closest).expect("min_distances");
            closest.iter_mut().zip(&min_distances).for_each(|(closest, min_distances)| *closest = *min_distances);
            note(format!("{stage}: min_distances"), min_distances);
        }
        let mut before = vec![0; rows];
        table.codes(&mut before).expect("codes");
        let others: Vec<u32> = (0..rows).map(|row| (row * 7 % clusters) as u32).collect();
        table.set_codes(&others).expect("set_codes");
        note(format!("{stage}: set_codes"), table.sums(clusters).expect("sums").counts().to_vec());
        let mut codes = vec![0; rows];
        table.codes(&mut codes).expect("codes");
        note(format!("{stage}: codes as set"), codes.iter().copied().map(u64::from).collect());
        note(format!("{stage}: distances as set"), table.assigned_distances(&first).expect("assigned_distances"));
        let (assigned, partial) = table.assign_and_sums(&first).expect("assign_and_sums");
        note(format!("{stage}: assign_and_sums: changed"), vec![assigned.changed]);
        note(format!("{stage}: assign_and_sums: counts"), partial.counts().to_vec());
        note(format!("{stage}: assign_and_sums: sums"), partial.sums().iter().map(|sum| *sum as u64).collect());
        let assigned = table.assign_and_codes(&second, &mut codes).expect("assign_and_codes");
        note(format!("{stage}: assign_and_codes: changed"), vec![assigned.changed]);
        note(format!("{stage}: assign_and_codes"), codes.iter().copied().map(u64::from).collect());
        let distances = table.assign_and_distances(&first, &mut codes).expect("assign_and_distances");
        note(format!("{stage}: assign_and_distances: codes"), codes.into_iter().map(u64::from).collect());
        note(format!("{stage}: assign_and_distances"), distances);
        if stage == "upload" || stage == "unit_length" {
            let room = if case.data.is_multiple_of(2) { 1 << 23 } else { 1 << 19 };
            note(format!("{stage}: lloyd"), iterations(&mut *table, &first, room));
        }
        // Far codewords would leave residuals beyond the grid.
        table.set_codes(&before).expect("set_codes");
    }
    out
}

/// Returns the results of two iterations of Lloyd's algorithm, and of a third after a restart: by the device, or where
/// it has none of its own, from sums.
fn iterations(table: &mut dyn Table, codebook: &Codebook, room: i32) -> Vec<u64> {
    let mut found = Vec::new();
    let Some(mut lloyd) = table.lloyd(codebook, room).expect("lloyd") else {
        let mut moved = codebook.clone();
        found.extend(iteration_from_sums(table, &mut moved, room));
        found.extend(iteration_from_sums(table, &mut moved, room));
        found.extend(iteration_from_sums(table, &mut codebook.clone(), room));
        return found;
    };
    for restarts in [false, false, true] {
        if restarts {
            lloyd.restart(codebook).expect("restart");
        }
        let Iteration { assigned, update } = lloyd.iterate().expect("iterate");
        let Update { gain, moved, longest, empty, movers } = update;
        let wide = [gain as u128, moved].into_iter().flat_map(|value| [value as u64, (value >> 64) as u64]);
        found.extend(wide.chain([longest, empty, movers, assigned.changed]));
        found.extend(lloyd.codewords().expect("codewords").values().iter().map(|value| *value as u64));
        let counts = lloyd.table().sums(codebook.clusters()).expect("sums").counts().to_vec();
        found.extend(counts);
    }
    found
}

/// Returns what an iteration gives, from the sums of the rows, and moves the codewords.
fn iteration_from_sums(table: &mut dyn Table, codebook: &mut Codebook, room: i32) -> Vec<u64> {
    let (assigned, partial) = table.assign_and_sums(codebook).expect("assign_and_sums");
    // Without the rows' lengths, which are 0 here, the squared error is the gain with the other sign.
    let gain = (partial.squared_error(codebook) as i128).wrapping_neg() as u128;
    let before = codebook.clone();
    for (k, codeword) in codebook.codewords_mut().enumerate() {
        let Some(centroid) = partial.centroid(k) else { continue };
        codeword.iter_mut().zip(centroid).for_each(|(value, centroid)| *value = centroid.clamp(-room, room));
    }
    let squared = |a: &[i32], b: &[i32]| a.iter().zip(b).map(|(a, b)| u128::from(a.abs_diff(*b)).pow(2)).sum::<u128>();
    let zeros = vec![0; codebook.dim()];
    let longest = codebook.values().chunks_exact(codebook.dim()).map(|codeword| squared(codeword, &zeros)).max();
    let moved = squared(codebook.values(), before.values());
    let both = codebook.values().chunks_exact(codebook.dim()).zip(before.values().chunks_exact(codebook.dim()));
    let movers = both.filter(|(now, before)| now != before).count() as u64;
    let empty = partial.counts().iter().filter(|count| **count == 0).count() as u64;
    let wide = [gain, moved].into_iter().flat_map(|value| [value as u64, (value >> 64) as u64]);
    let words = wide.chain([longest.unwrap_or(0) as u64, empty, movers, assigned.changed]);
    let codewords = before.values().iter().map(|value| *value as u64).collect::<Vec<_>>();
    words.chain(codewords).chain(partial.counts().iter().copied()).collect()
}

/// Returns the rows and potentials of three steps of k-means++: of the device, or where it has none, of the twin.
fn seeds(table: &mut dyn Table) -> Vec<u64> {
    let (rows, dim) = (table.rows(), table.dim());
    let all: Vec<usize> = (0..rows).collect();
    let values = table.gather(&all).expect("gather");
    let weights: Vec<u64> = (0..rows as u64).map(|row| row % 3).collect();
    let mut closest = vec![u64::MAX; rows];
    let mut on_device = table.seeding(&weights).expect("seeding");
    let mut last = match &mut on_device {
        Some(seeding) => seeding.start(rows / 2).expect("start"),
        None => seed::best_of(&values, dim, &weights, &mut closest, &[rows / 2]),
    };
    let mut found = Vec::new();
    for step in 1..4 {
        let Seed { row, potential } = last;
        found.extend([row as u64, potential as u64, (potential >> 64) as u64]);
        if potential == 0 {
            break;
        }
        let values_of_draws: Vec<u128> = (0..step).map(|draw| potential * draw / step).collect();
        last = match &mut on_device {
            Some(seeding) => seeding.draw(&values_of_draws).expect("draw"),
            None => seed::seed(&values, dim, &weights, &mut closest, &values_of_draws),
        };
    }
    found
}

/// Names of the results that differ.
pub(super) fn compare(expected: &Outcome, found: &Outcome) -> Vec<String> {
    let mut differences = Vec::new();
    if expected.len() != found.len() {
        differences.push("number of results".to_owned());
    }
    for ((name, expected), (other, found)) in expected.iter().zip(found) {
        if name != other || expected != found {
            differences.push(name.clone());
        }
    }
    differences
}

pub(super) fn reference() -> scalar::Reference {
    scalar::Reference::new()
}

/// The CPU as it is by itself, every pair of vector instructions and products that this processor has, every adapter
/// that can be opened, software included, by the filter that it begins with and by that of f32 with the smallest tiles,
/// and several devices as one; each is opened once.
pub(super) fn engines() -> &'static [Arc<dyn Engine>] {
    static ENGINES: OnceLock<Vec<Arc<dyn Engine>>> = OnceLock::new();
    ENGINES.get_or_init(|| {
        let mut engines: Vec<Arc<dyn Engine>> = vec![Arc::new(cpu::Cpu::new())];
        let units = cpu::Unit::all().into_iter();
        engines.extend(units.map(|unit| Arc::new(cpu::Cpu::with_unit(format!("cpu, {unit:?}"), unit)) as Arc<_>));
        let all_of_cpu = engines.len();
        for info in gpu::list() {
            let which = info.name.trim_start_matches("gpu:");
            match gpu::select(which).and_then(|wide| Ok([wide, gpu::select_narrow(which)?])) {
                Ok(both) => engines.extend(both),
                Err(error) => println!("SKIPPED {} ({}): {error}", info.name, info.description),
            }
        }
        if engines.len() == all_of_cpu {
            println!("SKIPPED the GPU tests: there is no adapter; install a Vulkan driver such as lavapipe");
        }
        if !HAS_THREADS {
            return engines;
        }
        // One of each kind is enough: devices know nothing of those beside them.
        let adapter = engines.iter().rfind(|engine| engine.info().backend == "vulkan" && !has_narrow_tiles(&***engine));
        let parts = engines.first().into_iter().chain(adapter).cloned().map(Device::of).chain([Device::reference()]);
        let several = super::several::Several::new(Device::cpu_with_threads(1).expect("threads"), parts.collect());
        engines.push(Arc::new(several));
        engines
    })
}

/// Every adapter that can be opened. All tests of the library share them, so that each kernel is compiled once.
pub(crate) fn adapters() -> &'static [Device] {
    static ADAPTERS: OnceLock<Vec<Device>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let is_adapter = |engine: &&Arc<dyn Engine>| {
            let info = engine.info();
            info.limits.is_some() && !info.name.contains(',')
        };
        engines().iter().filter(is_adapter).cloned().map(Device::of).collect()
    })
}

/// Whether an engine is an adapter with the smallest tiles, which only kernels that assign rows have.
pub(super) fn has_narrow_tiles(engine: &dyn Engine) -> bool {
    engine.info().name.ends_with("narrow tiles")
}

/// Whether all kernels of an engine are those of another adapter, but for their tiles or for their language.
fn has_kernels_of_another(engine: &dyn Engine) -> bool {
    has_narrow_tiles(engine) || engine.info().backend == "gl"
}

/// Whether there can be several threads; in a browser there is one.
const HAS_THREADS: bool = !cfg!(target_family = "wasm");

/// Checks every engine on a thread of its own, or one after the other where there is one thread only.
pub(super) fn check_engines(check: impl Fn(&dyn Engine) + Sync) {
    if !HAS_THREADS {
        return engines().iter().for_each(|engine| check(engine.as_ref()));
    }
    std::thread::scope(|scope| {
        for engine in engines() {
            scope.spawn(|| check(engine.as_ref()));
        }
    });
}

/// `SEMID_REQUIRE_ADAPTERS=N` turns skipped GPU tests into failures.
#[test]
fn enough_adapters() {
    let required = std::env::var("SEMID_REQUIRE_ADAPTERS").ok().and_then(|count| count.parse::<usize>().ok());
    let found: HashSet<&str> = engines()
        .iter()
        .map(|engine| engine.info())
        .filter(|info| info.backend == "vulkan")
        .map(|info| info.description.as_str())
        .collect();
    let found = found.len();
    assert!(found >= required.unwrap_or(0), "{found} Vulkan adapters, of which {required:?} are required");
}

/// How many of the [`cases`] are small.
const SMALL_CASES: usize = 117;

/// At least 100 shapes: sizes around every tile and none of them in step with another.
fn cases() -> Vec<Case> {
    const ROWS: [usize; 13] = [1, 63, 17, 0, 65, 257, 2, 128, 255, 129, 64, 256, 127];
    const DIM: [usize; 10] = [1, 17, 3, 33, 15, 100, 16, 31, 64, 7];
    const CLUSTERS: [usize; 9] = [5, 1, 64, 65, 2, 257, 63, 3, 129];
    let small =
        (0..SMALL_CASES).map(|i| Case { rows: ROWS[i % 13], dim: DIM[i % 10], clusters: CLUSTERS[i % 9], data: i });
    let large =
        [(300, 384, 33), (3, 8192, 5), (4099, 6, 19), (40, 1030, 70), (500, 2, 1111), (7, 2047, 9), (4, 8192, 2)];
    let large = large.into_iter().zip(0..);
    small.chain(large.map(|((rows, dim, clusters), data)| Case { rows, dim, clusters, data })).collect()
}

#[test]
fn every_engine_gives_the_bits_of_the_reference() {
    let cases = cases();
    let expected: Vec<Outcome> = cases.iter().map(|case| outcome(&reference(), case)).collect();
    check_engines(|engine| {
        let (info, start) = (engine.info(), Instant::now());
        // Two of every seven cases still have every size, and every kind of data.
        let is_left_out = |at: usize| match at < SMALL_CASES {
            true => has_kernels_of_another(engine) && at % 7 > 1,
            // A software adapter takes longer for these than for all others.
            false => has_narrow_tiles(engine),
        };
        let chosen = (0..).zip(&cases).zip(&expected).filter(|((at, _), _)| !is_left_out(*at));
        let mut count = 0;
        for ((_, case), expected) in chosen {
            let differences = compare(expected, &outcome(engine, case));
            assert_eq!(differences, Vec::<String>::new(), "{} ({}) on {case:?}", info.name, info.description);
            count += 1;
        }
        println!("{} {} {}: {count} cases, {:.1?}", info.name, info.backend, info.description, start.elapsed());
    });
}

/// Tables on one device may be used from several threads at once.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "starts threads")]
fn threads_share_a_device() {
    let cases = [(130, 17, 5), (65, 33, 64), (200, 3, 70), (64, 100, 9)];
    let cases = cases.map(|(rows, dim, clusters)| Case { rows, dim, clusters, data: 0 });
    let cases = cases.map(|case| (outcome(&reference(), &case), case));
    for engine in engines().iter().filter(|engine| !has_narrow_tiles(&***engine)) {
        std::thread::scope(|scope| {
            for (expected, case) in &cases {
                scope.spawn(move || {
                    let differences = compare(expected, &outcome(engine.as_ref(), case));
                    assert_eq!(differences, Vec::<String>::new(), "{} on {case:?}", engine.info().name);
                });
            }
        });
    }
}

/// The harness itself: a single bit, in any result, must be found.
#[test]
fn a_planted_bit_is_found() {
    let case = Case { rows: 65, dim: 17, clusters: 5, data: 0 };
    let expected = outcome(&reference(), &case);
    assert_eq!(compare(&expected, &expected), Vec::<String>::new());
    for planted in 0..expected.len() {
        let mut found = expected.clone();
        let (name, values) = &mut found[planted];
        let (name, middle) = (name.clone(), values.len() / 2);
        values[middle] ^= 1;
        assert_eq!(compare(&expected, &found), [name]);
        assert_eq!(
            compare(&expected, &expected[..planted].to_vec()).first().map(String::as_str),
            Some("number of results")
        );
    }
}

/// Codewords that move little by little, as in a fit: what an engine remembers between assignments must not show.
#[test]
fn repeated_assignments_give_the_codes_of_the_reference() {
    let shapes = [(700, 100, 64, 0), (400, 130, 97, 3), (600, 101, 70, 4), (500, 128, 256, 5), (300, 100, 80, 2)];
    for (rows, dim, clusters, data) in shapes {
        let case = Case { rows, dim, clusters, data };
        let expected = repeated_assignments(&reference(), &case);
        for engine in engines().iter().filter(|engine| engine.info().backend == "simd") {
            let found = repeated_assignments(engine.as_ref(), &case);
            let step = expected.iter().zip(&found).position(|(expected, found)| expected != found);
            assert_eq!((step, found.len()), (None, 24), "{case:?} on {}", engine.info().name);
        }
    }
}

/// Returns how many rows changed at each of 24 steps, the codes, and the sums.
fn repeated_assignments(engine: &dyn Engine, case: &Case) -> Vec<(u64, Vec<u32>, Partial)> {
    let Case { rows, dim, clusters, .. } = *case;
    let mut random = Random(7 + case.data as u64);
    let (values, _) = data(case, &mut random);
    let mut codewords = values[..clusters * dim].to_vec();
    let mut table = engine.table(rows, dim, Purpose::Fit).expect("table");
    table.upload(0, &values).expect("upload");
    let mut assign = |step| {
        let changed = table.assign(&Codebook::new(codewords.clone(), dim)).expect("assign").changed;
        let mut codes = vec![0; rows];
        table.codes(&mut codes).expect("codes");
        move_codewords(&mut codewords, &values, dim, step, &mut random);
        (changed, codes, table.sums(clusters).expect("sums"))
    };
    (0..24).map(&mut assign).collect()
}

/// Moves every codeword a little, one of them far, and at times one onto another or onto a row.
fn move_codewords(codewords: &mut [i32], values: &[i32], dim: usize, step: usize, random: &mut Random) {
    let clusters = codewords.len() / dim;
    let size = [1 << 14, 1 << 9, 40, 1, 0][step % 5];
    for value in codewords.iter_mut() {
        *value = (*value + random.up_to(size)).clamp(-(1 << 23), 1 << 23);
    }
    let (from, to) = (random.next() as usize % clusters, random.next() as usize % clusters);
    let row = random.next() as usize % (values.len() / dim);
    match step % 4 {
        1 => codewords.copy_within(from * dim..(from + 1) * dim, to * dim),
        2 => codewords[to * dim..(to + 1) * dim].copy_from_slice(&values[row * dim..(row + 1) * dim]),
        3 => codewords[to * dim..(to + 1) * dim].iter_mut().for_each(|value| *value /= 2),
        _ => {}
    }
}
