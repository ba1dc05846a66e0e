//! Functions of PostgreSQL that tools call about a server: who is connected to what, and that of much there is nothing to say.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, create_udf,
};

use super::settings::{VERSION, setting};

/// What is said of nothing here: comments, and the sources of functions, views, indexes, rules and triggers.
const SILENT: [&str; 9] = [
    "obj_description",
    "col_description",
    "shobj_description",
    "pg_get_function_result",
    "pg_get_function_arguments",
    "pg_get_viewdef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
];

/// Those of a session whose tables lie in a schema.
pub(super) fn of_session(schema: &str) -> Vec<Arc<ScalarUDF>> {
    let names: ArrayRef = Arc::new(StringArray::from(vec![schema, "pg_catalog"]));
    let field = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let path =
        ScalarValue::List(Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([names.len()]), names, None)));
    let text = |text: String| ScalarValue::Utf8(Some(text));
    let path_of = path.clone();
    let mut made = vec![
        constant("current_schema", vec![], text(schema.to_owned())),
        constant("current_schemas", vec![DataType::Boolean], path_of),
        constant("version", vec![], text(format!("PostgreSQL {VERSION}, as Metrify speaks it"))),
        constant("pg_is_in_recovery", vec![], ScalarValue::Boolean(Some(false))),
        current_setting(schema),
        set_config(),
    ];
    made.extend(
        SILENT.map(|name| ScalarUDF::from(Silent { name, signature: Signature::variadic_any(Volatility::Stable) })),
    );
    made.into_iter().map(Arc::new).collect()
}

fn constant(name: &str, arguments: Vec<DataType>, value: ScalarValue) -> ScalarUDF {
    let of = value.data_type();
    let function = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(value.clone()));
    create_udf(name, arguments, of, Volatility::Stable, Arc::new(function))
}

fn current_setting(schema: &str) -> ScalarUDF {
    let schema = schema.to_owned();
    let function = move |arguments: &[ColumnarValue]| {
        let names = ColumnarValue::values_to_arrays(arguments)?;
        let names = names.iter().flat_map(AsArray::as_string::<i32>);
        let values = names.map(|name| match name {
            Some("search_path") => Some(schema.clone()),
            name => name.and_then(setting).map(str::to_owned),
        });
        Ok(ColumnarValue::Array(Arc::new(values.collect::<StringArray>())))
    };
    create_udf("current_setting", vec![DataType::Utf8], DataType::Utf8, Volatility::Stable, Arc::new(function))
}

/// It tells what it was given, and sets nothing.
fn set_config() -> ScalarUDF {
    let arguments = vec![DataType::Utf8, DataType::Utf8, DataType::Boolean];
    let function = |arguments: &[ColumnarValue]| {
        let given = arguments.get(1).cloned();
        Ok(given.unwrap_or(ColumnarValue::Scalar(ScalarValue::Utf8(None))))
    };
    create_udf("set_config", arguments, DataType::Utf8, Volatility::Stable, Arc::new(function))
}

/// A function that says nothing of anything.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Silent {
    name: &'static str,
    signature: Signature,
}

impl ScalarUDFImpl for Silent {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None)))
    }
}
