//! How much text functions may make of a batch of rows: what a step makes of its rows is not counted as memory of queries, and functions that
//! put a text into itself would make any amount of it.

use std::hash::Hash;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::compute::kernels::concat_elements::concat_elements_utf8;
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as Answer, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Bytes that a function may make of one batch of rows.
const BATCH_BYTES_MAX: usize = 32 << 20;
/// Characters that a function repeats or fills up to.
const LENGTH_MAX: usize = 10_000;
/// Bytes of the texts that a step writes beside each of its rows.
const LITERALS_BYTES_MAX: usize = 4 << 10;

/// Functions whose value may be longer than all that they are given, or that put together what they are given.
const GROWING: [&str; 22] = [
    "array_append",
    "array_concat",
    "array_prepend",
    "array_replace_all",
    "array_to_string",
    "concat",
    "concat_ws",
    "encode",
    "lpad",
    "make_array",
    "map",
    "named_struct",
    "overlay",
    "regexp_replace",
    "repeat",
    "replace",
    "rpad",
    "string_to_array",
    "struct",
    "to_char",
    "translate",
    "upper",
];
/// Functions whose second argument says how long their value is.
const OF_A_LENGTH: [&str; 3] = ["lpad", "repeat", "rpad"];

/// Bounds functions wherever a query calls them, also by an operator.
#[derive(Debug)]
pub(crate) struct Bounding;

impl FunctionRewrite for Bounding {
    fn name(&self) -> &str {
        "bounded_functions"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Answer<Transformed<Expr>> {
        Ok(match expr {
            Expr::ScalarFunction(ScalarFunction { func, args }) if GROWING.contains(&func.name()) => {
                let func = Arc::new(ScalarUDF::from(Bounded { function: func }));
                Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args }))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right })
                if joins_texts(&left, &right, schema) =>
            {
                let call = ScalarFunction { func: JOINED.clone(), args: vec![*left, *right] };
                Transformed::yes(Expr::ScalarFunction(call))
            }
            other => Transformed::no(other),
        })
    }
}

fn joins_texts(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let kinds = [left, right].map(|side| side.get_type(schema));
    let is_text = |kind: &Answer<DataType>| kind.as_ref().is_ok_and(DataType::is_string);
    let is_plain = |kind: &Answer<DataType>| kind.as_ref().is_ok_and(|kind| !kind.is_nested());
    kinds.iter().any(is_text) && kinds.iter().all(is_plain)
}

/// # Errors
/// Where it would make more than it may.
fn check(name: &str, arguments: &[ColumnarValue], rows: usize) -> Answer<()> {
    if OF_A_LENGTH.contains(&name)
        && let Some(length) = arguments.get(1).map(longest).transpose()?
        && length > LENGTH_MAX
    {
        return exec_err!("{name} makes texts of up to {LENGTH_MAX} characters, not of {length}");
    }
    let bytes = made(name, arguments, rows)?;
    if bytes > BATCH_BYTES_MAX {
        return exec_err!(
            "{name} would make up to {bytes} bytes of {rows} rows at once: it may make {BATCH_BYTES_MAX}"
        );
    }
    Ok(())
}

/// Bytes that a function makes at most.
fn made(name: &str, arguments: &[ColumnarValue], rows: usize) -> Answer<usize> {
    let bytes = |place: usize| arguments.get(place).map_or(0, |argument| bytes(argument, rows));
    let text = |place: usize| arguments.get(place).map_or(0, longest_text);
    let all: usize = (0..arguments.len()).map(bytes).sum();
    let number = |place: usize| arguments.get(place).map_or(Ok(0), longest);
    Ok(match name {
        "repeat" => bytes(0).saturating_mul(number(1)?),
        // Whatever it is filled with, four bytes a character.
        "lpad" | "rpad" => rows.saturating_mul(number(1)?).saturating_mul(4),
        "concat_ws" => all.saturating_add(bytes(0).saturating_mul(arguments.len())),
        // At most there is an element for each byte.
        "array_to_string" => bytes(0).saturating_mul(text(1).max(text(2)).saturating_add(1)),
        "array_replace_all" => bytes(0).saturating_mul(text(2).saturating_add(1)),
        // At most it is put in before each byte, and once more; it may name what was found.
        "replace" | "regexp_replace" => bytes(0).saturating_add(rows).saturating_mul(text(2).saturating_add(1)),
        // A view of sixteen bytes for each character.
        "string_to_array" => bytes(0).saturating_mul(17),
        "to_char" => bytes(1).saturating_mul(8),
        "encode" | "translate" | "upper" => bytes(0).saturating_mul(4),
        _ => all,
    })
}

/// Bytes of an argument, were it written out for each row.
fn bytes(argument: &ColumnarValue, rows: usize) -> usize {
    match argument {
        ColumnarValue::Scalar(scalar) => scalar_bytes(scalar).saturating_mul(rows),
        ColumnarValue::Array(array) => match array.data_type() {
            DataType::Utf8 => {
                array.as_string::<i32>().value_data().len().min(sum(array.as_string::<i32>().offsets().lengths()))
            }
            DataType::Utf8View => sum(array.as_string_view().lengths().map(|length| length as usize)),
            _ => array.get_array_memory_size(),
        },
    }
}

fn sum(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.sum()
}

fn scalar_bytes(scalar: &ScalarValue) -> usize {
    scalar.try_as_str().map_or_else(|| scalar.size(), |text| text.map_or(0, str::len))
}

/// Bytes of the longest text of an argument.
fn longest_text(argument: &ColumnarValue) -> usize {
    match argument {
        ColumnarValue::Scalar(scalar) => scalar_bytes(scalar),
        ColumnarValue::Array(array) => match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().offsets().lengths().max().unwrap_or_default(),
            DataType::Utf8View => {
                array.as_string_view().lengths().map(|length| length as usize).max().unwrap_or_default()
            }
            _ => array.get_array_memory_size(),
        },
    }
}

/// The largest of whole numbers; those below zero count as none.
fn longest(lengths: &ColumnarValue) -> Answer<usize> {
    let lengths = lengths.cast_to(&DataType::Int64, None)?.to_array(1)?;
    let longest = lengths.as_primitive::<Int64Type>().iter().flatten().max().unwrap_or_default();
    Ok(usize::try_from(longest).unwrap_or_default())
}

/// A function that makes no more than it may.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    function: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Answer<DataType> {
        self.function.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Answer<FieldRef> {
        self.function.return_field_from_args(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Answer<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Answer<ColumnarValue> {
        check(self.name(), &arguments.args, arguments.number_rows)?;
        self.function.invoke_with_args(arguments)
    }
}

/// The operator `||` of two texts, within the same bound.
static JOINED: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| Arc::new(ScalarUDF::from(Joined { signature: Signature::any(2, Volatility::Immutable) })));

#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    signature: Signature,
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &str {
        "||"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// As the operator's.
    fn return_type(&self, arguments: &[DataType]) -> Answer<DataType> {
        let of = [DataType::Utf8View, DataType::LargeUtf8].into_iter().find(|of| arguments.contains(of));
        Ok(of.unwrap_or(DataType::Utf8))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Answer<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, return_field, .. } = arguments;
        check(self.name(), &args, number_rows)?;
        let is_one = args.iter().all(|side| matches!(side, ColumnarValue::Scalar(_)));
        let sides =
            args.iter().map(|side| Ok(cast(&side.to_array(if is_one { 1 } else { number_rows })?, &DataType::Utf8)?));
        let sides = sides.collect::<Answer<Vec<_>>>()?;
        let [left, right] = sides.as_slice() else { return exec_err!("|| joins two texts") };
        let joined = concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?;
        let joined = cast(&joined, return_field.data_type())?;
        Ok(if is_one {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?)
        } else {
            ColumnarValue::Array(joined)
        })
    }
}

/// Looks at what is written beside each row: a long text in a query would take its length for each row of a batch.
///
/// # Errors
/// Where that is too much.
pub(crate) fn check_literals(plan: &LogicalPlan) -> Answer<()> {
    plan.apply_with_subqueries(|step| {
        if matches!(
            step,
            LogicalPlan::Filter(_) | LogicalPlan::TableScan(_) | LogicalPlan::Join(_) | LogicalPlan::Values(_)
        ) {
            return Ok(TreeNodeRecursion::Continue);
        }
        let mut bytes = 0;
        for expr in step.expressions() {
            expr.apply(|part| {
                if matches!(part, Expr::InList(_)) {
                    return Ok(TreeNodeRecursion::Jump);
                }
                if let Expr::Literal(value, _) = part
                    && let Some(Some(text)) = value.try_as_str()
                {
                    bytes += text.len();
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        if bytes > LITERALS_BYTES_MAX {
            return plan_err!("it writes texts of {bytes} bytes beside each row: up to {LITERALS_BYTES_MAX} may be");
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(drop)
}
