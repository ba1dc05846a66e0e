//! An answer on its way to a client: the use case runs by itself, so that its time ends even while the client does not listen.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use metrify_application::{Context, Error, Kind, Result, read};
use metrify_query::Asked;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::Wire;

/// Batches that wait for a client. The engine is one or two ahead of them, and makes no more until they are taken.
const BATCHES_AHEAD: usize = 1;

/// Who drops it gives the query up.
pub(crate) struct Answer {
    columns: SchemaRef,
    batches: mpsc::Receiver<RecordBatch>,
    work: JoinSet<Result<()>>,
}

impl Answer {
    /// Begins to answer a statement. Its entry in the audit log is written when this returns.
    ///
    /// # Errors
    /// Where it is denied, not understood, or names what the tenant does not have.
    pub(crate) async fn begin(wire: &Wire, ctx: Context, asked: Asked) -> Result<Self> {
        let (known, columns) = oneshot::channel();
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let (app, engine) = (wire.app.clone(), wire.engine.clone());
        let mut work = JoinSet::new();
        work.spawn(async move {
            let (tenant, sql) = (ctx.tenant().clone(), asked.statement.to_string());
            let told = read::told(&app, &ctx, &sql, |telling| async move {
                let mut batches = engine.batches(&tenant, asked).await?;
                telling.note()?;
                if known.send(batches.columns().clone()).is_err() {
                    return Ok(());
                }
                while let Some(batch) = batches.next().await? {
                    // Whoever listens no more is told nothing more.
                    if sender.send(batch).await.is_err() {
                        break;
                    }
                }
                Ok(())
            });
            told.await
        });
        match columns.await {
            Ok(columns) => Ok(Self { columns, batches, work }),
            Err(_) => {
                ended(&mut work).await?;
                Err(Error::new(Kind::Internal, "answer the query: it has no columns"))
            }
        }
    }

    pub(crate) const fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// The next piece of it; `None` at its end. Nothing is lost where it is not awaited to its end.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        ended(&mut self.work).await?;
        Ok(None)
    }
}

async fn ended(work: &mut JoinSet<Result<()>>) -> Result<()> {
    let failed = |error| Error::new(Kind::Internal, "answer the query").because(error);
    match work.join_next().await {
        Some(ended) => ended.map_err(failed)?,
        None => Ok(()),
    }
}
