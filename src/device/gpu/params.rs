//! Parameters of a dispatch: the words of shaders/shared/params.wgsl, and the two more of
//! shaders/shared/bytes.wgsl.

/// The meaning of each field is in shaders/shared/bytes.wgsl.
#[derive(Clone, Copy, Default)]
pub(super) struct Params {
    pub(super) first: u32,
    pub(super) end: u32,
    pub(super) width: u32,
    pub(super) clusters: u32,
    pub(super) padded: u32,
    pub(super) slope: f32,
    pub(super) base: f32,
    pub(super) count: u32,
    pub(super) quads: u32,
    pub(super) room: u32,
}

impl Params {
    pub(super) fn words(self) -> [u32; 10] {
        [
            self.first,
            self.end,
            self.width,
            self.clusters,
            self.padded,
            self.slope.to_bits(),
            self.base.to_bits(),
            self.count,
            self.quads,
            self.room,
        ]
    }
}
