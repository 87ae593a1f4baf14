//! Files of other programs, which are refused with a way to convert them.

use super::file::Source;
use crate::error::{Error, Result};
use std::path::Path;

/// A program whose files are refused, and two lines of Python that write the values of a file, FILE, to .npy, TO.
struct Foreign {
    name: &'static str,
    /// What the lines find in the file.
    finds: &'static str,
    lines: [&'static str; 2],
}

/// A tensor, a parameter, a list of rows or of batches, or the first matrix of a dict, such as a state dict.
/// `weights_only` refuses modules and arrays, because reading them runs code.
const TORCH: Foreign = Foreign {
    name: "PyTorch",
    finds: "one tensor, a list of them, or the first matrix of a dict; of anything else, save a tensor first",
    lines: [
        "import numpy, torch; x = torch.load(FILE, map_location=\"cpu\", weights_only=True)",
        "numpy.save(TO, (next(t for t in x.values() if torch.is_tensor(t) and t.ndim == 2 and t.is_floating_point()) \
         if isinstance(x, dict) else x if torch.is_tensor(x) else torch.cat([torch.atleast_2d(t) for t in x]))\
         .detach().to_dense().float().numpy())",
    ],
};

const HDF5: Foreign = Foreign {
    name: "HDF5",
    finds: "its first table of floats with two dimensions; for another one, put its name in place of found[0].name",
    lines: [
        "import numpy, h5py; file = h5py.File(FILE, \"r\"); found = []; file.visititems(lambda _, d: \
         found.append(d) if isinstance(d, h5py.Dataset) and d.ndim == 2 and d.dtype.kind == \"f\" else None)",
        "numpy.save(TO, file[found[0].name][:])",
    ],
};

/// An array, a list of rows or a data frame; of a dict the first value with two dimensions, or its values as rows.
const PICKLE: Foreign = Foreign {
    name: "pickle",
    finds: "an array, rows, or those of a dict; reading it runs code in the file, so trust who wrote it",
    lines: [
        "import numpy, pickle; x = pickle.load(open(FILE, \"rb\")); x = next((v for v in x.values() if \
         numpy.ndim(v) == 2), list(x.values())) if isinstance(x, dict) else x",
        "numpy.save(TO, numpy.asarray(x, dtype=\"float32\"))",
    ],
};

/// Refuses files whose formats run code when they are read, or would take a large library to read. The error has two
/// lines of Python that write the values to a file that is read.
pub(super) fn refuse(path: &Path, extension: &str) -> Result<()> {
    let Foreign { name, finds, lines } = match extension {
        "pt" | "pth" => TORCH,
        "h5" | "hdf5" => HDF5,
        "pkl" | "pickle" => PICKLE,
        _ => return Ok(()),
    };
    let text = |path: &Path| format!("{:?}", path.to_string_lossy());
    let to = text(&path.with_extension("npy"));
    // The line that names a file is filled once, so that a name such as `FILE` stays what it is.
    let [load, save] = lines;
    let code = format!("{}\n    {}", load.replacen("FILE", &text(path), 1), save.replacen("TO", &to, 1));
    Err(Error::format(
        "embeddings",
        format!("it is a file of {name}, which is not read; in Python, this writes it as .npy ({finds}):\n    {code}"),
    )
    .at(path))
}

/// Refuses a path at which there is nothing.
pub(super) fn exists(path: &Path) -> Result<()> {
    std::fs::metadata(path).map(|_| ()).map_err(|error| Error::io("opening", error).at(path))
}

/// Programs that pack files, and how their files begin.
const PACKED: [(&[u8], &str, &str); 4] = [
    (&[0x1f, 0x8b], "gzip", "gunzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "unzstd"),
    (b"BZh91AY", "bzip2", "bunzip2"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "unxz"),
];

/// Refuses a file that was packed as a whole.
pub(super) fn refuse_packed(source: &Source) -> Result<()> {
    let mut start = [0; 7];
    let len = source.len().min(7) as usize;
    let (head, _) = start.split_at_mut(len);
    source.read(0, head)?;
    match PACKED.iter().find(|(magic, ..)| head.starts_with(magic)) {
        Some((_, name, unpack)) => {
            Err(source.error(format!("it is packed by {name}; unpack it first, as with `{unpack}`")))
        }
        None => Ok(()),
    }
}
