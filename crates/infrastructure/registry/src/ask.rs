//! Things out: one of them, a list, or all that happened to one.

use metrify_application::registry::{Cursor, Edition, Field, Lasting, Near, Sort, Thing, ThingKind, Wanted};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, DatabaseExecutor, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::append::column;
use crate::tables::{
    Table, attempts, grant, grid_operator, installation, job, key, known, log, meter, metering_point, session, tenant,
    user, weather_station,
};
use crate::{DatabaseRegistry, Scope, corrupt, failed};

const STEP: &str = "read the registry";

impl DatabaseRegistry {
    /// Reads by one statement that sees the rows of a scope. On PostgreSQL that takes a transaction, which tells the wall whose they
    /// are; on SQLite a statement is as good alone, and a transaction would be two statements more.
    async fn reading<T>(
        &self,
        scope: Scope<'_>,
        read: impl AsyncFnOnce(&DatabaseExecutor<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.database.get_database_backend() != DbBackend::Postgres {
            return read(&DatabaseExecutor::from(&self.database)).await;
        }
        let transaction = self.begin(scope, STEP).await?;
        let found = read(&DatabaseExecutor::from(&transaction)).await?;
        transaction.commit().await.map_err(|error| failed(STEP, error))?;
        Ok(found)
    }

    pub(crate) async fn find_thing(
        &self,
        tenant: &Tenant,
        kind: ThingKind,
        id: &str,
        known_at: Option<Timestamp>,
    ) -> Result<Option<Edition<Thing>>> {
        has_no_zero(id)?;
        self.reading(Scope::Of(tenant), async |database| {
            let of = One { database, tenant, id, known_at };
            match kind {
                ThingKind::Tenant => one::<tenant::Entity>(of).await,
                ThingKind::Key => one::<key::Entity>(of).await,
                ThingKind::User => one::<user::Entity>(of).await,
                ThingKind::Session => one::<session::Entity>(of).await,
                ThingKind::Attempts => one::<attempts::Entity>(of).await,
                ThingKind::MeteringPoint => one::<metering_point::Entity>(of).await,
                ThingKind::Meter => one::<meter::Entity>(of).await,
                ThingKind::Installation => one::<installation::Entity>(of).await,
                ThingKind::Grant => one::<grant::Entity>(of).await,
                ThingKind::GridOperator => one::<grid_operator::Entity>(of).await,
                ThingKind::WeatherStation => one::<weather_station::Entity>(of).await,
                ThingKind::Job => one::<job::Entity>(of).await,
                ThingKind::Log => one::<log::Entity>(of).await,
            }
        })
        .await
    }

    pub(crate) async fn list_things(&self, tenant: &Tenant, wanted: &Wanted) -> Result<Vec<Edition<Thing>>> {
        let equal = wanted.equal.iter().map(|(_, value)| value);
        let ids = wanted.ids.iter().flatten();
        equal.chain(ids).chain(wanted.after.iter().map(|after| &after.id)).try_for_each(|text| has_no_zero(text))?;
        self.reading(Scope::Of(tenant), async |database| match wanted.kind {
            ThingKind::Tenant => several::<tenant::Entity>(database, tenant, wanted).await,
            ThingKind::Key => several::<key::Entity>(database, tenant, wanted).await,
            ThingKind::User => several::<user::Entity>(database, tenant, wanted).await,
            ThingKind::Session => several::<session::Entity>(database, tenant, wanted).await,
            ThingKind::Attempts => several::<attempts::Entity>(database, tenant, wanted).await,
            ThingKind::MeteringPoint => several::<metering_point::Entity>(database, tenant, wanted).await,
            ThingKind::Meter => several::<meter::Entity>(database, tenant, wanted).await,
            ThingKind::Installation => several::<installation::Entity>(database, tenant, wanted).await,
            ThingKind::Grant => several::<grant::Entity>(database, tenant, wanted).await,
            ThingKind::GridOperator => several::<grid_operator::Entity>(database, tenant, wanted).await,
            ThingKind::WeatherStation => several::<weather_station::Entity>(database, tenant, wanted).await,
            ThingKind::Job => several::<job::Entity>(database, tenant, wanted).await,
            ThingKind::Log => several::<log::Entity>(database, tenant, wanted).await,
        })
        .await
    }

    pub(crate) async fn find_key(&self, id: &str) -> Result<Option<(Tenant, Edition<Thing>)>> {
        let query = key::Entity::find().filter(key::Column::Id.eq(id)).filter(key::Column::KnownUntil.is_null());
        let row =
            self.reading(Scope::All, async |database| query.one(database).await.map_err(|error| failed(STEP, error)));
        let row = row.await?;
        let Some(row) = row else { return Ok(None) };
        let tenant = row.tenant.parse().map_err(|error| corrupt(STEP, error))?;
        Ok(Some((tenant, known::<key::Entity>(row)?)))
    }

    pub(crate) async fn all_tenants(&self) -> Result<Vec<Tenant>> {
        let query = tenant::Entity::find().filter(tenant::Column::KnownUntil.is_null());
        let query = query.order_by_asc(tenant::Column::Id);
        let rows =
            self.reading(Scope::All, async |database| query.all(database).await.map_err(|error| failed(STEP, error)));
        let rows = rows.await?;
        rows.into_iter().map(|row| row.id.parse().map_err(|error| corrupt(STEP, error))).collect()
    }
}

/// PostgreSQL takes no text with a zero, and would say that it is at fault itself; what SQLite finds by one is nothing.
fn has_no_zero(text: &str) -> Result<()> {
    let error = || Error::new(Kind::Invalid, format!("{STEP}: what is asked for has a zero in its text"));
    if text.contains('\0') { Err(error()) } else { Ok(()) }
}

#[derive(Clone, Copy)]
struct One<'o> {
    database: &'o DatabaseExecutor<'o>,
    tenant: &'o Tenant,
    id: &'o str,
    known_at: Option<Timestamp>,
}

async fn one<T: Table>(of: One<'_>) -> Result<Option<Edition<Thing>>> {
    let query = as_known::<T>(of.tenant, of.known_at)?.filter(column::<T>("id")?.eq(of.id));
    let row = query.one(of.database).await.map_err(|error| failed(STEP, error))?;
    row.map(known::<T>).transpose()
}

/// What is known, or was known then.
fn as_known<T: Table>(tenant: &Tenant, known_at: Option<Timestamp>) -> Result<Select<T>> {
    let query = T::find().filter(column::<T>("tenant")?.eq(tenant.as_str()));
    let (from, until) = (column::<T>("known_from")?, column::<T>("known_until")?);
    Ok(match known_at.map(Timestamp::micros) {
        None => query.filter(until.is_null()),
        Some(then) => query.filter(from.lte(then)).filter(Condition::any().add(until.is_null()).add(until.gt(then))),
    })
}

async fn several<T: Table>(
    database: &DatabaseExecutor<'_>,
    tenant: &Tenant,
    wanted: &Wanted,
) -> Result<Vec<Edition<Thing>>> {
    let mut query = as_known::<T>(tenant, wanted.known_at)?;
    if let Some(ids) = &wanted.ids {
        query = query.filter(column::<T>("id")?.is_in(ids.iter().map(String::as_str)));
    }
    for (field, value) in &wanted.equal {
        query = query.filter(column::<T>(name_of(*field))?.eq(value.as_str()));
    }
    if let Some(lasting) = wanted.lasting {
        let end = column::<T>("expires_at")?;
        query = query.filter(match lasting {
            Lasting::Beyond(at) => Condition::any().add(end.is_null()).add(end.gt(at.micros())),
            Lasting::NotBeyond(at) => Condition::all().add(end.lte(at.micros())),
        });
    }
    if let Some(near) = wanted.near {
        query = query.filter(around::<T>(near)?);
    }
    if let Some(at) = wanted.holds_at.map(Timestamp::micros) {
        let (from, until) = (column::<T>("valid_from")?, column::<T>("valid_until")?);
        let not_ended = Condition::any().add(until.is_null()).add(until.gt(at));
        query = query.filter(from.lte(at)).filter(not_ended);
    }
    let known_from = column::<T>("known_from")?;
    if let Some(from) = wanted.changed.from {
        query = query.filter(known_from.gte(from.micros()));
    }
    if let Some(until) = wanted.changed.until {
        query = query.filter(known_from.lt(until.micros()));
    }
    if let Some(cursor) = &wanted.after {
        query = query.filter(behind::<T>(wanted.sort, cursor)?);
    }
    let rows = sorted::<T>(query, wanted.sort)?.limit(wanted.limit).all(database).await;
    rows.map_err(|error| failed(STEP, error))?.into_iter().map(known::<T>).collect()
}

const fn name_of(field: Field) -> &'static str {
    match field {
        Field::Status => "status",
        Field::Role => "role",
        Field::User => "user_name",
        Field::Manufacturer => "manufacturer",
        Field::Model => "model",
        Field::Area => "area",
        Field::GridOperator => "grid_operator",
        Field::Meter => "meter",
        Field::MeteringPoint => "metering_point",
        Field::Point => "point",
        Field::Grantee => "grantee",
        Field::Purpose => "purpose",
        Field::Kind => "kind",
        Field::State => "state",
        Field::By => "by",
        Field::House => "house",
    }
}

/// The corners around a circle: what lies in them and not in it, the use case leaves out.
fn around<T: Table>(near: Near) -> Result<Condition> {
    let (low, high) = near.place.around(near.radius_m);
    let ((south, west), (north, east)) = (low.millionths(), high.millionths());
    let (latitude, longitude) = (column::<T>("latitude")?, column::<T>("longitude")?);
    Ok(Condition::all().add(latitude.between(south, north)).add(longitude.between(west, east)))
}

fn behind<T: Table>(sort: Sort, Cursor { known_from, id }: &Cursor) -> Result<Condition> {
    let (changed, own) = (column::<T>("known_from")?, column::<T>("id")?);
    let at = known_from.micros();
    let (later, higher) = (changed.gt(at), own.gt(id.as_str()));
    let (earlier, lower) = (changed.lt(at), own.lt(id.as_str()));
    let same = changed.eq(at);
    Ok(match sort {
        Sort::Id => Condition::all().add(higher),
        Sort::IdDown => Condition::all().add(lower),
        Sort::Changed => Condition::any().add(later).add(Condition::all().add(same).add(higher)),
        Sort::ChangedDown => Condition::any().add(earlier).add(Condition::all().add(same).add(lower)),
    })
}

fn sorted<T: Table>(query: Select<T>, sort: Sort) -> Result<Select<T>> {
    let (changed, own) = (column::<T>("known_from")?, column::<T>("id")?);
    Ok(match sort {
        Sort::Id => query.order_by_asc(own),
        Sort::IdDown => query.order_by_desc(own),
        Sort::Changed => query.order_by_asc(changed).order_by_asc(own),
        Sort::ChangedDown => query.order_by_desc(changed).order_by_desc(own),
    })
}
