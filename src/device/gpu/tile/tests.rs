//! Tests that every variant gives the codes of the twin, that variants are timed when they should be, and that nothing
//! which the file may hold does harm.

use super::{Cache, Class, Tile, Tiles, Timings, Variant, Wanted};
use crate::codebook::Codebook;
use crate::device::gpu::adapter;
use crate::device::gpu::context::Context;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::tests::{Case, Random, data};
use crate::device::{AssignCounts, DeviceInfo, Table};
use crate::kernel::assign;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const SHAPE: Class = Class { rows: 4096, dim: 64, clusters: 128 };

fn info(description: &str) -> DeviceInfo {
    let description = description.to_owned();
    let [name, backend, driver] = ["gpu:0", "vulkan", "1.2.3"].map(str::to_owned);
    DeviceInfo { name, description, backend, driver, hardware: true, limits: None }
}

fn variant(filter: Filter, wide_rows: bool, wide_codes: bool) -> Variant {
    Variant { filter, tile: Tile::Sized { wide_rows, wide_codes } }
}

/// Times by which the narrowest tile of bytes is the fastest variant, and the widest of f32 the fastest of f32.
fn timings() -> Timings {
    let time = |(at, variant): (usize, Variant)| {
        let is_narrowest = variant == self::variant(Filter::Bytes, false, false);
        let part = if is_narrowest { 2 } else { 12 - at };
        // Seconds and milliseconds that f64 holds exactly.
        (is_narrowest || variant.filter == Filter::F32).then_some((variant, part as f64 / 128.0))
    };
    Variant::all().enumerate().filter_map(time).collect()
}

#[test]
fn variants_have_names_and_suit_shapes() {
    let names: Vec<String> = Variant::all().map(Variant::name).collect();
    assert!(names.contains(&"f32 64x64".to_owned()) && names.contains(&"8bit 128x64".to_owned()), "{names:?}");
    assert!(Variant::all().all(|variant| Variant::named(&variant.name()) == Some(variant)));
    assert_eq!(Variant::named("f32 32x32"), None);
    let wide = variant(Filter::Bytes, true, true);
    assert_eq!(wide.for_shape(17, 1000), variant(Filter::Bytes, true, false));
    assert_eq!(wide.for_shape(16, 1000), variant(Filter::F32, true, true));
    // 64 codewords more than 128 at a time would be padding.
    assert_eq!(wide.for_shape(16, 64), variant(Filter::F32, true, false));
    assert_eq!(wide.for_shape(16, 65), variant(Filter::F32, true, true));
    assert_eq!(wide.for_shape(16, 192), variant(Filter::F32, true, false));
    for variant in Variant::all() {
        assert_eq!(variant.for_shape(100, 1024), variant);
        let suited = variant.for_shape(5, 1);
        assert_eq!(suited, suited.for_shape(5, 1));
    }
}

/// `benches/RESULTS.md` says which variants spill registers: 64x64 does so nowhere.
#[test]
fn browsers_begin_with_the_narrowest_tile() {
    let names = |in_browser| [Filter::F32, Filter::Bytes].map(|filter| Tile::first_choice(filter, in_browser).name());
    assert_eq!([false, true].map(names), [["128x128", "64x128"], ["64x64", "64x64"]]);
    let here = cfg!(target_family = "wasm");
    assert_eq!(Tile::unmeasured(Filter::F32), Tile::first_choice(Filter::F32, here));
}

#[test]
fn classes_hold_shapes_of_like_size() {
    assert_eq!(Class::of(0, 1, 1), Class { rows: 4096, dim: 16, clusters: 64 });
    assert_eq!(Class::of(4097, 65, 129), Class { rows: 16_384, dim: 128, clusters: 256 });
    assert_eq!(Class::of(16_385, 384, 256), Class { rows: 65_536, dim: 512, clusters: 256 });
    assert_eq!(Class::of(10_000_000, 8192, 65_536), Class { rows: 1 << 18, dim: 8192, clusters: 65_536 });
}

#[test]
fn wishes_have_names() {
    assert_eq!(Wanted::named(None), Ok(Wanted::Fastest));
    assert_eq!(Wanted::named(Some("measured")), Ok(Wanted::Measured));
    let tile = Tile::Sized { wide_rows: false, wide_codes: true };
    assert_eq!(Wanted::named(Some("64x128")), Ok(Wanted::Tile(tile)));
    for other in ["", "128", "32x32", "128x128 "] {
        assert_eq!(Wanted::named(Some(other)), Err(other.to_owned()));
    }
}

#[test]
fn an_unknown_tile_is_an_error() {
    let Some(found) = adapter::all().next() else { return };
    let Ok(mut context) = found.open() else { return };
    context.tiles.wanted = Err("9x9".into());
    let error = GpuRows::new(Arc::new(context), 1, 20).map(|_| ()).expect_err("an error").to_string();
    let available =
        "64x64, 64x128, 128x64, 128x128, streamed, measured, and cooperative in a build with `tensor-cores`";
    assert_eq!(error, format!("SEMID_GPU_TILE names no tile of a GPU: 9x9; available: {available}"));
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "writes files")]
fn the_fastest_variant_is_chosen_and_remembered() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("not there yet/tiles.json");
    let open = |of: &str| Tiles::new(&info(of)).with(Wanted::Measured, Some(Cache::at(&path, &info(of))));
    let unmeasured = variant(Filter::Bytes, false, true);
    let tiles = open("one");
    assert_eq!(tiles.choose(SHAPE, None), unmeasured);
    assert_eq!(tiles.choose(SHAPE, Some(Filter::F32)), variant(Filter::F32, true, true));
    assert!(tiles.is_due(SHAPE) && !tiles.is_due(SHAPE), "only one table is to time the variants");
    // A process that ends here does not make the next one try again.
    assert!(!open("one").is_due(SHAPE));
    tiles.learn(SHAPE, timings());
    for tiles in [tiles, open("one")] {
        assert_eq!(tiles.choose(SHAPE, None), variant(Filter::Bytes, false, false));
        assert_eq!(tiles.choose(SHAPE, Some(Filter::F32)), variant(Filter::F32, true, true));
        assert_eq!(tiles.choose(SHAPE, Some(Filter::Bytes)), variant(Filter::Bytes, false, false));
        assert_eq!(tiles.choices(), [(SHAPE, variant(Filter::Bytes, false, false), 2.0 / 128.0)]);
        assert_eq!(tiles.choose(Class { dim: 128, ..SHAPE }, None), unmeasured);
    }
    // Another adapter, driver or class: nothing is known.
    let other = open("another");
    assert_eq!(other.choices(), []);
    assert!(other.is_due(SHAPE));
    let of_driver = Tiles::new(&info("one"))
        .with(Wanted::Measured, Some(Cache::at(&path, &DeviceInfo { driver: "1.2.4".into(), ..info("one") })));
    assert_eq!(of_driver.choices(), []);
    other.learn(SHAPE, timings());
    assert_eq!(open("one").choices().len(), 1, "an entry of another adapter replaces none");
    // A wish comes before what is known.
    let wide = Tile::Sized { wide_rows: true, wide_codes: true };
    let wished = Tiles::new(&info("one")).with(Wanted::Tile(wide), Some(Cache::at(&path, &info("one"))));
    assert_eq!(wished.choose(SHAPE, None), variant(Filter::Bytes, true, true));
    // Few dimensions are no work for bytes.
    let few = Class { dim: 16, ..SHAPE };
    assert_eq!(open("third").choose(few, None), variant(Filter::F32, true, true));
    assert!(!wished.is_due(SHAPE));
}

/// A difference below the noise of the measurement keeps the choice that stands first.
#[test]
fn close_calls_keep_the_first_choice() {
    let tiles = Tiles::new(&info("one")).with(Wanted::Measured, None);
    let (first, second) = (variant(Filter::F32, false, true), variant(Filter::F32, true, true));
    tiles.learn(SHAPE, vec![(first, 0.100), (second, 0.099)]);
    assert_eq!(tiles.choose(SHAPE, None), first);
    tiles.learn(SHAPE, vec![(first, 0.100), (second, 0.090)]);
    assert_eq!(tiles.choose(SHAPE, None), second);
}

/// Software has no memory that is nearer than another, so it begins with another variant, which hardware never gets.
#[test]
fn software_begins_with_streamed_codewords() {
    let streamed = Variant { filter: Filter::Bytes, tile: Tile::Streamed };
    let of_f32 = Variant { filter: Filter::F32, tile: Tile::unmeasured(Filter::F32) };
    let software = Tiles::new(&DeviceInfo { hardware: false, ..info("one") }).with(Wanted::Fastest, None);
    assert_eq!(software.choose(SHAPE, Some(Filter::Bytes)), streamed);
    assert_eq!(software.choose(SHAPE, Some(Filter::F32)), of_f32);
    assert_eq!(software.choose(Class { dim: 16, ..SHAPE }, Some(Filter::Bytes)), of_f32);
    assert_eq!(software.choose(SHAPE, None).filter, Filter::unmeasured("vulkan"));
    let hardware = Tiles::new(&info("one"));
    assert!(software.may_choose(streamed) && !hardware.may_choose(streamed));
    assert!(Variant::all().filter(|variant| !hardware.may_choose(*variant)).eq([streamed]));
    // There are no streams of f32.
    assert_eq!(Variant { filter: Filter::F32, ..streamed }.for_shape(100, 1024), of_f32);
    assert_eq!(streamed.for_shape(16, 64), of_f32.for_shape(16, 64));
}

/// Without being asked, variants are timed on hardware alone, after a fifth of a second of work; never in tests.
#[test]
fn timing_waits_for_enough_work() {
    let path = Path::new("/dev/null/tiles.json");
    let unasked = Tiles::new(&info("one")).with(Wanted::Fastest, Some(Cache::at(path, &info("one"))));
    unasked.spent(SHAPE, 10.0);
    assert!(!unasked.is_due(SHAPE), "a test");
    let mut hardware = unasked;
    hardware.may_time = true;
    hardware.spent(SHAPE, 0.12);
    assert!(!hardware.is_due(SHAPE));
    hardware.spent(Class { dim: 32, ..SHAPE }, 10.0);
    assert!(!hardware.is_due(SHAPE), "another class took that time");
    hardware.spent(SHAPE, 0.12);
    assert!(hardware.is_due(SHAPE));
    // The folder cannot be made, which costs nothing but time.
    hardware.learn(SHAPE, timings());
    assert_eq!(hardware.choose(SHAPE, None).filter, Filter::Bytes);
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "writes files")]
fn no_file_does_harm() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("tiles.json");
    let cache = Cache::at(&path, &info("one"));
    cache.write(SHAPE, &timings()).expect("a file");
    let right = fs::read_to_string(&path).expect("a file");
    assert_eq!(cache.read(), [(SHAPE, timings())]);
    // Cut off anywhere, or with any byte replaced: no panic, and never a time that cannot be.
    for at in 0..right.len() {
        fs::write(&path, &right[..at]).expect("a file");
        assert_eq!(cache.read(), [], "cut off at {at}");
        for other in [b'0', b'"', b'-', 0xff] {
            let mut bytes = right.clone().into_bytes();
            bytes[at] = other;
            fs::write(&path, &bytes).expect("a file");
            let times = cache.read().into_iter().flat_map(|(_, timings)| timings);
            assert!(times.into_iter().all(|(_, seconds)| seconds.is_finite() && seconds > 0.0));
        }
    }
    let with = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        fs::write(&path, right.replace(from, to)).expect("a file");
        cache.read()
    };
    assert_eq!(with("\"version\": 1", "\"version\": 2"), []);
    assert_eq!(with("\"rows\": 4096", "\"rows\": -1"), []);
    assert_eq!(with("\"driver\": \"1.2.3\"", "\"driver\": 7"), []);
    let few = with("8bit 64x64", "8bit 7x7");
    assert_eq!(few.iter().map(|(_, timings)| timings.len()).sum::<usize>(), timings().len() - 1);
    let left = with("\"f32 64x64\": 93.75", "\"f32 64x64\": -93.75");
    assert_eq!(left.iter().map(|(_, timings)| timings.len()).sum::<usize>(), timings().len() - 1);
    // What is damaged is replaced by the next measurement.
    fs::write(&path, "no JSON").expect("a file");
    cache.write(SHAPE, &timings()).expect("a file");
    assert_eq!(cache.read(), [(SHAPE, timings())]);
    // Another thing in its place is left alone.
    fs::remove_file(&path).expect("no file");
    fs::create_dir(&path).expect("a folder");
    assert_eq!(cache.read(), []);
    assert!(cache.write(SHAPE, &timings()).is_err());
}

/// A file does not grow without end.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "writes files")]
fn old_entries_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("tiles.json");
    let of = |number: usize| Cache::at(&path, &info(&number.to_string()));
    (0..super::cache::MOST_ENTRIES + 3).for_each(|number| of(number).write(SHAPE, &[]).expect("a file"));
    assert_eq!([of(2).read().len(), of(3).read().len()], [0, 1]);
}

/// What all kernels of a filter say about the code of a decided row.
const LABEL: &str = "let label = (found.codes.x & 0xffffu) + 1u;";

/// Assigns the rows of a case; returns the counts and the codes.
fn assigned(context: &Arc<Context>, case: &Case, filter: Option<Filter>) -> (AssignCounts, Vec<u32>, GpuRows) {
    let (values, codewords) = data(case, &mut Random(case.data as u64 + 5));
    let mut table = GpuRows::new(Arc::clone(context), case.rows, case.dim).expect("a table");
    table.filter = filter;
    table.upload(0, &values).expect("upload");
    let found = Table::assign(&mut table, &Codebook::new(codewords, case.dim)).expect("assign");
    let mut codes = vec![0; case.rows];
    table.codes(&mut codes).expect("codes");
    (found, codes, table)
}

fn nearest(case: &Case) -> Vec<u32> {
    let (values, codewords) = data(case, &mut Random(case.data as u64 + 5));
    let mut codes = vec![0; case.rows];
    assign::assign(&values, &codewords, case.dim, &mut codes);
    codes
}

const SHAPES: [(usize, usize, usize); 9] = [
    (300, 33, 130),
    (129, 64, 128),
    (65, 17, 65),
    (257, 100, 64),
    (64, 130, 385),
    (130, 20, 1),
    (1, 48, 200),
    (128, 16, 257),
    (300, 520, 65),
];

#[test]
fn every_variant_gives_the_codes_of_the_twin() {
    let cases = SHAPES.into_iter().zip(0..).map(|((rows, dim, clusters), data)| Case { rows, dim, clusters, data });
    let cases: Vec<(Vec<u32>, Case)> = cases.map(|case| (nearest(&case), case)).collect();
    for found in adapter::all() {
        for variant in Variant::all() {
            let Ok(mut context) = found.open() else { continue };
            context.tiles.wanted = Ok(Wanted::Tile(variant.tile));
            let context = Arc::new(context);
            for (codes, case) in &cases {
                let (counts, found_codes, _) = assigned(&context, case, Some(variant.filter));
                let name = variant.name();
                assert_eq!(found_codes, *codes, "{name} on {}, {case:?}", found.info.description);
                assert_eq!(counts.changed, case.rows as u64, "{name} on {}, {case:?}", found.info.description);
            }
        }
    }
}

/// A fault in one kernel shows in the codes of its variant, so the kernel that runs is the one that was wished for.
#[test]
fn every_variant_runs_its_own_kernel() {
    let case = Case { rows: 200, dim: 40, clusters: 128, data: 0 };
    let codes = nearest(&case);
    for found in adapter::all() {
        for variant in Variant::all() {
            let kernel = match (variant.filter, variant.tile) {
                (Filter::F32, Tile::Sized { wide_rows, wide_codes }) => Kernel::Assign { wide_rows, wide_codes },
                (Filter::Bytes, Tile::Sized { wide_rows, wide_codes }) => Kernel::AssignBytes { wide_rows, wide_codes },
                (_, Tile::Streamed) => Kernel::AssignStreamed,
                (_, Tile::Cooperative) => continue,
            };
            let Ok(mut context) = found.open() else { continue };
            context.tiles.wanted = Ok(Wanted::Tile(variant.tile));
            let faulty = kernel.source().replace(LABEL, "let label = 1u;");
            context.plant(kernel, &faulty).expect("a pipeline");
            let (_, found_codes, _) = assigned(&Arc::new(context), &case, Some(variant.filter));
            assert!(found_codes != codes, "{} on {}", variant.name(), found.info.description);
        }
    }
}

/// Timing changes no code and no count, and the next process knows the times.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "writes files")]
fn timing_leaves_the_table_as_it_was() {
    let case = Case { rows: 1500, dim: 40, clusters: 70, data: 0 };
    let codes = nearest(&case);
    let dir = tempfile::tempdir().expect("a folder");
    for found in adapter::all() {
        let cache = Cache::at(&dir.path().join(format!("{}.json", found.info.backend)), &found.info);
        let open = || {
            let mut context = found.open().ok()?;
            context.tiles = Tiles::new(&found.info).with(Wanted::Measured, Some(cache.clone()));
            Some(Arc::new(context))
        };
        let Some(context) = open() else { continue };
        let (counts, found_codes, mut table) = assigned(&context, &case, None);
        assert_eq!((counts.changed, &found_codes), (1500, &codes), "{}", found.info.description);
        let (_, codewords) = data(&case, &mut Random(5));
        let again = Table::assign(&mut table, &Codebook::new(codewords, case.dim)).expect("assign");
        assert_eq!(again.changed, 0);
        let choices = context.tiles.choices();
        assert_eq!(choices.iter().map(|(class, ..)| *class).collect::<Vec<_>>(), [Class::of(1500, 40, 70)]);
        let times = cache.read();
        println!("{}: {times:?}", found.info.description);
        let suitable = Variant::all().filter(|variant| *variant == variant.for_shape(40, 70)).count();
        assert_eq!(times.iter().map(|(_, timings)| timings.len()).collect::<Vec<_>>(), [suitable]);
        let next = open().expect("an adapter");
        let variants =
            |choices: Vec<(Class, Variant, f64)>| -> Vec<_> { choices.into_iter().map(|(_, v, _)| v).collect() };
        assert_eq!(variants(next.tiles.choices()), variants(choices));
        assert!(!next.tiles.is_due(Class::of(1500, 40, 70)));
    }
}

/// A driver may compile a variant wrongly: it is not chosen, however fast it is.
#[test]
fn a_variant_that_gives_wrong_codes_is_not_chosen() {
    let case = Case { rows: 1500, dim: 40, clusters: 70, data: 0 };
    let codes = nearest(&case);
    for found in adapter::all() {
        let Ok(mut context) = found.open() else { continue };
        context.tiles = Tiles::new(&found.info).with(Wanted::Measured, None);
        let faulty = Kernel::AssignBytes { wide_rows: false, wide_codes: false };
        let source = faulty.source().replace(LABEL, "let label = 1u;");
        assert_ne!(source, faulty.source());
        context.plant(faulty, &source).expect("a pipeline");
        let (_, found_codes, table) = assigned(&Arc::new(context), &case, None);
        assert_eq!(found_codes, codes, "{}", found.info.description);
        let class = Class::of(1500, 40, 70);
        let timed = table.context.tiles.timed(class);
        let faulty = variant(Filter::Bytes, false, false);
        assert!(timed.len() > 2 && !timed.contains(&faulty), "{timed:?} on {}", found.info.description);
    }
}

/// Where bytes leave most rows open, the table goes on in f32.
#[test]
fn a_table_leaves_a_filter_that_decides_little() {
    // Codewords all near the rows, or far from each other.
    for (data, expected) in [(4, Some(Filter::F32)), (3, None)] {
        let case = Case { rows: 300, dim: 40, clusters: 128, data };
        let codes = nearest(&case);
        for found in adapter::all() {
            let Ok(mut context) = found.open() else { continue };
            context.tiles = Tiles::new(&found.info).with(Wanted::Measured, None);
            let class = Class::of(case.rows, case.dim, case.clusters);
            context.tiles.learn(class, vec![(variant(Filter::Bytes, true, false), 0.001)]);
            let (counts, found_codes, table) = assigned(&Arc::new(context), &case, None);
            assert_eq!(found_codes, codes, "{}", found.info.description);
            assert_eq!(table.filter, expected, "{counts:?} on {}", found.info.description);
        }
    }
}
