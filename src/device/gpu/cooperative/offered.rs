//! Asks an adapter for cooperative matrices of signed bytes, which wgpu does not list.

use crate::device::gpu::kernel::MATRIX_WORKGROUP_BYTES;
#[cfg(not(target_vendor = "apple"))]
use ash::vk::{ComponentTypeKHR, CooperativeMatrixPropertiesKHR, ScopeKHR};

/// How many invocations a subgroup has; shaders/assign_matrix.wgsl is written for it.
const SUBGROUP: u32 = 32;

/// Returns whether an adapter multiplies 16 x 32 with 32 x 16 signed bytes in subgroups of 32.
pub(in crate::device::gpu) fn is_offered(adapter: &wgpu::Adapter) -> bool {
    let info = adapter.get_info();
    let has_memory = adapter.limits().max_compute_workgroup_storage_size >= MATRIX_WORKGROUP_BYTES;
    let fits = [info.subgroup_min_size, info.subgroup_max_size] == [SUBGROUP; 2] && has_memory;
    fits && adapter.features().contains(super::FEATURES) && has_signed_bytes(adapter)
}

/// wgpu has no Vulkan on Apple's systems.
#[cfg(target_vendor = "apple")]
fn has_signed_bytes(_adapter: &wgpu::Adapter) -> bool {
    false
}

#[cfg(not(target_vendor = "apple"))]
fn has_signed_bytes(adapter: &wgpu::Adapter) -> bool {
    // SAFETY: the adapter is only asked for its properties.
    let Some(adapter) = (unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }) else { return false };
    let instance = adapter.shared_instance();
    let query = ash::khr::cooperative_matrix::Instance::new(instance.entry(), instance.raw_instance());
    // SAFETY: the physical device is one of this instance, which lives as long as the adapter. It has the extension,
    // because the adapter has the feature.
    let found = unsafe { query.get_physical_device_cooperative_matrix_properties(adapter.raw_physical_device()) };
    found.unwrap_or_default().iter().any(is_suitable)
}

#[cfg(not(target_vendor = "apple"))]
fn is_suitable(matrices: &CooperativeMatrixPropertiesKHR<'_>) -> bool {
    let sizes = [matrices.m_size, matrices.n_size, matrices.k_size];
    let factors = [matrices.a_type, matrices.b_type];
    let sums = [matrices.c_type, matrices.result_type];
    sizes == [16, 16, 32]
        && factors == [ComponentTypeKHR::SINT8; 2]
        && sums == [ComponentTypeKHR::SINT32; 2]
        && matrices.scope == ScopeKHR::SUBGROUP
        && matrices.saturating_accumulation == 0
}
