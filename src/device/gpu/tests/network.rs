//! Tests networks on adapters that divide work, fail, or have faults in their shaders.

use super::faults::{self, Fault};
use crate::device::Engine;
use crate::device::gpu::Gpu;
use crate::device::gpu::adapter;
use crate::device::gpu::kernel::Kernel;
use crate::device::tensors::tests::{Expected, few_cases};
use crate::error::ErrorKind;
use std::sync::Arc;

/// Uses dispatches of few elements, and shaders that check every index.
#[test]
fn networks_cut_into_parts() {
    let expected = Expected::new(few_cases());
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let gpu = Gpu { info: found.info.clone(), context: Arc::new(context.for_tests(192 << 10, 1 << 15)) };
        assert_eq!(expected.differences(&gpu), Vec::<String>::new(), "{}", found.info.description);
    }
}

/// Plants a fault in every kernel, which the cases must find.
const FAULTS: [Fault; 40] = [
    (Kernel::AdamW, "float_mul(params.rest2, float_mul(g, g))", "float_mul(float_mul(params.rest2, g), g)"),
    (Kernel::AdamW, "float_div(m, denominator)", "float_mul(m, float_div(ONE, denominator))"),
    (Kernel::CodebookGradient, "rows[at]", "rows[0]"),
    (Kernel::CodebookGradient, "i64_from(i32(", "vec2<u32>(u32("),
    (Kernel::ColumnSums, "sum += integer", "sum = integer"),
    (Kernel::ColumnSums, "NAN, shift == BAD", "0u, shift == BAD"),
    (Kernel::Combine, "i % params.period", "min(i, params.period - 1u)"),
    (Kernel::Combine, "select(b ^ (a & SIGN), 0u,", "select(b ^ (a & SIGN), a & SIGN,"),
    (Kernel::Combine, "float_is_nan(a) || ", ""),
    (Kernel::Dropout, ">= params.threshold", "> params.threshold + 0x10000000u"),
    (Kernel::Dropout, "b ^ (b >> 16u)", "b"),
    (Kernel::Members, "= f32(i)", "= f32(params.end - 1u - i)"),
    (Kernel::NumberCodes, "f32(params.before + code)", "f32(code)"),
    (Kernel::OnGrid, "(kept & 1u) > (1u << (n - 1u))", "1u > (1u << (n - 1u))"),
    (Kernel::OnGrid, "i / params.columns * params.stride", "i / params.columns * params.columns"),
    (Kernel::Rectify, "select(0u, NAN,", "select(0u, 0u,"),
    (Kernel::Rectify, "(slope & ~SIGN) == 0u", "false"),
    (Kernel::RectifyGradient, "float_positive(output[i])", "(output[i] & SIGN) == 0u"),
    (Kernel::RowLosses, "2 * shift", "shift"),
    (Kernel::RowLosses, "select(q, q * q, squared)", "select(q, q * q + 1u, squared)"),
    (Kernel::ScaleOperand, "at >= params.terms", "at > params.terms"),
    (Kernel::ScaleOperand, "(1u << (params.bits - 1u)) - 1u", "1u << (params.bits - 1u)"),
    (Kernel::ScaleOperand, "^ 0x80808080u) & mask", "^ 0x80808080u)"),
    (Kernel::ScaleOperand, "value(vector, term) & ~SIGN", "value(vector, term)"),
    (Kernel::ScaleOperand, "(kept & 1u) > (1u << (n - 1u))", "1u > (1u << (n - 1u))"),
    (Kernel::ScaleOperand, "BAD, exponent == 255", "0, exponent == 255"),
    (Kernel::Starts, "before += sums[SIZE - 1u]", "before = sums[SIZE - 1u]"),
    (Kernel::Starts, "f32(start)", "f32(start + own)"),
    (Kernel::StraightThrough, "(kept & 1u) > (1u << (n - 1u))", "1u > (1u << (n - 1u))"),
    (Kernel::StraightThrough, "0x7fffffu", "0x800000u"),
    (Kernel::StraightThrough, "i64_from(start - rest)", "i64_from(start + rest)"),
    (Kernel::StraightThrough, "row * params.levels + level", "level * params.levels + row"),
    (Kernel::StraightThrough, "distance > 24", "distance > 23"),
    (Kernel::StraightThrough, "distance < 1", "distance < 0"),
    (Kernel::Matmul { wide: false }, "dots(a.w, b)", "dots(a.z, b)"),
    (Kernel::Matmul { wide: false }, "j >= params.n", "j > params.n"),
    (Kernel::Matmul { wide: true }, "params.terms << 14u", "params.terms << 15u"),
    (Kernel::Matmul { wide: true }, "i64_from(a.y)", "i64_from(b.y)"),
    (Kernel::Matmul { wide: true }, "dots(a_low.z, b_high)", "dots(a_low.z, b_low)"),
    (Kernel::Matmul { wide: true }, "bitcast<u32>(value >> 31u)", "0u"),
];

#[test]
fn faults_are_found() {
    let expected = Expected::new(few_cases());
    faults::are_found(&FAULTS, |gpu| expected.first_difference(gpu));
}

#[test]
fn too_large_a_matrix_is_a_typed_error() {
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        let mut tensors = gpu.tensors().expect("matrices");
        for (rows, columns) in [(1 << 20, 1 << 10), (usize::MAX, 2), (usize::MAX, usize::MAX)] {
            let error = tensors.create(rows, columns).expect_err("there is no such room");
            assert!(matches!(error.kind(), ErrorKind::NoAdapter { .. }), "{error}");
        }
    }
}

#[test]
fn a_lost_device_is_a_typed_error() {
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        let mut tensors = gpu.tensors().expect("matrices");
        let x = tensors.create(100, 30).expect("a matrix");
        tensors.rectify(x, 0.5).expect("rectify");
        gpu.context.destroy();
        let error = tensors.download(x).expect_err("a lost device has no values");
        assert!(matches!(error.kind(), ErrorKind::Device { device, .. } if *device == found.info.name), "{error}");
        tensors.download(x).expect_err("a lost device stays lost");
    }
}

#[test]
fn steps_of_networks_can_be_timed() {
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        let timed = gpu.time_kernels(true);
        let mut tensors = gpu.tensors().expect("matrices");
        let x = tensors.create(100, 30).expect("a matrix");
        tensors.rectify(x, 0.5).expect("rectify");
        let times = gpu.kernel_times();
        assert_eq!(times.iter().any(|time| time.name == "rectify" && time.dispatches == 1), timed, "{times:?}");
    }
}
