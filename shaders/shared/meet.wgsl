// How the scores of a share of the codewords become the state of the share.

// The state is (best, second best, code of the best): the loser of every comparison may become the second best. The
// proof holds even where a compiler evaluates `score` or the comparison twice with different rounding.
fn meet(state: vec3<f32>, score: f32, code: f32) -> vec3<f32> {
    let second = min(state.y, max(state.x, score));
    return select(vec3<f32>(state.x, second, state.z), vec3<f32>(score, second, code), score < state.x);
}

fn meet4(state: vec3<f32>, scores: vec4<f32>, code: f32) -> vec3<f32> {
    let first = meet(meet(state, scores.x, code), scores.y, code + 1.0);
    return meet(meet(first, scores.z, code + 2.0), scores.w, code + 3.0);
}
