//! Axes: a range of values, some of which have marks with texts.

use crate::report::numbers;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// One direction of a chart.
#[derive(Clone)]
pub(in crate::report) struct Axis {
    /// What the values mean, in the words of the axis.
    pub(in crate::report) name: String,
    from: f64,
    to: f64,
    /// The marks, ascending: values and their texts.
    marks: Vec<(f64, String)>,
}

impl Axis {
    /// Makes an axis from 0 to a round number that is not below `most`, in three to six steps.
    pub(in crate::report) fn from_zero(name: &str, most: f64, text: fn(f64) -> String) -> Self {
        let most = if most.is_finite() { most.max(0.0) } else { 0.0 };
        let step = round_step(most / 4.0);
        let steps = (most / step).ceil().max(1.0);
        // The marks are products, not sums, so that the last one is exactly the end of the axis.
        let marks = (0..=steps as u32).map(|i| (f64::from(i) * step, text(f64::from(i) * step))).collect();
        Self { name: name.to_owned(), from: 0.0, to: steps * step, marks }
    }

    /// Makes an axis from 0 to exactly `end`, with marks at round numbers.
    pub(in crate::report) fn from_zero_to(name: &str, end: f64, text: fn(f64) -> String) -> Self {
        let mut axis = Self::from_zero(name, end, text);
        // The values are counts, so marks stand at whole numbers only.
        axis.marks.retain(|mark| mark.0 <= end && mark.0.fract() == 0.0);
        axis.to = end;
        axis
    }

    /// Makes an axis from 0 to 1, in percent.
    pub(in crate::report) fn share(name: &str) -> Self {
        Self::from_zero(name, 1.0, whole_percent)
    }

    /// Makes an axis of named places 1, 2, ... with half a step around them; it names as many as there is room for.
    pub(in crate::report) fn places(name: &str, names: &[String]) -> Self {
        let every = names.len().div_ceil(10).max(1);
        let marks = names.iter().enumerate().step_by(every).map(|(i, text)| ((i + 1) as f64, text.clone()));
        Self { name: name.to_owned(), from: 0.5, to: names.len() as f64 + 0.5, marks: marks.collect() }
    }

    /// Makes an axis on a logarithmic scale, on which points have their common logarithms.
    pub(in crate::report) fn logarithmic(name: &str, values: &[usize]) -> Self {
        let place = |value: &usize| libm::log10(*value as f64);
        let marks: Vec<(f64, String)> =
            values.iter().map(|value| (place(value), numbers::count(*value as u64))).collect();
        let (from, to) = (marks.first().map_or(0.0, |mark| mark.0), marks.last().map_or(1.0, |mark| mark.0));
        let around = ((to - from) * 0.03).max(0.05);
        Self { name: name.to_owned(), from: from - around, to: to + around, marks }
    }

    /// Returns the longest text of the marks.
    pub(super) fn longest(&self) -> String {
        self.marks.iter().map(|mark| mark.1.clone()).max_by_key(|text| text.chars().count()).unwrap_or_default()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        low + (share * f64::from(high - low)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.marks.iter().map(|mark| mark.0).collect(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    /// Returns the text of a mark.
    fn format(value: &f64) -> String {
        numbers::real(*value)
    }

    fn format_ext(&self, value: &f64) -> String {
        self.marks.iter().find(|mark| mark.0 == *value).map(|mark| mark.1.clone()).unwrap_or_default()
    }
}

/// Returns the smallest of 1, 2, 2.5 or 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    if least < f64::MIN_POSITIVE {
        return 1.0;
    }
    let power = libm::exp10(libm::floor(libm::log10(least)));
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= least);
    step.unwrap_or(10.0 * power)
}

/// Writes a share as `25 %`; marks have round shares.
pub(in crate::report) fn whole_percent(share: f64) -> String {
    format!("{} %", numbers::real(100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_hold_the_most() {
        for (most, last, count) in [(1.0, 1.0, 5), (0.0, 1.0, 2), (0.37, 0.4, 5), (300.0, 300.0, 4), (61.0, 80.0, 5)] {
            let axis = Axis::from_zero("x", most, numbers::real);
            assert_eq!(axis.marks.len(), count, "{most}");
            assert!(
                (axis.marks.last().unwrap().0 - last).abs() < 1e-12 && axis.to == axis.marks[count - 1].0,
                "{most}"
            );
        }
        assert_eq!(Axis::share("x").longest(), "100 %");
        for strange in [f64::NAN, f64::INFINITY, -1.0, 1e-300] {
            assert!(!Axis::from_zero("x", strange, numbers::real).marks.is_empty());
        }
    }

    #[test]
    fn many_places_have_few_names() {
        let names: Vec<String> = (1..=64).map(|i| i.to_string()).collect();
        let axis = Axis::places("level", &names);
        assert_eq!(axis.marks.len(), 10);
        assert_eq!(axis.format_ext(&8.0), "8");
        assert_eq!((axis.from, axis.to), (0.5, 64.5));
    }
}
