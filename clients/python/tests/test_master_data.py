"""Meters and metering points: registered, found over all pages, changed, and known as they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from metrify import (
    Circle,
    Conflict,
    GridOperatorFacts,
    Invalid,
    MeterFacts,
    MeteringPointFacts,
    Metrify,
    NotFound,
    StationFacts,
    master_data,
)

UTC = timezone.utc


def test_a_meter_is_known_as_it_was(m: Metrify, new_point: Callable[[], str]) -> None:
    id = new_point()
    meter = m.register_meter(MeterFacts(id=id, manufacturer="EMH", latitude=52.5, longitude=13.4))
    assert (meter.version, meter.medium, meter.latitude) == (1, "electricity", 52.5)
    then = datetime.now(UTC)
    time.sleep(0.01)
    changed = m.change_meter(id, MeterFacts(manufacturer="EMH metering"), version=1)
    assert (changed.version, changed.latitude) == (2, None)
    assert m.meter(id, as_known_at=then).manufacturer == "EMH"
    with pytest.raises(Conflict):
        m.change_meter(id, MeterFacts(), version=1)
    assert m.deactivate_meter(id, version=2).status == "inactive"
    assert id in {it.id for it in m.meters(status="inactive")}
    since = m.meter(id).known_from
    assert id in {it.id for it in m.meters(start=since)}
    assert id not in {it.id for it in m.meters(end=since)}
    with pytest.raises(NotFound):
        m.meter(id, as_known_at="2020-01-01")


def test_a_meter_is_registered_once(m: Metrify, new_point: Callable[[], str]) -> None:
    id = new_point()
    m.register_meter(id)
    with pytest.raises(Conflict) as told:
        m.register_meter(id)
    assert (told.value.kind, told.value.status) == ("conflict", 409)
    with pytest.raises(NotFound, match="find the meter `nobody`"):
        m.meter("nobody")


def test_lists_go_over_all_pages(m: Metrify, new_point: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [new_point() for _ in range(7)]
    for id in ids:
        m.register_meter(MeterFacts(id=id, area=f"area of {ids[0]}"))
    for page in (1, 2, 7, 8):
        monkeypatch.setattr(master_data, "PAGE", page)
        assert [it.id for it in m.meters(area=f"area of {ids[0]}")] == sorted(ids)
    assert [it.id for it in m.meters(area=f"area of {ids[0]}", sort="-changed")] == ids[::-1]


def test_who_is_near(m: Metrify, new_point: Callable[[], str]) -> None:
    id = new_point()
    m.register_meter(MeterFacts(id=id, latitude=-10.0, longitude=20.0))
    assert [it.id for it in m.meters(near=Circle(-10.001, 20.0, radius_m=200))] == [id]
    assert not list(m.meters(near=Circle(-10.1, 20.0, radius_m=200)))
    with pytest.raises(Invalid):
        list(m.meters(near=Circle(0, 0, radius_m=-1)))


def test_a_meter_is_exchanged(m: Metrify, new_point: Callable[[], str]) -> None:
    place, old, new = "41373559241", new_point(), new_point()
    point = m.register_metering_point(MeteringPointFacts(id=place, town="Berlin"))
    assert (point.kind, m.metering_point(place).town) == ("market_location", "Berlin")
    for id in (old, new):
        m.register_meter(id)
    m.exchange(place, old, "2026-01-01")
    changed = m.exchange(place, new, datetime(2026, 2, 1, tzinfo=UTC))
    assert {it.meter for it in changed} == {old, new}
    assert [it.meter for it in m.installations(place, at="2026-01-15")] == [old]
    assert {it.meter for it in m.installations(place)} == {old, new}
    before = m.metering_point(place).version
    assert m.change_metering_point(place, MeteringPointFacts(town="Potsdam")).version == before + 1
    assert place in {it.id for it in m.metering_points(status="active")}
    with pytest.raises(Invalid):
        m.register_metering_point("41373559242")


def test_grid_operators_are_known_as_they_were(m: Metrify, monkeypatch: pytest.MonkeyPatch) -> None:
    told = GridOperatorFacts(id="stadtwerk", name="Stadtwerk", kind="distribution", market_partner_id="9905048000007")
    registered = m.register_grid_operator(told)
    assert (registered.version, registered.status) == (1, "active")
    changed = m.change_grid_operator("stadtwerk", GridOperatorFacts(name="Netz", kind="distribution"), version=1)
    assert (changed.version, changed.market_partner_id) == (2, None)
    assert m.grid_operator("stadtwerk", as_known_at=registered.known_from).name == "Stadtwerk"
    with pytest.raises(Conflict):
        m.deactivate_grid_operator("stadtwerk", version=1)
    assert m.deactivate_grid_operator("stadtwerk", version=2).status == "inactive"
    monkeypatch.setattr(master_data, "PAGE", 2)
    assert [it.id for it in m.grid_operators(kind="transmission")] == ["50hertz", "amprion", "tennet", "transnetbw"]
    assert [it.id for it in m.grid_operators(status="inactive")] == ["stadtwerk"]
    assert m.grid_status("transnetbw") == []
    with pytest.raises(NotFound):
        m.grid_status("nobody")


def test_stations_are_registered_or_told_of(m: Metrify, monkeypatch: pytest.MonkeyPatch) -> None:
    for id in ("S-1", "S-3"):
        m.bring(id, [{"quantity": "air_temperature", "at": "2026-01-01T00:00:00Z", "value": 1}])
    station = m.register_station(StationFacts(id="S-2", latitude=-20.0, longitude=20.0, elevation_m=47.8, operator="dwd"))
    assert (station.registered, station.version, station.elevation_m) == (True, 1, 47.8)
    monkeypatch.setattr(master_data, "PAGE", 1)
    assert [(it.id, it.registered) for it in m.stations()] == [("S-1", False), ("S-2", True), ("S-3", False)]
    assert [it.id for it in m.stations(sort="-id")] == ["S-3", "S-2", "S-1"]
    assert [it.id for it in m.stations(near=Circle(-20.001, 20.0, radius_m=200))] == ["S-2"]
    assert (m.station("S-1").version, m.station("S-1").registered) == (None, False)
    m.register_station("S-3")
    assert m.change_station("S-3", StationFacts(name="third"), version=1).name == "third"
    assert m.deactivate_station("S-3").status == "inactive"
    assert [it.id for it in m.stations(status="inactive")] == ["S-3"]
    with pytest.raises(NotFound):
        m.change_station("S-1", StationFacts())
