"""What is computed from what is there when it is asked for. Days are local ones; values are exact."""

from __future__ import annotations

from ._asking import PAGE, Asking
from .core import calls
from .core.types import Anomaly, Consumption, DailyReport, Overview, Quality, WeatherImpact
from .times import Moment, moment


class Analytics(Asking):
    """Lists of rows: `pandas.DataFrame(m.analytics.data_quality())` makes a frame of one.

    Where no span is named, it is the last thirty local days and today. `as_known_at` tells what would have been answered then:
    where no span is named either, it is that of then.
    """

    def overview(self, *, as_known_at: Moment | None = None) -> Overview:
        """How much of everything there is."""
        return self.ask(calls.overview(as_known_at=moment(as_known_at))).results[0]

    def energy_consumption(
        self, start: Moment | None = None, end: Moment | None = None, *, as_known_at: Moment | None = None
    ) -> list[Consumption]:
        """What all meters measured on each local day, by quantity."""
        return self.ask(calls.energy_consumption(start=moment(start), end=moment(end), as_known_at=moment(as_known_at))).results

    def of_meter(self, id: str, period: str | None = None, *, as_known_at: Moment | None = None) -> list[Consumption]:
        """What a meter measured on each local day of a period until now, such as `24h`, `7d`, `30d`."""
        return self.ask(calls.meter_analytics(id, period=period, as_known_at=moment(as_known_at))).results

    def weather_impact(
        self, start: Moment | None = None, end: Moment | None = None, *, as_known_at: Moment | None = None
    ) -> list[WeatherImpact]:
        """What was drawn on each local day in kWh, beside its mean air temperature in degrees Celsius."""
        return self.ask(calls.weather_impact(start=moment(start), end=moment(end), as_known_at=moment(as_known_at))).results

    def anomalies(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        limit: int = PAGE,
        *,
        as_known_at: Moment | None = None,
    ) -> list[Anomaly]:
        """What the checks found in those days, newest first: at most `limit`, of 1 to 1000; `sql` has all of them."""
        return self.ask(
            calls.anomalies(start=moment(start), end=moment(end), limit=limit, as_known_at=moment(as_known_at))
        ).results

    def data_quality(
        self, start: Moment | None = None, end: Moment | None = None, *, as_known_at: Moment | None = None
    ) -> list[Quality]:
        """Readings by quantity and quality."""
        return self.ask(calls.data_quality(start=moment(start), end=moment(end), as_known_at=moment(as_known_at))).results

    def daily_report(self, day: Moment | None = None, *, as_known_at: Moment | None = None) -> DailyReport:
        """What was received and found on a local day, and what was measured on it; today where none is named."""
        return self.ask(calls.daily_report(day=moment(day), as_known_at=moment(as_known_at))).results[0]
