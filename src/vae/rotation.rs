//! The rotation trick: gradients that turn with the quantized value.

use crate::kernel::float::finish;

/// Turns the gradients (n, d) of quantized values into those of the latents.
pub(super) fn rotate_rows(latents: &[f32], quantized: &[f32], dim: usize, gradient: &mut [f32]) {
    let rows = latents.chunks_exact(dim).zip(quantized.chunks_exact(dim));
    rows.zip(gradient.chunks_exact_mut(dim)).for_each(|((z, q), gradient)| rotate(z, q, gradient));
}

/// `|q| / |z| Rᵀ g`, R being the rotation in their plane that turns z into the direction of q: `Rᵀ g = g - 2 r (r g) +
/// 2 z (q g)` with z and q of unit length and r that of their sum. Where one of the three vectors is zero the gradient
/// stays as it is.
///
/// # Exactness
/// In f64, sums from the first dimension to the last, on the host: the same everywhere.
fn rotate(z: &[f32], q: &[f32], gradient: &mut [f32]) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let unit = |vector: Vec<f64>| {
        let length = dot(&vector, &vector).sqrt();
        (length > 0.0).then(|| (vector.iter().map(|x| x / length).collect::<Vec<f64>>(), length))
    };
    let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
    let (Some((z, z_length)), Some((q, q_length))) = (unit(wide(z)), unit(wide(q))) else { return };
    let Some((r, _)) = unit(z.iter().zip(&q).map(|(z, q)| z + q).collect()) else { return };
    let g = wide(gradient);
    let (along_r, along_q, scale) = (2.0 * dot(&r, &g), 2.0 * dot(&q, &g), q_length / z_length);
    for (((out, g), r), z) in gradient.iter_mut().zip(&g).zip(&r).zip(&z) {
        *out = finish((scale * (g - r * along_r + z * along_q)) as f32);
    }
}
