//! Texts for values of the types that item keys have. Each value has one text, and no other value has the same.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, DecimalType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::DataType;

/// How the values of a column become texts.
pub(super) enum Keys {
    Text,
    Integer,
    Uuid,
    Bytes,
    Date,
    Decimal,
    Float,
}

/// Why values have no texts.
pub(super) enum Problem {
    /// The array is of another type.
    Type,
    /// The value of this row is what the text says.
    Row(usize, &'static str),
}

impl Keys {
    pub(super) fn of(kind: &DataType, is_uuid: bool) -> Option<Self> {
        Some(match kind {
            DataType::Utf8 => Self::Text,
            DataType::FixedSizeBinary(16) if is_uuid => Self::Uuid,
            DataType::Binary | DataType::FixedSizeBinary(_) => Self::Bytes,
            DataType::Date32 => Self::Date,
            DataType::Decimal128(..) | DataType::Decimal256(..) => Self::Decimal,
            kind if kind.is_integer() => Self::Integer,
            _ => return None,
        })
    }

    /// The same for floating-point numbers, which are no keys.
    pub(super) fn of_floats(kind: &DataType) -> Option<Self> {
        matches!(kind, DataType::Float32 | DataType::Float64).then_some(Self::Float)
    }

    /// Appends the texts of all values of `array`, none of which is null.
    pub(super) fn append(&self, array: &ArrayRef, texts: &mut Vec<String>) -> Result<(), Problem> {
        match self {
            Self::Text => {
                let array = array.as_string_view_opt().ok_or(Problem::Type)?;
                texts.extend(array.iter().flatten().map(str::to_owned));
                Ok(())
            }
            Self::Integer => integers(array, texts).ok_or(Problem::Type),
            Self::Uuid => each(array, texts, |bytes| bytes.try_into().ok().map(uuid), "no UUID"),
            Self::Bytes => {
                let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
                each(array, texts, text, "not UTF-8; give the keys as text, such as their hexadecimal digits")
            }
            Self::Date => {
                let array = array.as_primitive_opt::<Date32Type>().ok_or(Problem::Type)?;
                for (row, days) in array.values().iter().enumerate() {
                    let date =
                        Date32Type::to_naive_date_opt(*days).ok_or(Problem::Row(row, "no date of the calendar"))?;
                    texts.push(date.to_string());
                }
                Ok(())
            }
            Self::Float => {
                let done = of::<Float64Type>(texts, array) || of::<Float32Type>(texts, array);
                done.then_some(()).ok_or(Problem::Type)
            }
            Self::Decimal => {
                let done = array.as_primitive_opt().map(|array| decimals::<Decimal128Type>(array, texts));
                done.or_else(|| array.as_primitive_opt().map(|array| decimals::<Decimal256Type>(array, texts)))
                    .ok_or(Problem::Type)
            }
        }
    }
}

fn decimals<T: DecimalType + ArrowPrimitiveType>(array: &PrimitiveArray<T>, texts: &mut Vec<String>) {
    texts.extend((0..array.len()).map(|row| array.value_as_string(row)));
}

/// Appends the texts of values of bytes.
fn each(
    array: &ArrayRef,
    texts: &mut Vec<String>,
    text: impl Fn(&[u8]) -> Option<String>,
    problem: &'static str,
) -> Result<(), Problem> {
    for row in 0..array.len() {
        let bytes = match (array.as_binary_view_opt(), array.as_fixed_size_binary_opt()) {
            (Some(array), _) => array.value(row),
            (_, Some(array)) => array.value(row),
            _ => return Err(Problem::Type),
        };
        texts.push(text(bytes).ok_or(Problem::Row(row, problem))?);
    }
    Ok(())
}

/// The form of RFC 9562.
fn uuid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

fn integers(array: &ArrayRef, texts: &mut Vec<String>) -> Option<()> {
    let done = of::<Int64Type>(texts, array)
        || of::<Int32Type>(texts, array)
        || of::<Int16Type>(texts, array)
        || of::<Int8Type>(texts, array)
        || of::<UInt64Type>(texts, array)
        || of::<UInt32Type>(texts, array)
        || of::<UInt16Type>(texts, array)
        || of::<UInt8Type>(texts, array);
    done.then_some(())
}

fn of<T: ArrowPrimitiveType<Native: ToString>>(texts: &mut Vec<String>, array: &ArrayRef) -> bool {
    let array = array.as_primitive_opt::<T>();
    texts.extend(array.into_iter().flat_map(|array| array.values().iter().map(ToString::to_string)));
    array.is_some()
}
