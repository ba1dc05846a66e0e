"""Keys open what their role and purpose allow; everything stands in the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from metrify import Denied, Invalid, Metrify, NotFound, Unidentified, people
from metrify.core import calls, types

from .conftest import Server


def test_a_key_opens_until_it_is_taken_back(m: Metrify, server: Server) -> None:
    issued = m.create_key("of a test", "viewer", purposes=["metering"])
    assert issued.key not in repr(issued)
    with Metrify(server.url, issued.key, "metering") as viewer:
        assert viewer.readings("NOBODY").empty
        with pytest.raises(Denied) as told:
            viewer.create_key("another", "admin")
        assert (told.value.kind, told.value.status) == ("denied", 403)
        assert not isinstance(told.value, Unidentified)
        assert m.revoke_key(issued.id).status == "inactive"
        with pytest.raises(Unidentified) as unknown:
            viewer.readings("NOBODY")
        assert unknown.value.status == 401
    assert issued.id in [it.id for it in m.keys()]  # noqa: SIM118 - a list of keys
    assert issued.id in [it.id for it in m.keys(status="inactive", role="viewer")]
    assert issued.id not in [it.id for it in m.keys(status="active")]
    assert list(m.keys(as_known_at="2020-01-01")) == []
    for earlier in (m.keys(end="2020-01-01"), m.users(end="2020-01-01"), m.tenants(end="2020-01-01")):
        assert list(earlier) == []
    assert issued.id in [it.id for it in m.keys(start="2020-01-01")]
    with pytest.raises(NotFound):
        m.revoke_key("nothing")


def test_people_are_made_and_log_in(m: Metrify, server: Server) -> None:
    new = types.NewUser(name="ann", password="correct horse battery staple", role="viewer")  # noqa: S106 - of a test
    assert "horse" not in repr(new)
    assert m.create_user(new.name, new.password, new.role, title="Ann").title == "Ann"
    assert [it.name for it in m.users()] == ["ann"]
    opened = m.ask(calls.log_in(types.Login(user="ann", password=new.password)))
    assert opened.access_token not in repr(opened)
    with Metrify(server.url, opened.access_token) as ann:
        assert ann.readings("NOBODY").empty
        with pytest.raises(Denied):
            list(ann.users())
        assert ann.ask(calls.log_out(types.Renewal(refresh_token=opened.refresh_token))) is None
        with pytest.raises(Unidentified):
            ann.readings("NOBODY")
    known = m.user("ann")
    changed = m.change_user("ann", types.UserChange(role="viewer", status="inactive"), version=known.version)
    assert changed.status == "inactive"
    with pytest.raises(Unidentified):
        m.ask(calls.log_in(types.Login(user="ann", password=new.password)))


def test_a_purpose_is_one_of_the_law(server: Server) -> None:
    with Metrify(server.url, server.key, purpose="curiosity") as m, pytest.raises(Invalid, match="not a purpose"):
        m.readings("NOBODY")


def test_tenants_have_data_of_their_own(m: Metrify, server: Server, new_point: Callable[[], str]) -> None:
    assert m.create_tenant("stadtwerk", ["metering_operator"]).name == "stadtwerk"
    assert {it.name for it in m.tenants()} >= {"stadtwerk"}
    point = new_point()
    m.register_meter(point)
    issued = m.create_key("of stadtwerk", "operator", tenant="stadtwerk")
    with Metrify(server.url, issued.key) as other, pytest.raises(NotFound):
        other.meter(point)


def test_a_point_is_told_by_consent_while_a_grant_covers_it(m: Metrify, server: Server, new_point: Callable[[], str]) -> None:
    m.create_tenant("adviser", ["consented"])
    point = new_point()
    with Metrify(server.url, m.create_key("of an adviser", "admin", tenant="adviser").key) as adviser:
        with pytest.raises(Denied, match="no grant"):
            adviser.readings(point)
        grant = adviser.create_grant(point, "file 2026/7", valid_until="2090-01-01")
        assert (grant.grantee, grant.purpose, grant.status) == ("tenant", "consent", "active")
        assert adviser.readings(point).empty
        assert [it.id for it in adviser.grants(point=point, active=True)] == [grant.id]
        assert adviser.withdraw_grant(grant.id, version=grant.version).status == "inactive"
        assert [it.id for it in adviser.grants(point=point, active=True)] == []
        assert [it.status for it in adviser.grants(as_known_at=grant.known_from)] == ["active"]
        with pytest.raises(Denied, match="no grant"):
            adviser.readings(point)
    with pytest.raises(Invalid, match="consented"):
        m.create_grant(point, "file 2026/7")


def test_uses_stand_in_the_log(m: Metrify, new_point: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    point = new_point()
    m.register_meter(point)
    m.readings(point)
    monkeypatch.setattr(people, "PAGE", 1)
    # What touched all at once is among them, and asking for them is one more use of the point.
    entries = [it for it in m.audit(subject=point, start="2020-01-01") if it.subject == point and it.resource != "audit"]
    told = [(it.action, it.resource, it.outcome) for it in entries]
    # What changes something is told before it begins, too.
    assert told == [("register", "meters", "begun"), ("register", "meters", "done"), ("read", "readings", "done")]
    numbers = [it.number for it in m.audit(end=datetime.now(timezone.utc))]
    assert numbers == list(range(1, len(numbers) + 1))
    newest = next(iter(m.audit(action="read", resource="audit", outcome="done", newest_first=True)))
    assert newest.number > max(numbers)
    log = m.verify_audit()
    assert (log.whole, log.broken, log.entries > 2) == (True, None, True)


def test_analytics_are_rows(m: Metrify, new_point: Callable[[], str]) -> None:
    span = ("2025-06-01", "2025-06-02")
    period = {"period_start": "2025-06-01T10:00:00Z", "period_end": "2025-06-01T10:15:00Z"}
    point = new_point()
    m.bring(point, [{"quantity": "1-0:1.29.0", "value": "0.25", **period}])
    assert m.analytics.overview().readings > 0
    assert [str(it.total) for it in m.analytics.energy_consumption(*span)] == ["0.25"]
    assert [(it.quality, it.readings) for it in m.analytics.data_quality(*span)] == [("true", 1)]
    assert m.analytics.anomalies("2019-01-01", "2019-01-02") == []
    assert m.analytics.daily_report("2025-06-01").readings == 1
    assert m.analytics.weather_impact(*span) == []
    assert m.analytics.of_meter(point, "24h") == []


def test_what_has_no_method_is_asked_all_the_same(m: Metrify) -> None:
    assert {it.id for it in m.ask(calls.list_grid_operators()).results} >= {"tennet", "amprion"}
    assert b"columns" in m.ask(calls.query(types.SqlRequest(query="select 1 as one")))
    text = m.ask(calls.get_meter_readings("NOBODY", accept="text/csv"))
    assert text.startswith(b"quantity,kind,period_start") or text == b""
