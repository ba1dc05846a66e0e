//! Answers in columns, for those who speak to tools that take more than text. As any query, each statement is planned in a session of
//! its own, so that it sees the newest data, on the threads of queries, and it only reads.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::dialect::Dialect;
use futures::StreamExt;
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::apart::{Begun, Told};
use crate::bounds::RowsLeft;
use crate::{CATALOG, Engine, Sessions, bounds, failed, planned};

/// Batches that are made before the one that is being told.
const BATCHES_AHEAD: usize = 1;
/// Parameters of one statement.
pub const PARAMETERS_MAX: usize = 1_000;

/// What a protocol lets its statements name beside a tenant's tables.
pub trait Furnish: Send + Sync {
    /// # Errors
    /// Where the session does not take it.
    fn furnish(&self, session: &SessionContext) -> Result<()>;
}

/// A statement and what it is asked with.
#[derive(Clone)]
pub struct Asked {
    pub statement: Statement,
    pub furnish: Option<Arc<dyn Furnish>>,
    /// What stands for `$1` and those behind it.
    pub parameters: Vec<ScalarValue>,
    /// Everything is told as it was known then; as it is where it is `None`.
    pub known_at: Option<Timestamp>,
}

/// What a statement gives and takes.
pub struct Described {
    pub columns: SchemaRef,
    /// Of `$1` and those behind it, where the statement tells what they have to be.
    pub parameters: Vec<Option<DataType>>,
}

/// A table that a tenant can name.
#[derive(Clone, Debug)]
pub struct Listed {
    pub schema: String,
    pub name: String,
    pub columns: SchemaRef,
}

/// An answer as it is made. Who drops it gives it up.
pub struct Batches {
    columns: SchemaRef,
    made: mpsc::Receiver<RecordBatch>,
    begun: Option<Begun<()>>,
}

impl Batches {
    #[must_use]
    pub const fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// The next piece of it; `None` at its end. Nothing is lost where it is not awaited to its end.
    ///
    /// # Errors
    /// Those of the query.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.made.recv().await {
            return Ok(Some(batch));
        }
        if let Some(begun) = self.begun.take() {
            begun.end().await?;
        }
        Ok(None)
    }
}

impl Engine {
    /// Reads a text within the bounds of texts, as `reader` does, on the threads of this tenant.
    ///
    /// # Errors
    /// Where it is too long, nests too deep, or is not understood.
    pub async fn read<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        sql: String,
        dialect: impl Dialect + Send,
        reader: impl FnOnce(&str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let work = move || {
            bounds::check(&sql, &dialect)?;
            reader(&sql)
        };
        self.apart.begin_short(tenant, work)?.end().await
    }

    /// What a statement would give, without asking it.
    ///
    /// # Errors
    /// Where it names what the tenant does not have, or would do more than read.
    pub async fn describe(&self, tenant: &Tenant, asked: Asked) -> Result<Described> {
        let (sessions, named) = (self.sessions.clone(), tenant.clone());
        let work = move |_turn| async move {
            let (_, plan) = sessions.plan(&named, asked).await?;
            Ok(Described { columns: plan.schema().inner().clone(), parameters: parameters(&plan)? })
        };
        self.apart.begin(tenant, work)?.end().await
    }

    /// Begins to answer a statement.
    ///
    /// # Errors
    /// As [`Self::describe`], and where its parameters do not fit.
    pub async fn batches(&self, tenant: &Tenant, asked: Asked) -> Result<Batches> {
        let (sessions, named) = (self.sessions.clone(), tenant.clone());
        let (to, made) = mpsc::channel(BATCHES_AHEAD);
        let (known, columns) = oneshot::channel();
        let work = move |turn| async move { sessions.batches(&named, asked, known, Told { to, turn }).await };
        let begun = self.apart.begin(tenant, work)?;
        match columns.await {
            Ok(columns) => Ok(Batches { columns, made, begun: Some(begun) }),
            Err(_) => {
                begun.end().await?;
                Err(Error::new(Kind::Internal, "answer the query: it has no columns"))
            }
        }
    }

    /// All tables that a tenant can name, by schema and name.
    ///
    /// # Errors
    /// Where the lake cannot be read.
    pub async fn tables(&self, tenant: &Tenant) -> Result<Vec<Listed>> {
        let (sessions, named) = (self.sessions.clone(), tenant.clone());
        let work = move |_turn| async move {
            let session = sessions.session(&named, None)?;
            listed(&session).await.map_err(|error| failed("list the tables", error))
        };
        self.apart.begin(tenant, work)?.end().await
    }
}

impl Sessions {
    async fn plan(&self, tenant: &Tenant, asked: Asked) -> Result<(SessionContext, LogicalPlan)> {
        let session = self.session(tenant, asked.known_at)?;
        if let Some(furnish) = asked.furnish {
            furnish.furnish(&session)?;
        }
        let plan = async {
            let plan = planned(&session.state(), asked.statement).await?;
            if asked.parameters.is_empty() { Ok(plan) } else { plan.with_param_values(asked.parameters) }
        };
        let plan = plan.await.map_err(|error| failed("read the query", error))?;
        Ok((session, plan))
    }

    async fn batches(
        &self,
        tenant: &Tenant,
        asked: Asked,
        known: oneshot::Sender<SchemaRef>,
        mut told: Told<RecordBatch>,
    ) -> Result<()> {
        let (session, plan) = self.plan(tenant, asked).await?;
        let answered = |error| failed("answer the query", error);
        let mut batches = bounds::stream(DataFrame::new(session.state(), plan)).await.map_err(answered)?;
        // Whoever listens no more is told nothing more.
        if known.send(batches.schema()).is_err() {
            return Ok(());
        }
        let mut rows = RowsLeft::of(self.rows_max);
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(answered)?;
            rows.take(batch.num_rows())?;
            if !told.tell(batch).await {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The types of `$1` and those behind it.
fn parameters(plan: &LogicalPlan) -> Result<Vec<Option<DataType>>> {
    let mut types = Vec::new();
    for (name, of) in plan.get_parameter_types().map_err(|error| failed("read the query", error))? {
        let place = name.strip_prefix('$').and_then(|place| place.parse::<usize>().ok());
        let place = place.filter(|place| (1..=PARAMETERS_MAX).contains(place)).ok_or_else(|| {
            let error = Error::new(Kind::Invalid, format!("read the query: `{name}` is no parameter"));
            error.hint(format!("they are called $1 to ${PARAMETERS_MAX}"))
        })?;
        if types.len() < place {
            types.resize(place, None);
        }
        types[place - 1] = of;
    }
    Ok(types)
}

async fn listed(session: &SessionContext) -> Result<Vec<Listed>, DataFusionError> {
    let mut all = Vec::new();
    let catalog = session.catalog(CATALOG).ok_or_else(|| DataFusionError::Internal("no catalog".into()))?;
    for name in sorted(catalog.schema_names()) {
        let Some(schema) = catalog.schema(&name) else { continue };
        for table in sorted(schema.table_names()) {
            let Some(provider) = schema.table(&table).await? else { continue };
            all.push(Listed { schema: name.clone(), name: table, columns: provider.schema() });
        }
    }
    Ok(all)
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
