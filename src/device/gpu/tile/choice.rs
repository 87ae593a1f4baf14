//! Chooses the variant for an adapter: the one that `SEMID_GPU_TILE` names, or the fastest one measured.

use super::cache::Cache;
use super::{Class, Tile, Timings, Variant};
use crate::device::DeviceInfo;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::lock::lock;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The environment variable that chooses the tile.
const VARIABLE: &str = "SEMID_GPU_TILE";
/// Seconds of assignments of a class after which its variants are timed. Timing takes some tenths of a second, most of
/// them for compiling, once per class and adapter. The fastest variant may take a third of the time of the first
/// choice, so assignments repay that when they have taken as long a few times more: within a few fits, which take no
/// longer than this on the fastest GPUs.
const SECONDS: f64 = 0.2;
/// A variant other than the first choice has to be faster by this factor, which is above the noise of two runs.
const MARGIN: f64 = 0.97;

/// What `SEMID_GPU_TILE` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::device::gpu) enum Wanted {
    /// The fastest one: on hardware, variants are timed once there has been enough work.
    Fastest,
    /// The fastest one: variants are timed at the first assignment, on software adapters too.
    Measured,
    Tile(Tile),
}

impl Wanted {
    /// Returns what the environment variable says, or its value where that means nothing. It is read once.
    fn chosen() -> Result<Self, String> {
        static CHOSEN: OnceLock<Result<Wanted, String>> = OnceLock::new();
        let value = || std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
        CHOSEN.get_or_init(|| Self::named(value().as_deref())).clone()
    }

    pub(super) fn named(name: Option<&str>) -> Result<Self, String> {
        match name {
            None => Ok(Self::Fastest),
            Some("measured") => Ok(Self::Measured),
            Some(name) => Tile::named(name).map(Self::Tile).ok_or_else(|| name.to_owned()),
        }
    }
}

/// The variants of an adapter.
pub(in crate::device::gpu) struct Tiles {
    /// What was asked for, or the value of `SEMID_GPU_TILE` that means nothing: an error once it is to compute.
    pub(in crate::device::gpu) wanted: Result<Wanted, String>,
    /// Whether variants may be timed without being asked for.
    pub(super) may_time: bool,
    /// Whether the adapter is software.
    pub(in crate::device::gpu) software: bool,
    /// The filter while nothing has been measured.
    unmeasured: Filter,
    cache: Option<Cache>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Whether the file has been read.
    read: bool,
    timings: HashMap<Class, Timings>,
    /// Seconds of assignments so far.
    spent: HashMap<Class, f64>,
    /// Classes whose variants are being timed, or could not be.
    begun: HashSet<Class>,
}

impl Tiles {
    pub(in crate::device::gpu) fn new(info: &DeviceInfo) -> Self {
        // Compiling the variants may take a browser seconds, of which it has no file to remember the result; and tests
        // must not time any by chance.
        let may_time = info.hardware && !cfg!(any(test, target_family = "wasm"));
        let unmeasured = Filter::unmeasured(&info.backend);
        let (wanted, cache, known) = (Wanted::chosen(), Cache::of(info), Mutex::default());
        Self { wanted, may_time, software: !info.hardware, unmeasured, cache, known }
    }

    /// Returns the same with another wish and another file.
    #[cfg(test)]
    pub(in crate::device::gpu) fn with(self, wanted: Wanted, cache: Option<Cache>) -> Self {
        Self { wanted: Ok(wanted), cache, ..self }
    }

    /// Returns whether measurements may choose the variant.
    fn measures(&self) -> bool {
        match self.wanted {
            Ok(Wanted::Measured) => true,
            Ok(Wanted::Fastest) => self.may_time,
            _ => false,
        }
    }

    /// Locks what is known, after reading the file where that has not been done.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = lock(&self.known);
        if !known.read && self.measures() {
            known.read = true;
            known.timings.extend(self.cache.iter().flat_map(Cache::read));
        }
        known
    }

    /// Returns the filter for rows of `dim` dimensions while nothing has been measured: this one, where one is given.
    pub(in crate::device::gpu) fn first_filter(&self, filter: Option<Filter>, dim: usize) -> Filter {
        filter.unwrap_or(self.unmeasured).of(dim)
    }

    /// Returns the variant with this filter while nothing has been measured.
    fn first_variant(&self, filter: Filter) -> Variant {
        let streams = self.software && filter == Filter::Bytes;
        Variant { filter, tile: if streams { Tile::Streamed } else { Tile::unmeasured(filter) } }
    }

    /// Returns whether a variant can be the fastest: on hardware, workgroups share what they load.
    pub(in crate::device::gpu) fn may_choose(&self, variant: Variant) -> bool {
        self.software || variant.tile != Tile::Streamed
    }

    /// Returns the variant for a class, with this filter where one is given.
    pub(in crate::device::gpu) fn choose(&self, class: Class, filter: Option<Filter>) -> Variant {
        let first = self.first_variant(self.first_filter(filter, class.dim));
        match self.wanted {
            Ok(Wanted::Tile(tile)) => Variant { tile, ..first },
            _ => self.known().timings.get(&class).and_then(|timings| fastest(timings, filter)).unwrap_or(first),
        }
    }

    /// Returns whether the variants for a class are to be timed now; only one caller gets this answer. The file then
    /// says that timing has begun, so that a driver which fails at it is not asked again by the next process.
    pub(in crate::device::gpu) fn is_due(&self, class: Class) -> bool {
        if !self.measures() {
            return false;
        }
        let mut known = self.known();
        let enough = if self.wanted == Ok(Wanted::Measured) { 0.0 } else { SECONDS };
        let spent = known.spent.get(&class).copied().unwrap_or(0.0);
        let due = !known.timings.contains_key(&class) && spent >= enough && known.begun.insert(class);
        drop(known);
        if due {
            self.write(class, &[]);
        }
        due
    }

    /// Writes to the file. Where that is impossible, only time is lost.
    fn write(&self, class: Class, timings: &[(Variant, f64)]) {
        if let Some(cache) = &self.cache
            && let Err(error) = cache.write(class, timings)
        {
            tracing::debug!(%error, "the times of variants could not be written");
        }
    }

    /// Counts the seconds of an assignment.
    pub(in crate::device::gpu) fn spent(&self, class: Class, seconds: f64) {
        if self.measures() {
            *self.known().spent.entry(class).or_default() += seconds;
        }
    }

    /// Remembers what was measured, here and in the file.
    pub(in crate::device::gpu) fn learn(&self, class: Class, timings: Timings) {
        tracing::debug!(?class, ?timings, "variants of a filter were timed");
        self.write(class, &timings);
        self.known().timings.insert(class, timings);
    }

    /// Returns the variants of a class that were timed.
    #[cfg(test)]
    pub(super) fn timed(&self, class: Class) -> Vec<Variant> {
        self.known().timings.get(&class).into_iter().flatten().map(|(variant, _)| *variant).collect()
    }

    /// Returns the fastest variant of every class that was measured, with its seconds.
    pub(in crate::device::gpu) fn choices(&self) -> Vec<(Class, Variant, f64)> {
        let known = self.known();
        let choice = |(class, timings): (&Class, &Timings)| {
            let variant = fastest(timings, None)?;
            let (_, seconds) = timings.iter().find(|(of, _)| *of == variant)?;
            Some((*class, variant, *seconds))
        };
        let mut choices: Vec<_> = known.timings.iter().filter_map(choice).collect();
        choices.sort_by_key(|(class, ..)| *class);
        choices
    }
}

/// Returns the fastest variant with this filter, or of all; on a close call, the one that stands first.
fn fastest(timings: &[(Variant, f64)], filter: Option<Filter>) -> Option<Variant> {
    let allowed = timings.iter().filter(|(variant, _)| filter.is_none_or(|filter| filter == variant.filter));
    let best = allowed.reduce(|best, other| if other.1 < best.1 * MARGIN { other } else { best });
    best.map(|(variant, _)| *variant)
}
