"""The front door."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import pyarrow as pa

from ._frames import to_arrow, to_pandas, to_polars
from ._http import Http
from .analytics import Analytics
from .intake import Intake
from .master_data import MasterData
from .people import People
from .series import Series

if TYPE_CHECKING:
    import pandas as pd  # noqa: F401 - the frame of `Metrify`, told as text
    import polars as pl


class Metrify(Series["pd.DataFrame"], Intake, MasterData, People):
    """A server and the key that opens it; threads may share it.

        m = Metrify("http://localhost:8000", key)
        m.readings("1EMH0010599732", "2026-01-01", "2026-02-01")

    Frames are of pandas here, of Polars under `m.polars`, of Arrow under `m.arrow`. All methods raise `MetrifyError`s, of which
    `NotFound`, `Denied`, `Conflict`, ... are kinds.
    """

    def __init__(self, url: str, key: str, purpose: str | None = None, *, timeout: float = 300.0, wait_max: float = 60.0) -> None:
        """`purpose` is what readings are asked for (MsbG 49, 66 to 69); the first of the key where it is absent.

        `timeout` is how many seconds the server may say nothing; `wait_max` how many seconds of waiting a call may take in which
        the server is busy, unavailable or not to be reached, 0 to try once.

        Raises ValueError for a url that is none, or holds a password.
        """
        super().__init__(Http(url, key, purpose, timeout, wait_max), to_pandas)
        self.polars: Series[pl.DataFrame] = Series(self._http, to_polars)
        self.arrow: Series[pa.Table] = Series(self._http, to_arrow)
        self.analytics = Analytics(self._http)

    def close(self) -> None:
        """Closes the connections; the next call opens new ones."""
        self._http.close()

    def __enter__(self) -> Metrify:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        """Without the key."""
        return f"Metrify({self._http.url!r}, purpose={self._http.purpose!r})"
