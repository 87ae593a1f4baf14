// Rows and codewords as bytes and facts, as round_rows.wgsl and round_codewords.wgsl write them.

@group(0) @binding(6) var<storage, read> listed: array<vec4<u32>>; // as keep.wgsl lists rows, where LISTED

// Returns how many vec4 of words a vector has; a word is 4 bytes.
fn row_quads() -> u32 {
    return params.quads;
}

fn facts_of_codeword(code: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(codewords[params.quads * params.padded + code]);
}

fn facts_of_row(row: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(rows[params.room * params.quads + row]);
}
