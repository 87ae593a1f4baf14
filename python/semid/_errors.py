"""Errors, and how those of the library become Python's."""

from __future__ import annotations

import errno as _errno
import os
import re
import sys
from typing import Optional


class SemidError(Exception):
    """Any failure of semid.

    Attributes
    ----------
    kind : str
        What failed, such as ``"NotFinite"`` or ``"TooFewRows"``: the names are those of ``ErrorKind`` in the Rust
        library.
    path : str or None
        The file concerned, where there is one.
    """

    def __init__(self, message: str = "", kind: str = "Other", path: Optional[str] = None):
        super().__init__(message)
        self.kind = kind
        self.path = path

    def __reduce__(self):
        cls = NotFittedError if isinstance(self, NotFittedError) else type(self)
        return _rebuild, (cls, str(self), self.kind, self.path)


class InputError(SemidError, ValueError):
    """Rows, codes, parameters or names that cannot be used."""


class FileError(SemidError, OSError):
    """Reading or writing a file failed; ``errno`` is that of the operating system where it gave one."""

    def __init__(self, message: str = "", kind: str = "Io", path: Optional[str] = None):
        super().__init__(message, kind, path)
        self.filename = path

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class MissingFileError(FileError, FileNotFoundError):
    """There is no such file."""


class FormatError(SemidError, ValueError):
    """A file is not what its format demands, is damaged, or is of a newer version."""


class DeviceError(SemidError, RuntimeError):
    """A device is missing or failed; the same work on another device gives the same bits."""


class NoMemoryError(SemidError, MemoryError):
    """Memory could not be had."""


class RegistryError(SemidError, RuntimeError):
    """A registry refuses, or its store failed."""


class UnknownItemError(RegistryError, KeyError):
    """The registry has no such item."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CancelledError(SemidError, RuntimeError):
    """Work was stopped."""


class NotFittedError(SemidError, ValueError, AttributeError):
    """A model is asked for before ``fit``."""


_KINDS = {
    "Io": FileError,
    "Busy": FileError,
    "Format": FormatError,
    "Damaged": FormatError,
    "DamagedCheckpoint": FormatError,
    "NewerFormat": FormatError,
    "UnknownKind": FormatError,
    "UnknownDevice": InputError,
    "UnknownSimd": DeviceError,
    "UnknownGpuFilter": DeviceError,
    "UnknownGpuTile": DeviceError,
    "NoAdapter": DeviceError,
    "Device": DeviceError,
    "Feature": DeviceError,
    "Memory": NoMemoryError,
    "NotWhole": NoMemoryError,
    "OutOfMemory": NoMemoryError,
    "UnknownItem": UnknownItemError,
    "NoRegistry": RegistryError,
    "NoRefresh": RegistryError,
    "OtherModel": RegistryError,
    "OtherRegistry": RegistryError,
    "MixedDepths": RegistryError,
    "NewerRegistry": RegistryError,
    "DamagedRegistry": RegistryError,
    "Taken": RegistryError,
    "Locked": RegistryError,
    "ReadOnly": RegistryError,
    "ForeignLog": RegistryError,
    "Full": RegistryError,
    "Store": RegistryError,
    "Cancelled": CancelledError,
}

#: Parameters whose names here are not those of the library.
NAMES = {
    "levels": "n_levels",
    "clusters": "n_clusters",
    "seed": "random_state",
    "batch": "batch_size",
    "init_buffer": "init_size",
    "sizes": "min_cluster_size, max_cluster_size",
}


def make(kind: str, message: str, path: Optional[str], name: Optional[str], code: Optional[int]) -> SemidError:
    """Makes the exception for an error of the library."""
    if name in ("parameters", "settings"):
        message = _of_settings(message.split(": ", 1)[-1])
    message = re.sub(r"^parameter `(\w+)`", lambda found: f"parameter `{NAMES.get(found[1], found[1])}`", message)
    error = _KINDS.get(kind, InputError)
    if error is FileError and code == _errno.ENOENT:
        error = MissingFileError
    made = error(message, kind, path)
    if isinstance(made, OSError):
        made.errno = code
        made.strerror = os.strerror(code) if code is not None else None
    return made


def _of_settings(reason: str) -> str:
    """The reason why parameters were refused, with the names of parameters as they are here."""
    name, colon, rest = reason.partition(": ")
    if colon and name in NAMES:
        return f"{NAMES[name]}: {rest}"
    return reason


def _rebuild(cls, message, kind, path):
    return (_not_fitted_class() if cls is NotFittedError else cls)(message, kind, path)


def not_fitted(estimator: object) -> NotFittedError:
    """The error of an estimator that is not fitted; also scikit-learn's, where that is in use."""
    message = f"this {type(estimator).__name__} is not fitted yet; call fit, or load a model"
    return _not_fitted_class()(message, "NotFitted")


def _not_fitted_class() -> type:
    """Our class of errors, or ours and scikit-learn's as one."""
    global _joined
    exceptions = sys.modules.get("sklearn.exceptions")
    if exceptions is None:
        return NotFittedError
    if _joined is None:
        bases = (NotFittedError, exceptions.NotFittedError)
        _joined = type("NotFittedError", bases, {"__doc__": NotFittedError.__doc__})
    return _joined


_joined: Optional[type] = None
