"""What residual k-means and product codes share: the parameters of a level's fit."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Optional, Tuple

from semid._base import Quantizer
from semid._values import _integer, _number

#: Parts of the docstrings, by the lines that stand for them there.
_DOCS = {
    "{fits}": """random_state : int, RandomState, Generator or None, default 42
        Everything random is a function of it; ``None`` is 42 too, so that a fit can be repeated.
    max_iter : int, default 100
        Most iterations per level; batches per level for mini-batch.
    tol : float, default 1e-4
        A level ends when its codewords move less: their squared movement beside the mean variance of a dimension.
    n_init : int, default 1
        Runs per level from different seeds, of which the best is kept.
    init : {"k-means++", "random", "hierarchical"}
        How the first codewords are chosen; ``"hierarchical"`` fits coarse clusters first, and is fast for
        thousands.""",
    "{algorithm}": """algorithm : {"lloyd", "mini-batch", "hierarchical"}
        ``"mini-batch"`` updates codewords from small batches, with ``batch_size``, ``init_size``, ``layer_wise``.
        ``"hierarchical"`` fits coarse clusters, codewords inside each, and then does ``full_iter`` full iterations.
    batch_size, init_size : int, default 2048, 3072
        Rows per batch, and rows that the first codewords are chosen from.
    layer_wise : bool, default True
        Trains a residual level to its end before the next one.
    full_iter : int, default 2
        Most iterations over all rows that end a hierarchical fit.""",
    "{rows}": """sample : int, optional
        Fits on that many rows, chosen by the seed.
    center : bool, default True
        Subtracts a middle per dimension; never for cosine.""",
    "{work}": """device : str, default "auto"
        ``"auto"``, ``"cpu"``, ``"gpu"``, ``"gpu:0"``, ``"reference"``: see ``semid.devices``.
    n_jobs : int, optional
        Threads of the device ``"cpu"``; all cores by default.
    memory : int or str, optional
        Bytes that a fit may use, such as ``"2GiB"``; rows that need more are read again for every pass.
    progress : bool or callable, optional
        ``True`` for a bar of tqdm, where that is installed, or a callable that gets a ``semid.Progress``; what it
        raises ends the fit.""",
}


def _filled(line: str) -> str:
    """A line of a docstring, or the part that it stands for, indented as the line is; Python 3.13 indents less."""
    part = _DOCS.get(line.strip())
    return line if part is None else textwrap.indent(inspect.cleandoc(part), line[: line.index("{")])


class KMeansFits(Quantizer):
    """A model whose levels are fitted by k-means."""

    #: More parameters that files have under the same names.
    _same: Tuple[str, ...] = ()

    max_iter: int
    tol: float
    n_init: int
    init: str
    metric: str
    algorithm: str
    batch_size: int
    init_size: int
    layer_wise: bool
    full_iter: int
    sample: Optional[int]
    center: bool
    memory: Any

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        # There are no docstrings under `python -OO`.
        cls.__doc__ = cls.__doc__ and "\n".join(map(_filled, cls.__doc__.split("\n")))

    def _set(self, given: dict) -> None:
        """Sets every parameter to what the constructor was given, the locals of its body."""
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)

    def _more_parameters(self) -> dict:
        return {
            "max_iter": _integer("max_iter", self.max_iter, 1),
            "tol": _number("tol", self.tol),
            "n_init": _integer("n_init", self.n_init, 1),
            "init": self.init,
            "metric": self.metric,
            "algorithm": self._algorithm(),
            "sample": None if self.sample is None else _integer("sample", self.sample, 1),
            "center": bool(self.center),
        }

    def _algorithm(self) -> Any:
        """The algorithm with its parameters, as files have them."""
        if self.algorithm == "mini-batch":
            return {
                "mini-batch": {
                    "batch": _integer("batch_size", self.batch_size, 1),
                    "init_buffer": _integer("init_size", self.init_size, 1),
                    "layer_wise": bool(self.layer_wise),
                }
            }
        if self.algorithm == "hierarchical":
            return {"hierarchical": {"full_iter": _integer("full_iter", self.full_iter, 0)}}
        return self.algorithm

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        params = super()._from_file(fields)
        same = ("max_iter", "tol", "n_init", "init", "metric", "sample", "center", *cls._same)
        params.update({name: fields[name] for name in same if name in fields})
        params.update(_of_algorithm(fields.get("algorithm", "lloyd")))
        return params


def _of_algorithm(algorithm: Any) -> dict:
    """The parameters for the algorithm of a file."""
    if isinstance(algorithm, dict) and "hierarchical" in algorithm:
        return {"algorithm": "hierarchical", "full_iter": algorithm["hierarchical"]["full_iter"]}
    if isinstance(algorithm, dict):
        mini = algorithm["mini-batch"]
        return {
            "algorithm": "mini-batch",
            "batch_size": mini["batch"],
            "init_size": mini["init_buffer"],
            "layer_wise": mini["layer_wise"],
        }
    return {"algorithm": algorithm}
