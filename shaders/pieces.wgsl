// Cuts the list of rows that `order` makes into pieces: stretches of at most 256 rows of one cluster.
//
// `cursors` becomes the place in the list at which each cluster begins. A piece is (cluster, start, end, 0); the pieces
// are in the order of the list. One workgroup does it all, 256 clusters at a time.

@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> cursors: array<u32>;
@group(0) @binding(3) var<storage, read_write> pieces: array<vec4<u32>>;

const PIECE_ROWS: u32 = 256u;
const SIZE: u32 = 256u;

// Rows and pieces of an invocation's cluster and of some or all clusters before it.
var<workgroup> sums: array<vec2<u32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    var before = vec2<u32>(0u);
    for (var first = 0u; first < params.clusters; first += SIZE) {
        let cluster = first + local;
        var own = vec2<u32>(0u);
        if (cluster < params.clusters) {
            let rows = counts[cluster];
            own = vec2<u32>(rows, (rows + PIECE_ROWS - 1u) / PIECE_ROWS);
        }
        var sum = own;
        for (var step = 1u; step < SIZE; step *= 2u) {
            sums[local] = sum;
            workgroupBarrier();
            if (local >= step) {
                sum += sums[local - step];
            }
            workgroupBarrier();
        }
        sums[local] = sum;
        if (cluster < params.clusters) {
            let start = before.x + sum.x - own.x;
            let end = start + own.x;
            cursors[cluster] = start;
            var piece = before.y + sum.y - own.y;
            for (var at = start; at < end; at += PIECE_ROWS) {
                pieces[piece] = vec4<u32>(cluster, at, min(at + PIECE_ROWS, end), 0u);
                piece += 1u;
            }
        }
        workgroupBarrier();
        before += sums[SIZE - 1u];
        workgroupBarrier();
    }
}
