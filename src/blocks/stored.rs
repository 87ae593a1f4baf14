//! Blocks in the form that model files have them.

use super::{Block, Blocks};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A block in the configuration of a model file. The numbers of the mean are those of f32, written in full, so that
/// every reader gets the same bits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredBlock {
    name: String,
    weight: f64,
    scale: f64,
    mean: Vec<f64>,
}

impl From<Blocks> for Vec<StoredBlock> {
    fn from(blocks: Blocks) -> Self {
        let stored = |block: &Block| StoredBlock {
            name: block.name.clone(),
            weight: block.weight,
            scale: block.scale,
            mean: block.mean.iter().copied().map(f64::from).collect(),
        };
        blocks.iter().map(stored).collect()
    }
}

impl TryFrom<Vec<StoredBlock>> for Blocks {
    type Error = Error;

    /// Checks what a fit gives: numbers of f32, and a scale above 0 of 24 significant bits.
    fn try_from(stored: Vec<StoredBlock>) -> Result<Self> {
        let block = |of: StoredBlock| {
            let proper = of.scale.is_normal() && of.scale > 0.0 && super::fit::short(of.scale) == of.scale;
            let mean: Vec<f32> = of.mean.iter().map(|value| *value as f32).collect();
            let exact = mean.iter().zip(&of.mean).all(|(f32, f64)| f32.is_finite() && f64::from(*f32) == *f64);
            let weighed = of.weight.is_finite() && of.weight > 0.0;
            match proper && exact && weighed {
                true => Ok(Block { name: of.name, weight: of.weight, scale: of.scale, mean }),
                false => Err(Error::damaged("its blocks have numbers that no fit gives")),
            }
        };
        Self::new(stored.into_iter().map(block).collect::<Result<_>>()?)
    }
}
