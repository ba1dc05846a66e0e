//! Answers on their way to a client, as batches of the types that every client knows.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tonic::Status;

use super::status;
use crate::answer::Answer;

pub(super) type Sent = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>>;

/// The columns of an answer as they are sent: views of texts, which few clients know, are texts.
pub(super) fn sent(columns: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| {
        let of = match field.data_type() {
            DataType::Utf8View => DataType::Utf8,
            DataType::BinaryView => DataType::Binary,
            // Dictionaries go as the values they stand for.
            DataType::Dictionary(_, value) => (**value).clone(),
            other => other.clone(),
        };
        Field::new(field.name(), of, field.is_nullable())
    };
    Arc::new(Schema::new(columns.fields().iter().map(field).collect::<Vec<_>>()))
}

fn settled(batch: &RecordBatch, to: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(to.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(to.clone(), columns)
}

pub(super) fn answer(answer: Answer) -> Sent {
    let schema = sent(answer.columns());
    let to = schema.clone();
    let batches = stream::try_unfold(answer, move |mut answer| {
        let to = to.clone();
        async move {
            let next = answer.next().await.map_err(|error| FlightError::Tonic(Box::new(status::of(&error))))?;
            let Some(batch) = next else { return Ok(None) };
            Ok(Some((settled(&batch, &to)?, answer)))
        }
    });
    encoded(schema, batches)
}

pub(super) fn batch(batch: RecordBatch) -> Sent {
    encoded(batch.schema(), stream::iter([Ok(batch)]))
}

fn encoded(schema: SchemaRef, batches: impl Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static) -> Sent {
    let encoded = FlightDataEncoderBuilder::new().with_schema(schema).build(batches);
    encoded.map_err(Status::from).boxed()
}
