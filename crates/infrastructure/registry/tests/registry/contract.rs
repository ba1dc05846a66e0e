//! What every registry keeps to.

use metrify_application::jobs::{Account, Counted, JobKind, JobRecord, JobState};
use metrify_application::ports::Registry;
use metrify_application::registry::{
    AttemptsRecord, Changed, Cursor, Edition, Event, Field, Happened, KeyRecord, Lasting, LogRecord, Near, Registered,
    SessionRecord, Sort, TenantRecord, Thing, ThingKind, UserRecord, Wanted,
};
use metrify_application::{Kind, Tenant};
use metrify_domain::Timestamp;
use metrify_domain::master::{
    Elevation, GridOperator, Installation, Meter, MeteringPoint, OperatorKind, Place, Status, WeatherStation,
};
use metrify_governance::{Grant, Party, Purpose, Role};

fn tenant(name: &str) -> Tenant {
    name.parse().expect("a tenant")
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn meter(id: &str, manufacturer: &str) -> Meter {
    Meter {
        id: id.parse().expect("an id"),
        manufacturer: Some(manufacturer.parse().expect("a label")),
        model: None,
        area: Some("50Hertz".parse().expect("a label")),
        place: None,
        status: Status::Active,
    }
}

fn event(of: &str, after: impl Into<Thing>, version: u64, micros: i64) -> Event {
    let happened = if version == 1 { Happened::Registered } else { Happened::Changed };
    Event { tenant: tenant(of), happened, after: after.into(), version, at: at(micros), by: "user:ann".to_owned() }
}

async fn found<T: Registered>(
    registry: &dyn Registry,
    of: &str,
    id: &str,
    known_at: Option<i64>,
) -> Option<Edition<T>> {
    let known = registry.find(&tenant(of), T::KIND, id, known_at.map(at)).await.expect("an answer")?;
    let Edition { thing, version, known_from, known_until } = known;
    Some(Edition { thing: T::of(thing).expect("its kind"), version, known_from, known_until })
}

async fn ids(registry: &dyn Registry, of: &str, wanted: Wanted) -> Vec<String> {
    let listed = registry.list(&tenant(of), &wanted).await.expect("a list");
    listed.into_iter().map(|known| known.thing.id()).collect()
}

fn all() -> Wanted {
    Wanted::all(ThingKind::Meter, 100)
}

pub async fn holds(registry: &dyn Registry) {
    versions_are_known_since_and_until(registry).await;
    a_version_comes_once_and_in_its_turn(registry).await;
    lists_are_filtered_sorted_and_paged(registry).await;
    a_text_with_a_zero_is_a_mistake_of_who_asks(registry).await;
    everything_comes_back_as_it_was(registry).await;
    operators_are_found_by_their_kind(registry).await;
    stations_are_ordered_by_the_bytes_of_their_ids(registry).await;
    jobs_are_kept(registry).await;
    jobs_are_forgotten_with_all_that_happened_to_them(registry).await;
    no_tenant_sees_another(registry).await;
    grants_are_found_by_what_they_say(registry).await;
    the_tables_are_made_anew_of_the_events(registry).await;
}

async fn versions_are_known_since_and_until(registry: &dyn Registry) {
    registry.append(&[event("one", meter("m1", "EMH"), 1, 10)]).await.expect("registered");
    registry.append(&[event("one", meter("m1", "Iskra"), 2, 20)]).await.expect("changed");
    let makers = async |known_at| {
        let known = found::<Meter>(registry, "one", "m1", known_at).await?;
        Some((known.thing.maker().expect("a maker"), known.version, known.known_until))
    };
    assert_eq!(makers(Some(9)).await, None);
    assert_eq!(makers(Some(10)).await, Some(("EMH".to_owned(), 1, Some(at(20)))));
    assert_eq!(makers(Some(19)).await, Some(("EMH".to_owned(), 1, Some(at(20)))));
    assert_eq!(makers(Some(20)).await, Some(("Iskra".to_owned(), 2, None)));
    assert_eq!(makers(None).await, Some(("Iskra".to_owned(), 2, None)));
}

async fn a_version_comes_once_and_in_its_turn(registry: &dyn Registry) {
    for (version, what) in [(2, "there already"), (1, "there already"), (4, "after one that is not there")] {
        // With another thing in the same transaction: it is not there either.
        let events = [event("one", meter("m-none", "EMH"), 1, 30), event("one", meter("m1", "Elster"), version, 30)];
        let error = registry.append(&events).await.expect_err(what);
        assert_eq!(error.kind(), Kind::Conflict, "{what}: {}", error.chain());
    }
    assert_eq!(found::<Meter>(registry, "one", "m-none", None).await, None);
    assert_eq!(found::<Meter>(registry, "one", "m1", None).await.expect("it").version, 2);
}

async fn lists_are_filtered_sorted_and_paged(registry: &dyn Registry) {
    let mut near_by = meter("m3", "Iskra");
    near_by.place = Place::of_degrees(52.5, 13.4).ok();
    let mut far = meter("m4", "Iskra");
    (far.place, far.status) = (Place::of_degrees(48.1, 11.5).ok(), Status::Inactive);
    let events = [event("one", meter("m2", "EMH"), 1, 15), event("one", near_by, 1, 12), event("one", far, 1, 40)];
    registry.append(&events).await.expect("registered");
    assert_eq!(ids(registry, "one", all()).await, ["m1", "m2", "m3", "m4"]);
    for (sort, expected) in [
        (Sort::IdDown, ["m4", "m3", "m2", "m1"]),
        (Sort::Changed, ["m3", "m2", "m1", "m4"]),
        (Sort::ChangedDown, ["m4", "m1", "m2", "m3"]),
    ] {
        assert_eq!(ids(registry, "one", Wanted { sort, ..all() }).await, expected, "{sort:?}");
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let wanted = Wanted { sort, after, limit: 1, ..all() };
            let page = registry.list(&tenant("one"), &wanted).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = Some(Cursor { known_from: last.known_from, id: last.thing.id() });
            paged.extend(page.iter().map(|known| known.thing.id()));
        }
        assert_eq!(paged, expected, "{sort:?}, a page at a time");
    }
    let equal = |field, value: &str| Wanted { equal: vec![(field, value.to_owned())], ..all() };
    assert_eq!(ids(registry, "one", equal(Field::Manufacturer, "Iskra")).await, ["m1", "m3", "m4"]);
    assert_eq!(ids(registry, "one", equal(Field::Status, "inactive")).await, ["m4"]);
    assert_eq!(ids(registry, "one", equal(Field::Area, "x' OR '1'='1")).await, [""; 0]);
    let near = Some(Near { place: Place::of_degrees(52.4, 13.3).expect("a place"), radius_m: 20_000.0 });
    let of = |named: &[&str]| Wanted { ids: Some(named.iter().map(ToString::to_string).collect()), ..all() };
    assert_eq!(ids(registry, "one", of(&["m3", "nobody", "m1"])).await, ["m1", "m3"]);
    assert_eq!(ids(registry, "one", of(&[])).await, [""; 0]);
    assert_eq!(ids(registry, "one", Wanted { near, ..all() }).await, ["m3"]);
    assert_eq!(ids(registry, "one", Wanted { known_at: Some(at(12)), ..all() }).await, ["m1", "m3"]);
    let changed = |from: Option<i64>, until: Option<i64>, known_at: Option<i64>| {
        let changed = Changed { from: from.map(at), until: until.map(at) };
        ids(registry, "one", Wanted { changed, known_at: known_at.map(at), ..all() })
    };
    assert_eq!(changed(Some(15), Some(40), None).await, ["m1", "m2"]);
    assert_eq!(changed(Some(40), None, None).await, ["m4"]);
    assert_eq!(changed(None, Some(15), None).await, ["m3"]);
    assert_eq!(changed(None, Some(15), Some(19)).await, ["m1", "m3"], "as it was known before it changed once more");
    let error = registry.list(&tenant("one"), &equal(Field::GridOperator, "x")).await.expect_err("no such field");
    assert_eq!(error.kind(), Kind::Invalid);
}

async fn a_text_with_a_zero_is_a_mistake_of_who_asks(registry: &dyn Registry) {
    let after = Some(Cursor { known_from: at(10), id: "m\0".to_owned() });
    let equal = vec![(Field::Manufacturer, "\0".to_owned())];
    for wanted in [Wanted { after, ..all() }, Wanted { equal, ..all() }] {
        let refused = registry.list(&tenant("one"), &wanted).await.expect_err("no text of ours");
        assert_eq!(refused.kind(), Kind::Invalid, "{refused}");
    }
    let refused = registry.find(&tenant("one"), ThingKind::Meter, "m1\0", None).await.expect_err("no id of ours");
    assert_eq!(refused.kind(), Kind::Invalid, "{refused}");
}

fn grant(id: &str, grantee: &str) -> Grant {
    Grant {
        id: id.to_owned(),
        point: "50120962218".parse().expect("a point"),
        grantee: grantee.parse().expect("a grantee"),
        purpose: Purpose::of(&[Party::Consented])[0],
        valid_from: at(-3),
        valid_until: Some(at(66)),
        evidence: "Akte 7/2026, \"Süd\"".parse().expect("a label"),
        status: Status::Active,
    }
}

fn one_of_each() -> Vec<Thing> {
    let log = LogRecord { house: "h1".to_owned() };
    of_people_and_points().into_iter().chain(of_what_came_later()).chain([log.into()]).collect()
}

fn of_people_and_points() -> [Thing; 7] {
    let label = |text: &str| Some(text.parse().expect("a label"));
    [
        TenantRecord {
            name: tenant("one"),
            title: label("Stadtwerk Äußere Höhe, \"Süd\""),
            parties: vec![Party::MeteringOperator, Party::Supplier],
            status: Status::Active,
        }
        .into(),
        KeyRecord {
            id: "0123abcd".to_owned(),
            title: "billing".parse().expect("a label"),
            role: Role::Viewer,
            purposes: Purpose::of(&[Party::Supplier]),
            digest: "d".repeat(64),
            expires_at: Some(at(99)),
            status: Status::Inactive,
        }
        .into(),
        UserRecord {
            name: "ann@example.org".parse().expect("a name"),
            title: label("Ann"),
            role: Role::Analyst,
            purposes: Purpose::of(&[Party::Supplier]),
            digest: "$argon2id$".to_owned(),
            status: Status::Active,
        }
        .into(),
        SessionRecord {
            id: "5e55".to_owned(),
            user: "ann@example.org".parse().expect("a name"),
            user_version: 3,
            digest: "e".repeat(64),
            previous: Some("f".repeat(64)),
            expires_at: at(77),
            status: Status::Active,
        }
        .into(),
        AttemptsRecord { user: "ann@example.org".parse().expect("a name"), failures: 5, locked_until: Some(at(88)) }
            .into(),
        MeteringPoint {
            id: "50120962218".parse().expect("an id"),
            area: label("TenneT"),
            grid_operator: label("9903100000006"),
            postcode: label("10115"),
            town: label("Berlin"),
            place: Place::of_degrees(-52.123_456, 179.999_999).ok(),
            status: Status::Inactive,
        }
        .into(),
        Installation {
            meter: "m1".parse().expect("an id"),
            metering_point: "50120962218".parse().expect("an id"),
            from: at(-5),
            until: Some(at(7)),
        }
        .into(),
    ]
}

fn of_what_came_later() -> [Thing; 4] {
    let label = |text: &str| Some(text.parse().expect("a label"));
    [
        grant("9a47", "user:ann@example.org").into(),
        GridOperator {
            id: "stadtwerk-sued".parse().expect("an id"),
            name: "Stadtwerk Äußere Höhe Netz".parse().expect("a label"),
            kind: OperatorKind::Distribution,
            partner: "9905048000007".parse().ok(),
            area: label("TenneT"),
            eic: "10YDE-EON------1".parse().ok(),
            status: Status::Inactive,
        }
        .into(),
        WeatherStation {
            id: "Höhe 7".parse().expect("an id"),
            name: label("Zugspitze"),
            place: Place::of_degrees(47.421_1, 10.984_7).ok(),
            elevation: Elevation::of_metres(2_964.25).ok(),
            operator: label("dwd"),
            status: Status::Active,
        }
        .into(),
        JobRecord { error: Some("land: \"no\" room".to_owned()), ..job("j0", JobKind::Export, JobState::Failed) }
            .into(),
    ]
}

fn station(id: &str) -> WeatherStation {
    WeatherStation {
        id: id.parse().expect("an id"),
        name: None,
        place: None,
        elevation: None,
        operator: None,
        status: Status::Active,
    }
}

/// Their list is merged with one that is ordered so: a server that sorts as a dictionary does would lose some of it.
async fn stations_are_ordered_by_the_bytes_of_their_ids(registry: &dyn Registry) {
    let ordered = ["10315", "A-1", "AB", "P0036", "a-1", "ab", "p0035", "ä"];
    let events = ordered.iter().rev().map(|id| event("three", station(id), 1, 80));
    registry.append(&events.collect::<Vec<_>>()).await.expect("registered");
    let wanted = |sort, after: Option<&str>| Wanted {
        sort,
        after: after.map(|id| Cursor { known_from: at(0), id: id.to_owned() }),
        ..Wanted::all(ThingKind::WeatherStation, 100)
    };
    assert_eq!(ids(registry, "three", wanted(Sort::Id, None)).await, ordered);
    for (place, id) in ordered.iter().enumerate() {
        assert_eq!(ids(registry, "three", wanted(Sort::Id, Some(id))).await, ordered[place + 1..], "behind {id}");
        let before: Vec<&str> = ordered[..place].iter().rev().copied().collect();
        assert_eq!(ids(registry, "three", wanted(Sort::IdDown, Some(id))).await, before, "before {id}");
    }
}

async fn operators_are_found_by_their_kind(registry: &dyn Registry) {
    let of =
        |kind: &str| Wanted { equal: vec![(Field::Kind, kind.to_owned())], ..Wanted::all(ThingKind::GridOperator, 10) };
    assert_eq!(ids(registry, "one", of("distribution")).await, ["stadtwerk-sued"]);
    assert_eq!(ids(registry, "one", of("transmission")).await, [""; 0]);
}

fn job(id: &str, kind: JobKind, state: JobState) -> JobRecord {
    JobRecord {
        id: id.to_owned(),
        kind,
        by: "key:7f3a".to_owned(),
        house: "h1".to_owned(),
        state,
        started_at: at(5),
        ended_at: (state != JobState::Running).then(|| at(6)),
        account: Account::from([(Counted::Rows, u64::MAX), (Counted::Lost, 0)]),
        error: None,
    }
}

/// Each is known as it began and as it ended, and found by what it does, how it stands, who started it, and whose process does it.
pub async fn jobs_are_kept(registry: &dyn Registry) {
    let began = job("j1", JobKind::ReplayRejects, JobState::Running);
    let other = JobRecord { house: "h2".to_owned(), ..job("j2", JobKind::ReplayRejects, JobState::Running) };
    let ended = job("j1", JobKind::ReplayRejects, JobState::Done);
    for (job, version, micros) in [(began, 1, 5), (other, 1, 5), (ended, 2, 6)] {
        registry.append(&[event("jobs", job, version, micros)]).await.expect("noted");
    }
    let state = async |known_at| {
        let known = found::<JobRecord>(registry, "jobs", "j1", known_at).await?;
        Some((known.thing.state, known.thing.ended_at, known.thing.account.get(Counted::Rows)))
    };
    assert_eq!(state(Some(4)).await, None);
    assert_eq!(state(Some(5)).await, Some((JobState::Running, None, u64::MAX)));
    assert_eq!(state(None).await, Some((JobState::Done, Some(at(6)), u64::MAX)));
    let all = || Wanted::all(ThingKind::Job, 10);
    let of = async |field, value: &str, known_at| {
        let wanted = Wanted { equal: vec![(field, value.to_owned())], known_at, ..all() };
        ids(registry, "jobs", wanted).await.join(" ")
    };
    assert_eq!(of(Field::State, "running", None).await, "j2");
    assert_eq!(of(Field::State, "running", Some(at(5))).await, "j1 j2");
    assert_eq!(of(Field::Kind, "replay_rejects", None).await, "j1 j2");
    assert_eq!(of(Field::Kind, "export", None).await, "");
    assert_eq!(of(Field::By, "key:7f3a", None).await, "j1 j2");
    assert_eq!(of(Field::House, "h2", None).await, "j2");
}

async fn jobs_are_forgotten_with_all_that_happened_to_them(registry: &dyn Registry) {
    let forget = async |of: &str, ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        registry.forget_jobs(&tenant(of), &ids).await.expect("forgotten");
    };
    let kept = async |known_at: Option<i64>| {
        let wanted = Wanted { known_at: known_at.map(at), ..Wanted::all(ThingKind::Job, 10) };
        ids(registry, "jobs", wanted).await.join(" ")
    };
    forget("other", &["j1", "j2"]).await;
    forget("jobs", &[]).await;
    assert_eq!((kept(Some(5)).await, kept(None).await), ("j1 j2".to_owned(), "j1 j2".to_owned()));
    forget("jobs", &["j1", "j7"]).await;
    assert_eq!((kept(Some(5)).await, kept(None).await), ("j2".to_owned(), "j2".to_owned()));
    registry.rebuild().await.expect("made anew");
    assert_eq!(kept(Some(5)).await, "j2", "nor do the events know of it");
}

pub async fn is_registered(registry: &dyn Registry) {
    registry.append(&[event("one", meter("m1", "EMH"), 1, 10)]).await.expect("registered");
}

pub async fn is_registered_still(registry: &dyn Registry) {
    assert_eq!(ids(registry, "one", all()).await, ["m1"]);
}

async fn everything_comes_back_as_it_was(registry: &dyn Registry) {
    for thing in one_of_each() {
        let (kind, id) = (thing.kind(), thing.id());
        registry.append(&[event("one", thing.clone(), 1, 50)]).await.expect("registered");
        let known = registry.find(&tenant("one"), kind, &id, None).await.expect("an answer");
        assert_eq!(known.map(|known| known.thing), Some(thing), "{id}");
    }
    let (of, key) = registry.key("0123abcd").await.expect("an answer").expect("the key");
    assert_eq!((of, key.thing.role), (tenant("one"), Role::Viewer));
    assert_eq!(registry.key("none").await.expect("an answer"), None);
    let of = |user: &str| Wanted {
        equal: vec![(Field::User, user.to_owned()), (Field::Status, "active".to_owned())],
        ..Wanted::all(ThingKind::Session, 10)
    };
    assert_eq!(ids(registry, "one", of("ann@example.org")).await, ["5e55"]);
    assert_eq!(ids(registry, "one", of("ben")).await, [""; 0]);
    let holders = |kind, role: &str, status: &str| Wanted {
        equal: vec![(Field::Role, role.to_owned()), (Field::Status, status.to_owned())],
        ..Wanted::all(kind, 10)
    };
    assert_eq!(ids(registry, "one", holders(ThingKind::Key, "viewer", "inactive")).await, ["0123abcd"]);
    assert_eq!(ids(registry, "one", holders(ThingKind::User, "analyst", "active")).await, ["ann@example.org"]);
    assert_eq!(ids(registry, "one", holders(ThingKind::Key, "viewer", "active")).await, [""; 0]);
    assert_eq!(ids(registry, "one", holders(ThingKind::User, "admin", "active")).await, [""; 0]);
    let lasting = |lasting| Wanted { lasting: Some(lasting), ..Wanted::all(ThingKind::Key, 10) };
    for (instant, beyond, over) in [(98, 1, 0), (99, 0, 1), (100, 0, 1)] {
        assert_eq!(ids(registry, "one", lasting(Lasting::Beyond(at(instant)))).await.len(), beyond, "{instant}");
        assert_eq!(ids(registry, "one", lasting(Lasting::NotBeyond(at(instant)))).await.len(), over, "{instant}");
    }
    let holding = |instant| Wanted { holds_at: Some(at(instant)), ..Wanted::all(ThingKind::Installation, 10) };
    for (instant, there) in [(-6, 0), (-5, 1), (6, 1), (7, 0)] {
        assert_eq!(ids(registry, "one", holding(instant)).await.len(), there, "{instant}");
    }
}

async fn grants_are_found_by_what_they_say(registry: &dyn Registry) {
    let withdrawn = Grant { status: Status::Inactive, valid_until: None, ..grant("9a48", "tenant") };
    registry.append(&[event("one", grant("9a48", "tenant"), 1, 51)]).await.expect("registered");
    registry.append(&[event("one", withdrawn, 2, 52)]).await.expect("withdrawn");
    registry.append(&[event("two", grant("9a47", "tenant"), 1, 51)]).await.expect("registered");
    let of = |field, value: &str| Wanted {
        equal: vec![(Field::Point, "50120962218".to_owned()), (field, value.to_owned())],
        ..Wanted::all(ThingKind::Grant, 10)
    };
    assert_eq!(ids(registry, "one", of(Field::Status, "active")).await, ["9a47"]);
    assert_eq!(
        ids(registry, "one", Wanted { known_at: Some(at(51)), ..of(Field::Status, "active") }).await,
        ["9a47", "9a48"]
    );
    assert_eq!(ids(registry, "one", of(Field::Grantee, "tenant")).await, ["9a48"]);
    assert_eq!(ids(registry, "one", of(Field::Purpose, "consent")).await, ["9a47", "9a48"]);
    assert_eq!(ids(registry, "one", of(Field::Point, "51481308448")).await, [""; 0]);
    assert_eq!(ids(registry, "two", of(Field::Status, "active")).await, ["9a47"]);
}

async fn no_tenant_sees_another(registry: &dyn Registry) {
    registry.append(&[event("two", meter("m1", "Other"), 1, 60)]).await.expect("registered");
    assert_eq!(ids(registry, "two", all()).await, ["m1"]);
    assert_eq!(found::<Meter>(registry, "two", "m2", None).await, None);
    let other = found::<Meter>(registry, "two", "m1", None).await.expect("its own");
    assert_eq!(other.thing.maker().as_deref(), Some("Other"));
    let record = TenantRecord { name: tenant("two"), title: None, parties: Vec::new(), status: Status::Active };
    registry.append(&[event("two", record, 1, 61)]).await.expect("registered");
    assert_eq!(registry.tenants().await.expect("tenants"), [tenant("one"), tenant("two")]);
    let both = [event("one", meter("m8", "EMH"), 1, 70), event("two", meter("m8", "EMH"), 1, 70)];
    assert_eq!(registry.append(&both).await.expect_err("two tenants at once").kind(), Kind::Internal);
}

async fn the_tables_are_made_anew_of_the_events(registry: &dyn Registry) {
    let mut before = Vec::new();
    for kind in ThingKind::ALL {
        for known_at in [Some(at(12)), Some(at(45)), None] {
            let wanted = Wanted { known_at, ..Wanted::all(kind, 100) };
            before.push(registry.list(&tenant("one"), &wanted).await.expect("a list"));
        }
    }
    assert_eq!(registry.rebuild().await.expect("made anew"), 31);
    let mut after = Vec::new();
    for kind in ThingKind::ALL {
        for known_at in [Some(at(12)), Some(at(45)), None] {
            let wanted = Wanted { known_at, ..Wanted::all(kind, 100) };
            after.push(registry.list(&tenant("one"), &wanted).await.expect("a list"));
        }
    }
    assert_eq!(before, after);
}

pub async fn is_still_there(registry: &dyn Registry) {
    assert_eq!(ids(registry, "one", all()).await, ["m1", "m2", "m3", "m4"]);
    assert_eq!(ids(registry, "two", all()).await, ["m1"]);
}

/// Several processes change one thing at the same time.
pub async fn only_one_of_many_wins(one: &dyn Registry, other: &dyn Registry) {
    for version in 3..20 {
        let mine = [event("one", meter("m1", "mine"), version, 100)];
        let theirs = [event("one", meter("m1", "theirs"), version, 100)];
        let (first, second) = futures::join!(one.append(&mine), other.append(&theirs));
        let conflicts = [first, second].into_iter().filter_map(Result::err).map(|error| error.kind());
        assert_eq!(conflicts.collect::<Vec<_>>(), [Kind::Conflict], "version {version}");
    }
}
