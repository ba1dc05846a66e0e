//! What the description says of values that Rust has no type for, and what it says of every route.

use metrify_governance::Purpose;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, ObjectBuilder, OpenApi, PathItem, RefOr, Required, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::ProblemBody;

/// A decimal number with all its digits: whoever reads it as a binary fraction loses some.
pub(crate) struct Exact;

impl PartialSchema for Exact {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(SchemaType::new(Type::Number));
        number.description(Some("exact, with all its digits")).into()
    }
}

impl ToSchema for Exact {}

/// Bytes as they are.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
    }
}

impl ToSchema for Binary {}

/// Says of every route what all have in common.
pub(crate) fn complete(mut description: OpenApi) -> OpenApi {
    let components = description.components.get_or_insert_default();
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            operation.parameters.get_or_insert_default().extend(common().map(RefOr::T));
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    "What was asked for".clone_into(&mut response.description);
                }
            }
        }
    }
    description
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// The headers that every route reads.
fn common() -> [Parameter; 2] {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let header = |name: &str, what: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(what))
            .schema(Some(schema))
            .build()
    };
    let purposes: Vec<&str> = Purpose::all().map(Purpose::name).collect();
    [
        header(
            "Metrify-Purpose",
            "What personal readings are used for (MsbG 49, 66 to 69); the first purpose of the key where it is absent",
            text().enum_values(Some(purposes)),
        ),
        header(
            "X-Request-Id",
            "A name of the request, of 1 to 128 visible characters; it comes back with the answer",
            text(),
        ),
    ]
}
