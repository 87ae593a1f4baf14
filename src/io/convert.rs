//! Files of other programs, which are refused with a way to convert them.

use crate::error::{Error, Result};
use std::path::Path;

/// Refuses files whose formats run code when they are read, or would take a large library to read. The error has two
/// lines of Python that write the values to a file that is read.
pub(super) fn refuse(path: &Path, extension: &str) -> Result<()> {
    let (name, import, values) = match extension {
        "pt" | "pth" => {
            ("PyTorch", "torch", "torch.load(FILE, map_location=\"cpu\", weights_only=True).float().numpy()")
        }
        "h5" | "hdf5" => {
            ("HDF5", "h5py", "next(d for d in h5py.File(FILE).values() if getattr(d, \"ndim\", 0) == 2)[:]")
        }
        "pkl" | "pickle" => ("pickle", "pickle", "numpy.asarray(pickle.load(open(FILE, \"rb\")), dtype=\"float32\")"),
        _ => return Ok(()),
    };
    let text = |path: &Path| format!("{:?}", path.to_string_lossy());
    let values = values.replace("FILE", &text(path));
    let to = text(&path.with_extension("npy"));
    let code = format!("import numpy, {import}\n    numpy.save({to}, {values})");
    Err(Error::format(
        "embeddings",
        format!("it is a file of {name}, which is not read; in Python, this writes it as .npy:\n    {code}"),
    )
    .at(path))
}
