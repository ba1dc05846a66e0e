//! Functions of PostgreSQL that tools call about a server: who is connected to what, and that of much there is nothing to say.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, create_udf,
};
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;

use super::settings::{VERSION, setting};
use super::welcome::{KNOWN_AT, PURPOSE};

/// What is said of nothing here: comments, the sources of functions, views, indexes, rules and triggers, sequences, sizes and places.
const SILENT: [&str; 18] = [
    "obj_description",
    "col_description",
    "shobj_description",
    "pg_get_function_result",
    "pg_get_function_arguments",
    "pg_get_function_sqlbody",
    "pg_get_viewdef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_serial_sequence",
    "pg_tablespace_location",
    "pg_database_size",
    "pg_size_pretty",
    "pg_table_size",
    "pg_tablespace_size",
    "inet_server_addr",
    "inet_server_port",
];

/// What says of a number whether a name without a schema means it: there is one schema of each kind of things.
const VISIBLE: [&str; 11] = [
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
    "pg_type_is_visible",
];
/// PostgreSQL's number of the one encoding.
const UTF8: i32 = 6;

/// Whether a function says nothing of anything.
pub(super) fn is_silent(name: &str) -> bool {
    SILENT.contains(&name)
}

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
        constant("getdatabaseencoding", vec![], text("UTF8".to_owned())),
        constant("pg_char_to_encoding", vec![DataType::Utf8], ScalarValue::Int32(Some(UTF8))),
        current_setting(schema),
        set_config(),
    ];
    made.extend(VISIBLE.map(|name| constant(name, vec![DataType::Int32], ScalarValue::Boolean(Some(true)))));
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

/// A schema as the search path names it: one that is a word of SQL in quotation marks.
pub(super) fn quoted(schema: &str) -> String {
    let is_word = ALL_KEYWORDS.contains(&schema.to_ascii_uppercase().as_str());
    if is_word { format!("\"{schema}\"") } else { schema.to_owned() }
}

fn current_setting(schema: &str) -> ScalarUDF {
    let schema = schema.to_owned();
    let function = move |arguments: &[ColumnarValue]| {
        let names = ColumnarValue::values_to_arrays(arguments)?;
        let names = names.iter().flat_map(AsArray::as_string::<i32>);
        let values = names.map(|name| match name {
            Some("search_path") => Some(quoted(&schema)),
            name => name.and_then(setting).map(str::to_owned),
        });
        Ok(ColumnarValue::Array(Arc::new(values.collect::<StringArray>())))
    };
    create_udf("current_setting", vec![DataType::Utf8], DataType::Utf8, Volatility::Stable, Arc::new(function))
}

/// It tells what it was given, and sets nothing; so what would have an effect is refused.
fn set_config() -> ScalarUDF {
    let arguments = vec![DataType::Utf8, DataType::Utf8, DataType::Boolean];
    let function = |arguments: &[ColumnarValue]| {
        let names = ColumnarValue::values_to_arrays(&arguments[..arguments.len().min(1)])?;
        let ours = |name: &str| [KNOWN_AT, PURPOSE].into_iter().find(|ours| name.eq_ignore_ascii_case(ours));
        if let Some(ours) = names.iter().flat_map(AsArray::as_string::<i32>).flatten().find_map(ours) {
            return plan_err!("{ours} is set by SET, not by a function");
        }
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
