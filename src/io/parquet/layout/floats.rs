//! The conversion of floats of any width to f32.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use half::f16;
use half::slice::HalfFloatSliceExt;

pub(super) fn is_float(kind: &DataType) -> bool {
    matches!(kind, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

/// Appends all values, those of nulls included; arrays of 2 bytes are halves. Returns `None` for another type.
pub(super) fn append(values: &ArrayRef, out: &mut Vec<f32>) -> Option<()> {
    if let Some(values) = values.as_primitive_opt::<Float32Type>() {
        out.extend_from_slice(values.values());
    } else if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        out.extend(values.values().iter().map(|value| *value as f32));
    } else if let Some(values) = values.as_primitive_opt::<Float16Type>() {
        let start = out.len();
        out.resize(start + values.len(), 0.0);
        values.values().convert_to_f32_slice(out.get_mut(start..)?);
    } else {
        let values = values.as_fixed_size_binary_opt().filter(|values| values.value_length() == 2)?;
        let half = |i| match values.value(i) {
            [low, high] => f16::from_le_bytes([*low, *high]).to_f32(),
            _ => 0.0,
        };
        out.extend((0..values.len()).map(half));
    }
    Some(())
}
