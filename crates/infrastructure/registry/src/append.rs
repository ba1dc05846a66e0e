//! Events in, and the tables of things brought to their new versions; or made anew of all events.

use metrify_application::registry::{Event, Thing, ThingKind};
use metrify_application::{Error, Kind, Result, Tenant};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, SqlErr,
};

use crate::tables::{
    Head, Table, attempts, event, grant, grid_operator, installation, job, key, log, meter, metering_point, session,
    tenant, user, weather_station,
};
use crate::{DatabaseRegistry, Scope, corrupt, failed};

/// Events that are read at once where tables are made anew.
const REBUILD_EVENTS: u64 = 1_000;

impl DatabaseRegistry {
    pub(crate) async fn append_events(&self, events: &[Event]) -> Result<()> {
        let step = "append to the registry";
        let Some(first) = events.first() else { return Ok(()) };
        if events.iter().any(|event| event.tenant != first.tenant) {
            return Err(Error::new(Kind::Internal, format!("{step}: events of several tenants at once")));
        }
        let transaction = self.begin(Scope::Of(&first.tenant), step).await?;
        for event in events {
            append(&transaction, event).await?;
        }
        transaction.commit().await.map_err(|error| conflict_or(step, error))
    }

    /// Deletes jobs and their events in one transaction, so that tables made anew of events are as they were.
    pub(crate) async fn delete_jobs(&self, tenant: &Tenant, ids: &[String]) -> Result<()> {
        let step = "forget jobs";
        let transaction = self.begin(Scope::Of(tenant), step).await?;
        let forget = async {
            let events = event::Entity::delete_many()
                .filter(event::Column::Tenant.eq(tenant.as_str()))
                .filter(event::Column::Kind.eq(ThingKind::Job.name()))
                .filter(event::Column::Id.is_in(ids));
            events.exec(&transaction).await?;
            let jobs = job::Entity::delete_many()
                .filter(job::Column::Tenant.eq(tenant.as_str()))
                .filter(job::Column::Id.is_in(ids));
            jobs.exec(&transaction).await.map(drop)
        };
        forget.await.map_err(|error| failed(step, error))?;
        transaction.commit().await.map_err(|error| failed(step, error))
    }

    pub(crate) async fn rebuild_tables(&self) -> Result<u64> {
        let step = "make the registry's tables anew";
        let transaction = self.begin(Scope::Upkeep, step).await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            // Nobody appends meanwhile.
            let lock = transaction.execute_unprepared("LOCK TABLE events IN SHARE MODE").await;
            lock.map_err(|error| failed(step, error))?;
        }
        let empty = async {
            tenant::Entity::delete_many().exec(&transaction).await?;
            key::Entity::delete_many().exec(&transaction).await?;
            user::Entity::delete_many().exec(&transaction).await?;
            session::Entity::delete_many().exec(&transaction).await?;
            attempts::Entity::delete_many().exec(&transaction).await?;
            metering_point::Entity::delete_many().exec(&transaction).await?;
            meter::Entity::delete_many().exec(&transaction).await?;
            installation::Entity::delete_many().exec(&transaction).await?;
            grant::Entity::delete_many().exec(&transaction).await?;
            grid_operator::Entity::delete_many().exec(&transaction).await?;
            weather_station::Entity::delete_many().exec(&transaction).await?;
            job::Entity::delete_many().exec(&transaction).await?;
            log::Entity::delete_many().exec(&transaction).await.map(drop)
        };
        empty.await.map_err(|error| failed(step, error))?;
        let mut count = 0;
        loop {
            let some = event::Entity::find()
                .order_by_asc(event::Column::Tenant)
                .order_by_asc(event::Column::Kind)
                .order_by_asc(event::Column::Id)
                .order_by_asc(event::Column::Version)
                .offset(count)
                .limit(REBUILD_EVENTS)
                .all(&transaction)
                .await
                .map_err(|error| failed(step, error))?;
            if some.is_empty() {
                break;
            }
            count += some.len() as u64;
            for event in &some {
                again(&transaction, event).await?;
            }
        }
        transaction.commit().await.map_err(|error| failed(step, error))?;
        Ok(count)
    }
}

async fn append(transaction: &DatabaseTransaction, event: &Event) -> Result<()> {
    let after = match &event.after {
        Thing::Tenant(thing) => write::<tenant::Entity>(transaction, tenant::Model::of(event, thing)).await,
        Thing::Key(thing) => write::<key::Entity>(transaction, key::Model::of(event, thing)).await,
        Thing::User(thing) => write::<user::Entity>(transaction, user::Model::of(event, thing)).await,
        Thing::Session(thing) => write::<session::Entity>(transaction, session::Model::of(event, thing)).await,
        Thing::Attempts(thing) => write::<attempts::Entity>(transaction, attempts::Model::of(event, thing)).await,
        Thing::MeteringPoint(thing) => {
            write::<metering_point::Entity>(transaction, metering_point::Model::of(event, thing)).await
        }
        Thing::Meter(thing) => write::<meter::Entity>(transaction, meter::Model::of(event, thing)).await,
        Thing::Installation(thing) => {
            write::<installation::Entity>(transaction, installation::Model::of(event, thing)).await
        }
        Thing::Grant(thing) => write::<grant::Entity>(transaction, grant::Model::of(event, thing)).await,
        Thing::GridOperator(thing) => {
            write::<grid_operator::Entity>(transaction, grid_operator::Model::of(event, thing)).await
        }
        Thing::WeatherStation(thing) => {
            write::<weather_station::Entity>(transaction, weather_station::Model::of(event, thing)).await
        }
        Thing::Job(thing) => write::<job::Entity>(transaction, job::Model::of(event, thing)?).await,
        Thing::Log(thing) => write::<log::Entity>(transaction, log::Model::of(event, thing)).await,
    }?;
    let row = event::Model {
        tenant: event.tenant.to_string(),
        kind: event.after.kind().name().to_owned(),
        id: event.after.id(),
        version: event.version.cast_signed(),
        happened: event.happened.name().to_owned(),
        at: event.at.micros(),
        by: event.by.clone(),
        after,
    };
    let inserted = event::Entity::insert(row.into_active_model()).exec_without_returning(transaction).await;
    inserted.map(drop).map_err(|error| conflict_or("append to the registry", error))
}

/// Writes what an event of the store says its thing was after it.
async fn again(transaction: &DatabaseTransaction, event: &event::Model) -> Result<()> {
    async fn put<T: Table>(transaction: &DatabaseTransaction, after: &str) -> Result<()>
    where
        T::Model: IntoActiveModel<T::ActiveModel>,
    {
        let row = serde_json::from_str(after).map_err(|error| corrupt("read an event", error))?;
        write::<T>(transaction, row).await.map(drop)
    }
    match event.kind.as_str() {
        "tenant" => put::<tenant::Entity>(transaction, &event.after).await,
        "key" => put::<key::Entity>(transaction, &event.after).await,
        "user" => put::<user::Entity>(transaction, &event.after).await,
        "session" => put::<session::Entity>(transaction, &event.after).await,
        "attempts" => put::<attempts::Entity>(transaction, &event.after).await,
        "metering_point" => put::<metering_point::Entity>(transaction, &event.after).await,
        "meter" => put::<meter::Entity>(transaction, &event.after).await,
        "installation" => put::<installation::Entity>(transaction, &event.after).await,
        "grant" => put::<grant::Entity>(transaction, &event.after).await,
        "grid_operator" => put::<grid_operator::Entity>(transaction, &event.after).await,
        "weather_station" => put::<weather_station::Entity>(transaction, &event.after).await,
        "job" => put::<job::Entity>(transaction, &event.after).await,
        "log" => put::<log::Entity>(transaction, &event.after).await,
        other => Err(corrupt("read an event", format!("there is no kind `{other}`"))),
    }
}

/// Ends the version before, and adds this one; tells its row as JSON.
async fn write<T: Table>(transaction: &DatabaseTransaction, row: T::Model) -> Result<String>
where
    T::Model: IntoActiveModel<T::ActiveModel>,
{
    let step = "append to the registry";
    let Head { tenant, id, version, known_from, .. } = T::head(&row);
    if version > 1 {
        let ended = T::update_many()
            .col_expr(column::<T>("known_until")?, Expr::value(known_from))
            .filter(column::<T>("tenant")?.eq(tenant))
            .filter(column::<T>("id")?.eq(id.as_str()))
            .filter(column::<T>("version")?.eq(version - 1))
            .filter(column::<T>("known_until")?.is_null())
            .exec(transaction)
            .await;
        if ended.map_err(|error| failed(step, error))?.rows_affected != 1 {
            return Err(changed_meanwhile());
        }
    }
    let json = serde_json::to_string(&row).map_err(|error| Error::new(Kind::Internal, step).because(error))?;
    let inserted = T::insert(row.into_active_model()).exec_without_returning(transaction).await;
    inserted.map_err(|error| conflict_or(step, error))?;
    Ok(json)
}

/// A column that all tables of things have, or that some have.
pub(crate) fn column<T: Table>(name: &str) -> Result<T::Column> {
    name.parse().map_err(|_| Error::new(Kind::Invalid, format!("find column `{name}`: these things have none")))
}

fn changed_meanwhile() -> Error {
    let error = Error::new(Kind::Conflict, "append to the registry: somebody else has changed the same thing");
    error.hint("read it again, and change what it is now")
}

fn conflict_or(step: &str, error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => changed_meanwhile(),
        _ => failed(step, error),
    }
}
