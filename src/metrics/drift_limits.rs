//! Judges whether rows have drifted too far.

use super::drift::{BeforeAfter, Drift, LevelDrift};
use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt;

/// How far new rows may drift.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DriftLimits {
    /// The most that the population stability index of a level may exceed the one that chance gives: 0.25, which is the
    /// usual bound for a distribution that has changed.
    pub psi: f64,
    /// The most by which the squared error after a level may rise beyond chance, as a share of the baseline's: 0.1.
    pub error_rise: f64,
    /// The most by which the median margin of a level may fall beyond chance, as a share of the baseline's: 0.25.
    pub margin_loss: f64,
    /// The most by which the share of values beyond the grid may exceed the baseline's: 0.001.
    pub saturated: f64,
}

impl Default for DriftLimits {
    fn default() -> Self {
        Self { psi: 0.25, error_rise: 0.1, margin_loss: 0.25, saturated: 0.001 }
    }
}

/// A measure of drift that has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftMeasure {
    /// [`DriftLimits::psi`].
    Psi,
    /// [`DriftLimits::error_rise`].
    ErrorRise,
    /// [`DriftLimits::margin_loss`].
    MarginLoss,
    /// [`DriftLimits::saturated`].
    Saturated,
}

/// A measure beyond its limit; as text, it says in words what has changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DriftCrossing {
    /// The measure.
    pub measure: DriftMeasure,
    /// The level, from 0; none for a measure of whole rows.
    pub level: Option<usize>,
    /// The value, which is above the limit; infinite, which JSON writes as null, for an error that has risen from 0.
    pub value: f64,
    /// The limit.
    pub limit: f64,
}

impl Drift {
    /// Returns the measures that are beyond their limits, in the order of the levels; none where the model still suits
    /// the rows.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a limit that is no number from 0 on.
    pub fn crossings(&self, limits: &DriftLimits) -> Result<Vec<DriftCrossing>> {
        let DriftLimits { psi, error_rise, margin_loss, saturated } = *limits;
        let named = [("psi", psi), ("error_rise", error_rise), ("margin_loss", margin_loss), ("saturated", saturated)];
        if let Some((name, value)) = named.into_iter().find(|(_, limit)| !(limit.is_finite() && *limit >= 0.0)) {
            return Err(Error::parameter(name, value, "must be a finite number, 0 or more"));
        }
        let of_level = |(level, of): (usize, &LevelDrift)| {
            let rise = of.squared_error.map_or(0.0, rise);
            // A fall of x is a rise of -x.
            let measures = [
                (DriftMeasure::Psi, of.psi - of.psi_by_chance, psi),
                (DriftMeasure::ErrorRise, rise - of.error_rise_by_chance, error_rise),
                (DriftMeasure::MarginLoss, -self::rise(of.median_margin) - of.margin_loss_by_chance, margin_loss),
            ];
            measures.map(|(measure, value, limit)| DriftCrossing { measure, level: Some(level), value, limit })
        };
        let share = |saturated: u64, values: u64| saturated as f64 / values.max(1) as f64;
        let more = share(self.saturated_values.new, self.values.new)
            - share(self.saturated_values.baseline, self.values.baseline);
        let beyond = DriftCrossing { measure: DriftMeasure::Saturated, level: None, value: more, limit: saturated };
        let all = self.levels.iter().enumerate().flat_map(of_level).chain([beyond]);
        Ok(all.filter(|crossing| crossing.value > crossing.limit).collect())
    }
}

/// Returns by which share of the baseline a measure has risen; from 0 on any rise is infinite.
fn rise(of: BeforeAfter<f64>) -> f64 {
    match of {
        BeforeAfter { baseline, new } if baseline == new || baseline.is_infinite() => 0.0,
        BeforeAfter { baseline, new } => (new - baseline) / baseline,
    }
}

impl fmt::Display for DriftCrossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(level) = self.level {
            write!(f, "level {}: ", level + 1)?;
        }
        let Self { value, limit, .. } = self;
        let (share, most) = (100.0 * value, 100.0 * limit);
        match self.measure {
            DriftMeasure::Psi => write!(
                f,
                "codes are used in other proportions: the stability index exceeds that of chance by {value:.3}, \
                 more than {limit}"
            ),
            DriftMeasure::ErrorRise if value.is_infinite() => {
                write!(f, "the squared error has risen from 0, more than {most} %")
            }
            DriftMeasure::ErrorRise => {
                write!(f, "the squared error has risen by {share:.1} % beyond chance, more than {most} %")
            }
            DriftMeasure::MarginLoss => write!(
                f,
                "nearest codewords are less clear: the median margin has fallen by {share:.1} % beyond chance, more \
                 than {most} %"
            ),
            DriftMeasure::Saturated => {
                let points = "percentage points of the values";
                write!(f, "values lie beyond the grid: {share:.3} {points} more than before, more than {most}")
            }
        }
    }
}
