"""Metrify from Python: readings as data frames, deliveries, master data, and all else that the server answers.

from metrify import Metrify
m = Metrify("http://localhost:8000", key)
m.readings("1EMH0010599732", "2026-01-01", "2026-02-01")
"""

from ._frames import MissingExtra
from ._version import __version__
from .client import Metrify
from .core.types import (
    Audited,
    Entry,
    GridOperator,
    GridOperatorFacts,
    Installation,
    Issued,
    Key,
    Meter,
    MeterFacts,
    MeteringPoint,
    MeteringPointFacts,
    NewReading,
    Station,
    StationFacts,
    Tenant,
    TenantFacts,
)
from .errors import (
    Busy,
    Conflict,
    Corrupt,
    Denied,
    Internal,
    Invalid,
    MetrifyError,
    NotFound,
    Unavailable,
    Unidentified,
)
from .intake import Receipt
from .master_data import Circle
from .series import is_metering_point
from .times import Moment, berlin

__all__ = [
    "Audited",
    "Busy",
    "Circle",
    "Conflict",
    "Corrupt",
    "Denied",
    "Entry",
    "GridOperator",
    "GridOperatorFacts",
    "Installation",
    "Internal",
    "Invalid",
    "Issued",
    "Key",
    "Meter",
    "MeterFacts",
    "MeteringPoint",
    "MeteringPointFacts",
    "Metrify",
    "MetrifyError",
    "MissingExtra",
    "Moment",
    "NewReading",
    "NotFound",
    "Receipt",
    "Station",
    "StationFacts",
    "Tenant",
    "TenantFacts",
    "Unavailable",
    "Unidentified",
    "__version__",
    "berlin",
    "is_metering_point",
]
