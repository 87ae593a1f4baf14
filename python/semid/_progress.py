"""Progress of long work: a callable, or a bar of tqdm where that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional


@dataclass(frozen=True)
class Progress:
    """How far long work is.

    Attributes
    ----------
    part : str
        What the parts are that are done one after the other: ``"level"``, ``"epoch"``, ``"run"`` or
        ``"evaluation"``.
    number, parts : int
        The part under way, from 1, and all parts.
    step : str
        What the steps of a part are.
    done, most : int
        Steps of this part that are done, and the most that there are.
    state : str
        How the work goes, in words.
    """

    part: str
    number: int
    parts: int
    step: str
    done: int
    most: int
    state: str


class _Bar:
    """A bar of tqdm, one unit per part."""

    def __init__(self, tqdm: Any):
        self._tqdm = tqdm
        self._bar: Any = None

    def __call__(self, *step: Any) -> None:
        progress = Progress(*step)
        if self._bar is None:
            self._bar = self._tqdm(total=float(progress.parts), unit=progress.part, bar_format=_FORMAT)
        share = min(progress.done / progress.most, 1.0) if progress.most else 0.0
        self._bar.n = round(progress.number - 1 + share, 3)
        self._bar.set_postfix_str(progress.state, refresh=False)
        self._bar.refresh()

    def close(self, finished: bool) -> None:
        """Ends the bar, which is full only if the work is finished."""
        if self._bar is not None:
            if finished:
                self._bar.n = self._bar.total
            self._bar.refresh()
            self._bar.close()


_FORMAT = "{percentage:3.0f}%|{bar}| {n:.1f}/{total:.0f} {unit} [{elapsed}<{remaining}] {postfix}"


class Listening:
    """What the extension calls while work is under way, closed at its end."""

    def __init__(self, progress: object):
        self._bar: Optional[_Bar] = None
        self.call: Optional[Callable[..., None]] = None
        if progress is None or progress is False:
            return
        if progress is True:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._bar = _Bar(tqdm)
            self.call = self._bar
        elif callable(progress):
            tell = progress
            self.call = lambda *step: tell(Progress(*step)) and None
        else:
            raise TypeError(f"progress must be True, False, None or a callable, not {type(progress).__name__}")

    def __enter__(self) -> Optional[Callable[..., None]]:
        return self.call

    def __exit__(self, error: object, *_: object) -> None:
        if self._bar is not None:
            self._bar.close(finished=error is None)
