"""Reports: one web page that loads nothing."""

from __future__ import annotations

import html
import os
from typing import Any, Optional, Sequence, Tuple, Union

from semid import _semid
from semid._base import Quantizer
from semid._errors import InputError
from semid._input import count_rows, to_codes, to_rows, to_texts
from semid._interactions import keyed_pairs
from semid._labels import columns_for, label_texts
from semid._progress import Listening
from semid._sweep import SweepResult
from semid._values import _integer, _weights


class Report:
    """A report on the IDs that a model gives to rows; notebooks show it.

    Parameters
    ----------
    model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
        A fitted model.
    X : rows (N, D)
    codes : array of integers (N, L), optional
        Codes of the rows; by default those that the model gives.
    names, labels : sequence of str, optional
        Names of the items, and labels, such as categories, whose purity below prefixes the page shows; one per row.
        None is an item without a label.
    prefix_labels : labels of every row, optional
        For a model whose first codes labels give: these labels, as ``RQKMeans.encode`` takes them.
    beam : int, optional
        Width of the beam that encodes the rows, see ``RQKMeans.encode``; by default that of the model. The page has the
        errors of the nearest codewords beside those of a beam. It has no effect on codes that are given.
    interactions : sequence of pairs, optional
        Items that are used together, as numbers of rows or keys of ``items``: the page shows whether they share
        prefixes.
    items : sequence of str or int, optional
        The key of every row, for ``interactions``.
    sample_weight : array of whole numbers (N,), optional
        How often each item counts, see ``evaluate``; the page then shows measures by weight, too.
    title : str
    sweep : SweepResult, optional
        Runs that the page compares, ranked by ``rank_by``.
    details : dict, optional
        Lines of the part that says where the contents come from.
    k, sample, random_state
        As for ``evaluate``; by default up to 10 neighbours of up to 2,000 rows.
    column : str, optional
        Column of embeddings in a table.
    progress : bool or callable, optional
        As for ``RQKMeans``.

    Attributes
    ----------
    html : str
        The page.
    figures : dict
        SVG files by name.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(300, 8))
    >>> report = semid.Report(semid.RQKMeans(2, 8).fit(X), X, title="My items")
    >>> "<title>My items</title>" in report.html
    True
    """

    def __init__(
        self,
        model: Quantizer,
        X: Any,
        *,
        codes: Any = None,
        names: Any = None,
        labels: Any = None,
        prefix_labels: Any = None,
        beam: Optional[int] = None,
        interactions: Optional[Sequence[Tuple[Any, Any]]] = None,
        items: Any = None,
        title: str = "Semantic IDs",
        sample_weight: Any = None,
        sweep: Optional[SweepResult] = None,
        rank_by: str = "collision_rate",
        details: Optional[dict] = None,
        k: Optional[int] = None,
        sample: Optional[int] = None,
        random_state: int = 42,
        column: Optional[str] = None,
        progress: Any = None,
    ):
        weights = _weights(sample_weight)
        given = None if codes is None else to_codes(codes)
        columns = columns_for(model._model, prefix_labels, "prefix_labels") if given is None else None
        rows = to_rows(X, column=column)
        settings = {
            "title": title,
            "names": None if names is None else to_texts(names, "names"),
            "labels": None if labels is None else [label or "" for label in label_texts("labels", labels)],
            "weights": None if weights is None else weights.tolist(),
            "sweep": None if sweep is None else sweep._text,
            "rank_by": rank_by,
            "details": [(str(name), str(value)) for name, value in (details or {}).items()],
            "k": None if k is None else _integer("k", k),
            "sample": None if sample is None else _integer("sample", sample),
            "seed": _integer("random_state", random_state),
            "beam": None if beam is None else _integer("beam", beam, 1),
            "interactions": keyed_pairs(interactions, items, count_rows(rows)),
        }
        with Listening(progress) as tell:
            page, figures = _semid.report(
                model._model, rows, settings, model._place(), codes=given, labels=columns, progress=tell
            )
        self.title = title
        self.html: str = page
        self.figures: dict = {name: svg for name, _, svg in figures}
        self._titles = {name: title for name, title, _ in figures}

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Saves the page as an HTML file, which appears complete or not at all."""
        try:
            _semid.write_text(path, self.html)
        except UnicodeEncodeError as error:
            name = os.fspath(path)
            raise InputError(f"{name}: the page cannot be written as UTF-8: {error}", "Parameter", name) from None

    def __repr__(self) -> str:
        return f"<semid report {self.title!r}: {len(self.figures)} figures>"

    def _repr_html_(self) -> str:
        # A frame, so that neither the page nor the notebook changes how the other one looks.
        page = html.escape(self.html, quote=True)
        return f'<iframe sandbox="allow-scripts" srcdoc="{page}" style="width:100%;height:800px;border:0"></iframe>'
