//! The width of the integers of matrix products.

use crate::error::{Error, Result};
use crate::kernel::scaled::Width;
use serde::{Deserialize, Serialize};

/// Bits of the integers that matrices are multiplied in; every sum is exact.
///
/// 8 is the default because it is what real embeddings favour: trained on 20,000 of them (384 dimensions, 3 x 256
/// codes, 30 epochs), both reconstruct as f32 does to 0.2 %, use as many codes, and 8 bits take 0.6 of the time. 16 is
/// for rows that keep outliers when they are standardised: a vector's integers share one scale, and a value a hundred
/// times the others leaves these a single bit of 8. Files name the number of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
#[non_exhaustive]
pub enum MatmulWidth {
    /// 8 bits.
    #[default]
    Eight,
    /// 16 bits: gradients agree with those of f32 to better than 1 part in 1,000.
    Sixteen,
}

impl MatmulWidth {
    pub(in crate::vae) fn width(self) -> Width {
        match self {
            Self::Eight => Width::Bits8,
            Self::Sixteen => Width::Bits16,
        }
    }

    /// 8 or 16.
    pub fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

impl From<MatmulWidth> for u32 {
    fn from(width: MatmulWidth) -> Self {
        width.bits()
    }
}

impl TryFrom<u32> for MatmulWidth {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a number other than 8 and 16.
    fn try_from(bits: u32) -> Result<Self> {
        match bits {
            8 => Ok(Self::Eight),
            16 => Ok(Self::Sixteen),
            _ => Err(Error::parameter("width", bits, "must be 8 or 16 bits")),
        }
    }
}
