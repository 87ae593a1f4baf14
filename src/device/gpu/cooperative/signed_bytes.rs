//! Replaces the types of the cooperative matrices of a SPIR-V module: factors of f32 become factors of signed bytes,
//! 16 x 32 and 32 x 16, and sums of f32 become sums of i32.
//!
//! Such a module follows Vulkan's memory model, in which only accesses and barriers that say so let one invocation see
//! what another one wrote. naga 30 leaves that out, so it is added here.
//!
//! # References
//! SPIR-V specification, sections 2.3 (layout of a module), 3.25 (memory semantics) and 3.26 (memory operands);
//! SPV_KHR_cooperative_matrix; SPV_KHR_vulkan_memory_model.

use std::collections::HashMap;

const HEADER: usize = 5;
/// The word of the header that is above every id.
const BOUND: usize = 3;

// Instructions.
const CAPABILITY: u32 = 17;
const TYPE_INT: u32 = 21;
const CONSTANT: u32 = 43;
const VARIABLE: u32 = 59;
const LOAD: u32 = 61;
const STORE: u32 = 62;
const ACCESS_CHAIN: u32 = 65;
const BARRIER: u32 = 224;
const TYPE_MATRIX: u32 = 4456;
const LOAD_MATRIX: u32 = 4457;
const STORE_MATRIX: u32 = 4458;
const MULTIPLY_ADD: u32 = 4459;

/// The capabilities for types of 8 bits, and for the atomics that naga gives the scope of a device.
const CAPABILITIES: [u32; 2] = [39, 5346];
/// How many terms of a sum the hardware adds at a time.
const TERMS: u32 = 32;
/// Operands of a product: all four matrices hold signed integers.
const ALL_SIGNED: u32 = 0xf;
/// The storage classes of memory that invocations share: that of a workgroup, and buffers.
const SHARED: [u32; 2] = [4, 12];
/// The memory operand of an access to what other invocations read or write.
const NOT_PRIVATE: u32 = 0x20;
/// The semantics of a barrier for the memory of a workgroup, acquire and release, as naga writes them.
const SEMANTICS: u32 = 0x108;
/// The same, and what was written becomes available and visible.
const SHARING_SEMANTICS: u32 = 0x6108;

/// Ids of types and constants.
struct Ids {
    unsigned: u32,
    byte: u32,
    int: u32,
    terms: u32,
    semantics: u32,
    /// One above all ids.
    bound: u32,
}

impl Ids {
    /// Finds u32 and i32 in a module, and gives new ids to what it lacks; none if it has no u32.
    fn of(all: &[(u32, &[u32])], bound: u32) -> Option<Self> {
        let unsigned = find_int(all, 0)?;
        let [byte, int, terms, semantics] = [bound, bound + 1, bound + 2, bound + 3];
        Some(Self { unsigned, byte, int: find_int(all, 1).unwrap_or(int), terms, semantics, bound: bound + 4 })
    }

    /// Returns the declarations that follow that of u32.
    fn declarations(&self) -> Vec<u32> {
        let Self { unsigned, byte, int, terms, semantics, .. } = *self;
        let all = [
            instruction(TYPE_INT, &[byte, 8, 1]),
            instruction(TYPE_INT, &[int, 32, 1]),
            instruction(CONSTANT, &[unsigned, terms, TERMS]),
            instruction(CONSTANT, &[unsigned, semantics, SHARING_SEMANTICS]),
        ];
        all.concat()
    }
}

/// Returns the id of the integers of 32 bits with this sign.
fn find_int(all: &[(u32, &[u32])], sign: u32) -> Option<u32> {
    all.iter().find_map(|(op, operands)| match operands {
        [id, 32, of] if *op == TYPE_INT && *of == sign => Some(*id),
        _ => None,
    })
}

/// Returns the module with other matrices; none if the words are no module, or have no u32.
pub(super) fn replace(words: &[u32]) -> Option<Vec<u32>> {
    let all = instructions(words)?;
    let ids = Ids::of(&all, *words.get(BOUND)?)?;
    let mut out = words.get(..HEADER)?.to_vec();
    *out.get_mut(BOUND)? = ids.bound;
    out.extend(CAPABILITIES.map(|capability| instruction(CAPABILITY, &[capability])).concat());
    let mut constants = HashMap::new();
    let mut classes = HashMap::new();
    for (op, operands) in all {
        match (op, operands) {
            // The declarations behind that of u32 have i32, and a type may be declared only once.
            (CAPABILITY, [capability]) if CAPABILITIES.contains(capability) => continue,
            (TYPE_INT, [id, ..]) if *id == ids.int => continue,
            (CONSTANT, [_, id, value]) => drop(constants.insert(*id, *value)),
            (VARIABLE, [_, id, class, ..]) => drop(classes.insert(*id, *class)),
            (ACCESS_CHAIN, [_, id, base, ..]) => {
                classes.insert(*id, *classes.get(base)?);
            }
            _ => {}
        }
        let mut operands = operands.to_vec();
        match (op, operands.as_mut_slice()) {
            (TYPE_MATRIX, matrix) => set_type(matrix, &constants, &ids)?,
            (BARRIER, [_, _, semantics]) if constants.get(semantics) == Some(&SEMANTICS) => *semantics = ids.semantics,
            _ => {}
        }
        match (op, operands.as_slice()) {
            (MULTIPLY_ADD, _) => operands.push(ALL_SIGNED),
            (LOAD, [_, _, pointer]) | (LOAD_MATRIX, [_, _, pointer, _, _]) if is_shared(&classes, pointer) => {
                operands.push(NOT_PRIVATE);
            }
            (STORE, [pointer, _]) | (STORE_MATRIX, [pointer, _, _, _]) if is_shared(&classes, pointer) => {
                operands.push(NOT_PRIVATE);
            }
            _ => {}
        }
        out.extend(instruction(op, &operands));
        if op == TYPE_INT && operands.first() == Some(&ids.unsigned) {
            out.extend(ids.declarations());
        }
    }
    Some(out)
}

fn is_shared(classes: &HashMap<u32, u32>, pointer: &u32) -> bool {
    classes.get(pointer).is_some_and(|class| SHARED.contains(class))
}

/// Sets component and sizes of the type of a matrix, by its use: 0 and 1 are factors, 2 is a sum.
fn set_type(matrix: &mut [u32], constants: &HashMap<u32, u32>, ids: &Ids) -> Option<()> {
    let [_, component, _, rows, columns, which] = matrix else { return None };
    match constants.get(which)? {
        0 => (*component, *columns) = (ids.byte, ids.terms),
        1 => (*component, *rows) = (ids.byte, ids.terms),
        _ => *component = ids.int,
    }
    Some(())
}

/// Returns the words of an instruction.
fn instruction(op: u32, operands: &[u32]) -> Vec<u32> {
    [&[(operands.len() as u32 + 1) << 16 | op], operands].concat()
}

/// Returns the operation and the operands of every instruction; none if the last one is cut off.
fn instructions(words: &[u32]) -> Option<Vec<(u32, &[u32])>> {
    let mut rest = words.get(HEADER..)?;
    let mut all = Vec::new();
    while let [first, ..] = rest {
        let (whole, after) = rest.split_at_checked((first >> 16) as usize)?;
        let [_, operands @ ..] = whole else { return None };
        all.push((first & 0xffff, operands));
        rest = after;
    }
    Some(all)
}
