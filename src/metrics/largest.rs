//! Finds the two points of every group that are farthest apart.

use super::points::{PointValues, Points};
use crate::device::Device;
use crate::error::Result;
use crate::kernel::assign::squared_distance;
use rayon::prelude::*;

/// Most points of a group whose pairs are all compared.
const ALL_PAIRS: usize = 1 << 13;
/// How many values are held at a time.
const VALUES: usize = 1 << 25;
/// What the values are for.
const GROUP: &str = "the rows of a group";

/// The largest distance from a point, or between any two points of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Largest {
    pub(super) squared: u64,
    pub(super) ends: [u32; 2],
}

impl Largest {
    fn from(start: u32) -> Self {
        Self { squared: 0, ends: [start; 2] }
    }

    /// Takes `other` for the far end if it is farther from the start than the one so far.
    fn see(&mut self, start: &[i32], other: u32, values: &[i32]) {
        let squared = squared_distance(start, values);
        if squared > self.squared {
            *self = Self { squared, ends: [self.ends[0], other] };
        }
    }

    /// Of equal distances the first pair wins, in whatever order threads find them.
    fn or_later(self, later: Self) -> Self {
        if later.squared > self.squared { later } else { self }
    }

    fn in_order(mut self) -> Self {
        self.ends.sort_unstable();
        self
    }
}

/// Finds the largest distance in every group, whose points ascend. Of more than 8,192 points it is only found from a
/// point that is far from the first one.
///
/// # Errors
/// Any error of the device and of reading rows.
pub(super) fn largest_distances(points: &Points<'_>, groups: &[&[u32]], device: &Device) -> Result<Vec<Largest>> {
    largest_distances_within(VALUES, points, groups, device)
}

/// Finds them with at most `room` values in memory, or those of one point. Groups that fit are read together, as many
/// as there is room for; a larger one is read in parts.
pub(super) fn largest_distances_within(
    room: usize,
    points: &Points<'_>,
    groups: &[&[u32]],
    device: &Device,
) -> Result<Vec<Largest>> {
    let mut all = Vec::with_capacity(groups.len());
    let mut rest = groups;
    while let Some((group, others)) = rest.split_first() {
        let mut held = 0;
        let fit = rest.iter().take_while(|group| {
            held += group.len() * points.dim();
            held <= room
        });
        let (together, after) = rest.split_at(fit.count());
        if together.is_empty() {
            all.push(in_parts(room, points, group, device)?);
            rest = others;
        } else {
            let values = points.values(together.concat(), GROUP, device)?;
            all.extend(together.iter().map(|group| in_memory(group, &values)));
            rest = after;
        }
    }
    Ok(all)
}

/// Finds the largest distance in a group with the values of all its points.
fn in_memory(group: &[u32], values: &PointValues) -> Largest {
    let farthest = |start: u32, others: &[u32]| {
        let (mut largest, from) = (Largest::from(start), values.of(start));
        others.iter().for_each(|other| largest.see(from, *other, values.of(*other)));
        largest
    };
    if group.len() > ALL_PAIRS {
        let first = group.first().copied().unwrap_or(0);
        return farthest(farthest(first, group).ends[1], group).in_order();
    }
    let from = |i: usize| group.get(i..).and_then(<[u32]>::split_first).map(|(start, after)| farthest(*start, after));
    let of_starts: Vec<Largest> = (0..group.len()).into_par_iter().filter_map(from).collect();
    of_starts.into_iter().fold(Largest::default(), Largest::or_later)
}

/// Finds the same with the values of few points at a time.
fn in_parts(room: usize, points: &Points<'_>, group: &[u32], device: &Device) -> Result<Largest> {
    let farthest = |starts: &[u32], others: &[u32]| farthest_of(points, starts, others, device);
    if group.len() > ALL_PAIRS {
        let mut start = group.first().copied().unwrap_or(0);
        let mut largest = Largest::default();
        for _ in 0..2 {
            largest = farthest(&[start], group)?.into_iter().fold(Largest::from(start), Largest::or_later);
            start = largest.ends[1];
        }
        return Ok(largest.in_order());
    }
    let mut largest = Largest::default();
    let mut rest = group;
    while !rest.is_empty() {
        let (starts, after) = rest.split_at((room / points.dim().max(1)).clamp(1, rest.len()));
        // A start also meets those before it, whose distances to it are counted already.
        largest = farthest(starts, rest)?.into_iter().fold(largest, Largest::or_later);
        rest = after;
    }
    Ok(largest)
}

/// Finds for each of `starts` the first of `others` that is farthest from it, and reads the others once.
fn farthest_of(points: &Points<'_>, starts: &[u32], others: &[u32], device: &Device) -> Result<Vec<Largest>> {
    let values = points.values(starts.to_vec(), GROUP, device)?;
    let mut found: Vec<Largest> = starts.iter().copied().map(Largest::from).collect();
    points.each(Some(others), device, &mut |first, q| {
        let part = others.get(first..).unwrap_or_default();
        found.par_iter_mut().for_each(|largest| {
            let from = values.of(largest.ends[0]);
            part.iter().zip(q.chunks_exact(points.dim())).for_each(|(other, q)| largest.see(from, *other, q));
        });
        Ok(())
    })?;
    Ok(found)
}
