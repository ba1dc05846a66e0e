"""Meters, metering points, which meter is where, grid operators and weather stations.

Each change makes a version; what was known earlier can be asked for with `as_known_at`. A change with `version` is made only if
that is still the newest, and raises Conflict otherwise. Lists with `start` or `end` are of what changed last in `[start, end)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ._asking import PAGE, Asking, tag
from .core import calls
from .core.types import (
    Exchange,
    GridOperator,
    GridOperatorFacts,
    GridStatus,
    Installation,
    Meter,
    MeterFacts,
    MeteringPoint,
    MeteringPointFacts,
    Station,
    StationFacts,
)
from .times import Moment, moment

Status = Literal["active", "inactive"]
Sort = Literal["id", "-id", "changed", "-changed"]


@dataclass(frozen=True)
class Circle:
    """Around a place: degrees (WGS 84) and metres."""

    latitude: float
    longitude: float
    radius_m: float


class MasterData(Asking):
    """What is known of meters, metering points, grid operators and weather stations."""

    def meters(
        self,
        *,
        status: Status | None = None,
        manufacturer: str | None = None,
        model: str | None = None,
        area: str | None = None,
        near: Circle | None = None,
        sort: Sort | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Meter]:
        """All meters that fit, over all pages."""
        return self._pages(
            lambda cursor: calls.list_meters(
                status=status,
                manufacturer=manufacturer,
                model=model,
                area=area,
                latitude=near.latitude if near else None,
                longitude=near.longitude if near else None,
                radius_m=near.radius_m if near else None,
                sort=sort,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def meter(self, id: str, *, as_known_at: Moment | None = None) -> Meter:
        """A meter. Raises NotFound where there is none, or was none then."""
        return self.ask(calls.get_meter(id, as_known_at=moment(as_known_at)))

    def register_meter(self, facts: MeterFacts | str) -> Meter:
        """Registers a meter, by its id or by what is told of it. Raises Conflict where there is one of this id."""
        return self.ask(calls.register_meter(MeterFacts(id=facts) if isinstance(facts, str) else facts))

    def change_meter(self, id: str, facts: MeterFacts, *, version: int | None = None) -> Meter:
        """Says anew what is told of a meter: what is left away is told no longer, but for its status."""
        return self.ask(calls.change_meter(id, facts, if_match=tag(version)))

    def deactivate_meter(self, id: str, *, version: int | None = None) -> Meter:
        """Takes a meter out of service; what is known of it stays. Raises NotFound."""
        return self.ask(calls.deactivate_meter(id, if_match=tag(version)))

    def metering_points(
        self,
        *,
        status: Status | None = None,
        area: str | None = None,
        grid_operator: str | None = None,
        near: Circle | None = None,
        sort: Sort | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[MeteringPoint]:
        """All metering points that fit, over all pages."""
        return self._pages(
            lambda cursor: calls.list_metering_points(
                status=status,
                area=area,
                grid_operator=grid_operator,
                latitude=near.latitude if near else None,
                longitude=near.longitude if near else None,
                radius_m=near.radius_m if near else None,
                sort=sort,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def metering_point(self, id: str, *, as_known_at: Moment | None = None) -> MeteringPoint:
        """A metering point. Raises NotFound where there is none, or was none then."""
        return self.ask(calls.get_metering_point(id, as_known_at=moment(as_known_at)))

    def register_metering_point(self, facts: MeteringPointFacts | str) -> MeteringPoint:
        """Registers a market or metering location. Raises Conflict where there is one, Invalid where the id is none."""
        told = MeteringPointFacts(id=facts) if isinstance(facts, str) else facts
        return self.ask(calls.register_metering_point(told))

    def change_metering_point(self, id: str, facts: MeteringPointFacts, *, version: int | None = None) -> MeteringPoint:
        """Says anew what is told of a metering point: what is left away is told no longer."""
        return self.ask(calls.change_metering_point(id, facts, if_match=tag(version)))

    def deactivate_metering_point(self, id: str, *, version: int | None = None) -> MeteringPoint:
        """Takes a metering point out of service; what is known of it stays. Raises NotFound, Conflict where a meter is there."""
        return self.ask(calls.deactivate_metering_point(id, if_match=tag(version)))

    def exchange(self, metering_point: str, meter: str | None, at: Moment) -> list[Installation]:
        """The meter there changes: the one that is there goes, `meter` comes, or none, until the next change that is known.

        Answers with what changed.
        """
        return self.ask(calls.exchange_meter(metering_point, Exchange(meter=meter, at=moment(at))))

    def installations(
        self,
        metering_point: str,
        *,
        at: Moment | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Installation]:
        """Which meters are and were there; those that hold at an instant with `at`."""
        return self._pages(
            lambda cursor: calls.list_installations(
                metering_point,
                at=moment(at),
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def grid_operators(
        self,
        *,
        status: Status | None = None,
        kind: Literal["transmission", "distribution"] | None = None,
        area: str | None = None,
        sort: Sort | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[GridOperator]:
        """All grid operators that fit, over all pages; those of the German transmission grid are there from the beginning."""
        return self._pages(
            lambda cursor: calls.list_grid_operators(
                status=status,
                kind=kind,
                area=area,
                sort=sort,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def grid_operator(self, id: str, *, as_known_at: Moment | None = None) -> GridOperator:
        """A grid operator, such as `tennet`. Raises NotFound where there is none, or was none then."""
        return self.ask(calls.get_grid_operator(id, as_known_at=moment(as_known_at)))

    def register_grid_operator(self, facts: GridOperatorFacts) -> GridOperator:
        """Registers a grid operator. Raises Conflict where there is one of this id."""
        return self.ask(calls.register_grid_operator(facts))

    def change_grid_operator(self, id: str, facts: GridOperatorFacts, *, version: int | None = None) -> GridOperator:
        """Says anew what is told of a grid operator: what is left away is told no longer, but for its status."""
        return self.ask(calls.change_grid_operator(id, facts, if_match=tag(version)))

    def deactivate_grid_operator(self, id: str, *, version: int | None = None) -> GridOperator:
        """Takes a grid operator out of service; what is known of it stays. Raises NotFound."""
        return self.ask(calls.deactivate_grid_operator(id, if_match=tag(version)))

    def grid_status(self, operator: str) -> list[GridStatus]:
        """What is known last of each quantity of the control area that it runs. Raises NotFound where nobody is called so."""
        return self.ask(calls.get_grid_status(operator)).results

    def stations(
        self,
        *,
        status: Status | None = None,
        near: Circle | None = None,
        sort: Literal["id", "-id"] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Station]:
        """All weather stations that fit, over all pages, each once: registered ones, and those that readings alone tell of.

        With `status`, `near`, `start` or `end` registered ones alone, since of the others nothing of it is known.
        """
        return self._pages(
            lambda cursor: calls.list_stations(
                status=status,
                latitude=near.latitude if near else None,
                longitude=near.longitude if near else None,
                radius_m=near.radius_m if near else None,
                sort=sort,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def station(self, id: str, *, as_known_at: Moment | None = None) -> Station:
        """A weather station. Raises NotFound where nothing tells of it, or told of it then."""
        return self.ask(calls.get_station(id, as_known_at=moment(as_known_at)))

    def register_station(self, facts: StationFacts | str) -> Station:
        """Registers a weather station, by its id or by what is told of it. Raises Conflict where there is one of this id."""
        return self.ask(calls.register_station(StationFacts(id=facts) if isinstance(facts, str) else facts))

    def change_station(self, id: str, facts: StationFacts, *, version: int | None = None) -> Station:
        """Says anew what is told of a registered station: what is left away is told no longer, but for its status."""
        return self.ask(calls.change_station(id, facts, if_match=tag(version)))

    def deactivate_station(self, id: str, *, version: int | None = None) -> Station:
        """Takes a registered station out of service; what is known of it stays. Raises NotFound."""
        return self.ask(calls.deactivate_station(id, if_match=tag(version)))
