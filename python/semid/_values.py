"""Values of parameters: checked, and as the extension takes them."""

from __future__ import annotations

import sys
from typing import Any, Optional, Union

import numpy as np

from semid import _semid
from semid._errors import InputError

#: Bytes of a unit of ``memory="2GiB"``.
_UNITS = {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def _integer(name: str, value: Any, least: int = 0) -> int:
    """An integer of at least `least`, with an error that names the parameter."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise InputError(f"parameter `{name}` = {value!r}: must be an integer", "Parameter")
    if value < least:
        raise InputError(f"parameter `{name}` = {value}: must be at least {least}", "Parameter")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(f"parameter `{name}` = {value!r}: must be a number", "Parameter")
    if not np.isfinite(value):
        raise InputError(f"parameter `{name}` = {value}: must be finite", "Parameter")
    return float(value)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, or the NA of pandas, whose comparisons are neither true nor false."""
    if value is None or value is getattr(sys.modules.get("pandas"), "NA", None):
        return True
    # Only NaN, as pandas writes a missing text, differs from itself.
    return bool(value != value)


def seed_of(random_state: Any) -> int:
    """The seed that a random state stands for: ``None`` is 42, so that a fit can always be repeated."""
    if random_state is None:
        return 42
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**31 - 1))
    return _integer("random_state", random_state)


def place(device: Any, n_jobs: Any = None, memory: Any = None) -> tuple:
    """What the extension is told of where to work: device, threads, bytes."""
    if device is None:
        device = "auto"
    if not isinstance(device, str):
        raise InputError(f"device={device!r}: the name of a device, such as 'cpu' or 'gpu:0'", "UnknownDevice")
    threads = 0 if n_jobs in (None, -1) else _integer("n_jobs", n_jobs, 1)
    return device, threads, memory_of(memory)


def memory_of(memory: Any) -> Optional[int]:
    """Bytes of ``2 << 30``, ``"2GiB"`` or ``"500 MB"``."""
    if memory is None:
        return None
    if isinstance(memory, str):
        text = memory.strip().upper()
        unit = next((unit for unit in _UNITS if text.endswith(unit)), None)
        try:
            return int(float(text[: -len(unit)]) * _UNITS[unit]) if unit else int(text)
        except ValueError:
            raise InputError(f"memory={memory!r}: give bytes, or a text such as '2GiB'", "Parameter") from None
    return _integer("memory", memory, 1)


def _weights(weights: Any) -> Optional[np.ndarray]:
    """Weights of rows as the library takes them; floats are fine where they are whole."""
    if weights is None:
        return None
    given = np.asarray(weights)
    if given.ndim != 1 or given.dtype.kind not in "biuf":
        raise InputError("sample_weight: expected an array (N,) of numbers, one for each row", "Parameter")
    # Comparisons with NaN are false; beyond 2^53 floats are no longer exact, and no fit takes such weights.
    whole = (given >= 0) & (given <= 2**53) & (given == np.floor(given))
    if not whole.all():
        row = int(np.argmin(whole))
        raise InputError(
            f"sample_weight: row {row} has the weight {given[row]}: weights are whole numbers from 0 on; "
            "semid.whole_weights makes such numbers of fractions",
            "Parameter",
        )
    return np.ascontiguousarray(given.astype(np.uint64))


def whole_weights(values: Any, step: Union[str, float]) -> np.ndarray:
    """Returns how often ``step`` goes into each of ``values``: weights for ``sample_weight``.

    Every value has to be a multiple of the step. Floating-point numbers are taken as the shortest decimal numbers that
    stand for them, so 0.1 is a tenth.

    Parameters
    ----------
    values : array of shape (N,)
        Numbers from 0 on, or texts or decimals of such numbers.
    step : str or float
        A number above 0, such as ``"0.01"``.

    Returns
    -------
    numpy.ndarray of shape (N,), uint64

    >>> whole_weights([1.25, 0, 3], "0.05")
    array([25,  0, 60], dtype=uint64)
    """
    # Texts of numbers are the shortest that stand for them.
    return _semid.whole_weights([str(value) for value in values], str(step))


def _column_weight(weights: Any) -> Optional[list]:
    """Weights of several embeddings of every row."""
    return None if weights is None else [_number("column_weight", weight) for weight in weights]
