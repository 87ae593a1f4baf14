"""Counters of IDs: in memory, in SQLite, or in a class of your own."""

from __future__ import annotations

import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional


class CollisionStore(ABC):
    """How often each ID was asked for; implement ``next_suffix`` to keep counters elsewhere."""

    @abstractmethod
    def next_suffix(self, key: str) -> int:
        """Counts ``key`` and returns how often it was counted before: 0 the first time."""

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Surrounds many calls, which a store may do together."""
        yield


class InMemoryCollisionStore(CollisionStore):
    """Counters in memory, which threads may share.

    >>> store = InMemoryCollisionStore()
    >>> [store.next_suffix(key) for key in ("a", "b", "a")]
    [0, 0, 1]
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._counts: Dict[str, int] = {}

    def next_suffix(self, key: str) -> int:
        """Counts ``key`` and returns how often it was counted before."""
        with self._lock:
            count = self._counts.get(key, 0)
            self._counts[key] = count + 1
            return count


class SQLiteCollisionStore(CollisionStore):
    """Counters in a SQLite database, in the table that ``semantic-id`` uses.

    Calls within ``batch`` are one transaction, so that many keys take little longer than one.
    """

    def __init__(self, db_path: str = "collisions.db") -> None:
        self.db_path = str(db_path)
        self._lock = threading.RLock()
        self._open: Optional[tuple] = None
        self._depth = 0
        with self.batch():
            self._connection().execute(
                "CREATE TABLE IF NOT EXISTS collisions (key TEXT PRIMARY KEY, count INTEGER DEFAULT 0)"
            )

    def _connection(self) -> sqlite3.Connection:
        """A connection of this process: none may be used after a fork."""
        if self._open is None or self._open[0] != os.getpid():
            connection = sqlite3.connect(self.db_path, timeout=30, isolation_level=None, check_same_thread=False)
            self._open = (os.getpid(), connection)
        return self._open[1]

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Makes one transaction of many calls."""
        with self._lock:
            connection = self._connection()
            if self._depth == 0:
                connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                connection.execute("COMMIT")

    def next_suffix(self, key: str) -> int:
        """Counts ``key`` and returns how often it was counted before."""
        with self.batch():
            connection = self._connection()
            found = connection.execute("SELECT count FROM collisions WHERE key = ?", (key,)).fetchone()
            count = 0 if found is None else int(found[0])
            connection.execute(
                "INSERT INTO collisions (key, count) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET count = ?",
                (key, count + 1, count + 1),
            )
            return count

    def copy_to(self, path: str) -> None:
        """Copies the database as of one moment."""
        with self._lock, sqlite3.connect(path) as copy:
            self._connection().backup(copy)
        copy.close()

    def close(self) -> None:
        """Closes the connection; the next call opens another."""
        with self._lock:
            if self._open is not None and self._open[0] == os.getpid():
                self._open[1].close()
            self._open = None

    def __del__(self) -> None:
        if "_lock" in self.__dict__:
            self.close()

    def __getstate__(self) -> Any:
        return {"db_path": self.db_path}

    def __setstate__(self, state: Any) -> None:
        self.__init__(state["db_path"])  # type: ignore[misc]
