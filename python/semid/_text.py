"""Codes as text."""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np

from semid import _semid
from semid._errors import InputError
from semid._input import to_codes


def format_ids(
    codes: Any,
    *,
    format: Any = "plain",
    separator: str = "-",
    template: Optional[str] = None,
    begin: Optional[str] = None,
    end: Optional[str] = None,
    base: int = 0,
    output: str = "list",
) -> Any:
    """The semantic IDs of codes as text.

    Parameters
    ----------
    codes : array of integers, (N, L)
    format : {"plain", "token"} or callable
        ``"12-5-33"``, ``"<a_12><b_5><c_33>"``, or what a callable returns for the codes (L,) of a row.
    separator : str
        Between plain codes.
    template : str, optional
        Writes a token per level, such as ``"<s_{level}_{code}>"``.
    begin, end : str, optional
        Marks around the tokens of an ID.
    base : int
        The number of the first code in tokens: 0 or 1.
    output : {"list", "arrow"}
        A list, or an array of Arrow strings, which needs pyarrow.

    Examples
    --------
    >>> import semid
    >>> semid.format_ids([[12, 5, 33]])
    ['12-5-33']
    >>> semid.format_ids([[12, 5, 33]], format="token")
    ['<a_12><b_5><c_33>']
    >>> semid.format_ids([[12, 5]], template="<s{level}:{code}>", begin="<sid>")
    ['<sid><sa:12><sb:5>']
    """
    codes = to_codes(codes)
    if callable(format):
        texts = [format(row) for row in codes]
    else:
        texts = _semid.format_ids(codes, form(format, separator, template, begin, end, base))
    return as_output(texts, output)


def form(
    format: str,
    separator: str = "-",
    template: Optional[str] = None,
    begin: Optional[str] = None,
    end: Optional[str] = None,
    base: int = 0,
) -> dict:
    """How IDs are written, as the extension takes it."""
    if format not in ("plain", "token"):
        raise InputError(f"format={format!r}: 'plain', 'token' or a callable", "Parameter")
    tokens = format == "token" or template is not None or begin is not None or end is not None
    if base not in (0, 1):
        raise InputError(f"base={base!r}: 0 or 1", "Parameter")
    return {
        "separator": None if tokens else separator,
        "template": template,
        "begin": begin,
        "end": end,
        "base": base,
    }


def as_output(texts: list, output: str) -> Any:
    """A list as it is, or an array of Arrow strings."""
    if output == "list":
        return texts
    if output == "arrow":
        import pyarrow

        return pyarrow.array(texts, pyarrow.string())
    raise InputError(f"output={output!r}: 'list' or 'arrow'", "Parameter")


def formatter_of(format: Any) -> Optional[Callable[[np.ndarray], str]]:
    """The callable, if there is one."""
    return format if callable(format) else None
