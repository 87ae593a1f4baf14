//! Parameters of a fit of any kind.

use super::Trainer;
use serde::{Serialize, Serializer, ser};
use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

/// The parameters of a fit, whatever the kind of its model. Sweeps, files of parameters and commands work with them.
///
/// They can do what every [`Trainer`] can, and are cheap to clone. In files, `kind` names the kind; a parameter that is
/// missing has its default, and unknown kinds and parameters are refused.
///
/// ```
/// use semid::quantizer::Parameters;
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..200).map(|i| ((i * 37) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 4)?;
/// let params: Parameters = serde_json::from_str(r#"{"kind": "rq-kmeans", "levels": 2, "clusters": 8}"#)?;
/// assert_eq!(params, RqKMeans::new(2, 8).into());
/// assert_eq!(params.fit(&rows, &Device::cpu())?.clusters(), [8, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parameters(pub(crate) Arc<dyn Trainer>);

impl<T: Trainer> From<T> for Parameters {
    fn from(trainer: T) -> Self {
        Self(Arc::new(trainer))
    }
}

impl From<Arc<dyn Trainer>> for Parameters {
    fn from(trainer: Arc<dyn Trainer>) -> Self {
        Self(trainer)
    }
}

impl Deref for Parameters {
    type Target = dyn Trainer;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Parameters are equal where their kinds and all fields are.
impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        let fields = |of: &Self| of.parameters().ok();
        self.kind() == other.kind() && fields(self).is_some_and(|own| fields(other).is_some_and(|other| own == other))
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parameters().map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl Parameters {
    /// Returns the parameters as those of a certain kind, such as [`RqKMeans`](crate::RqKMeans), if they are of that
    /// kind.
    pub fn downcast<T: Trainer>(&self) -> Option<&T> {
        let trainer: &dyn Any = &*self.0;
        trainer.downcast_ref()
    }
}
