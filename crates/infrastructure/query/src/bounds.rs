//! What a query may not do although the engine could: nest without end, make single values as large as memory, compute without a pause.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result as Answer, exec_err};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use metrify_application::{Error, Kind, Result};

/// Bytes of a query's text.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Operators of a query: each may nest what is before it one deeper.
const OPERATORS_MAX: usize = 1_000;
/// Characters that a function repeats or fills up to.
const LENGTH_MAX: i64 = 10_000;

/// Functions whose one value may be as large as memory, or take as long as anybody likes.
const NOT_HAD: [&str; 8] = [
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
    "gen_series",
    "levenshtein",
];
/// Aggregates that keep all texts of a group: what these take is not counted as memory of queries, since columns of texts are views.
const AGGREGATES_NOT_HAD: [&str; 2] = ["array_agg", "string_agg"];
/// Functions whose second argument says how long their value is.
const OF_A_LENGTH: [&str; 3] = ["repeat", "lpad", "rpad"];

/// # Errors
/// Where the text is too long, or nests too deep to be understood within a stack.
pub(crate) fn check(sql: &str, dialect: &dyn Dialect) -> Result<()> {
    let refused = |reason: String| Err(Error::new(Kind::Invalid, format!("read the query: {reason}")));
    if sql.len() > TEXT_BYTES_MAX {
        return refused(format!("it has more than {TEXT_BYTES_MAX} bytes"));
    }
    // What is no text of SQL at all, the engine says better.
    let tokens = Tokenizer::new(dialect, sql).tokenize().unwrap_or_default();
    if tokens.iter().filter(|token| is_operator(token)).count() > OPERATORS_MAX {
        let error = Error::new(Kind::Invalid, format!("read the query: it has more than {OPERATORS_MAX} operators"));
        return Err(error.hint("a list behind IN counts as one"));
    }
    Ok(())
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::CASE
                | Keyword::WHEN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::BETWEEN
                | Keyword::IS
                | Keyword::JOIN
        ),
        Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

/// Takes away what no query may call, and bounds what it may.
pub(crate) fn bound_functions(session: &SessionContext) {
    NOT_HAD.iter().for_each(|name| session.deregister_udf(name));
    AGGREGATES_NOT_HAD.iter().for_each(|name| session.deregister_udaf(name));
    let state = session.state();
    let known = OF_A_LENGTH.iter().filter_map(|name| state.scalar_functions().get(*name).cloned());
    let bounded = known.map(|function| ScalarUDF::from(OfALength { function })).collect::<Vec<_>>();
    drop(state);
    bounded.into_iter().for_each(|function| session.register_udf(function));
}

/// A function that makes no value longer than it should.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfALength {
    function: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for OfALength {
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

    fn coerce_types(&self, arguments: &[DataType]) -> Answer<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Answer<ColumnarValue> {
        if let Some(length) = arguments.args.get(1).map(longest).transpose()?.flatten()
            && length > LENGTH_MAX
        {
            return exec_err!("{} makes texts of up to {LENGTH_MAX} characters, not of {length}", self.name());
        }
        self.function.invoke_with_args(arguments)
    }
}

/// The largest of whole numbers.
fn longest(lengths: &ColumnarValue) -> Answer<Option<i64>> {
    let lengths = lengths.cast_to(&DataType::Int64, None)?.to_array(1)?;
    Ok(lengths.as_primitive::<Int64Type>().iter().flatten().max())
}

/// Steps that give many rows for one that they read.
const MULTIPLY: [&str; 7] = [
    "CrossJoinExec",
    "NestedLoopJoinExec",
    "HashJoinExec",
    "SortMergeJoinExec",
    "SymmetricHashJoinExec",
    "UnnestExec",
    "RecursiveQueryExec",
];

/// The answer of a query, made with pauses at which it can be given up.
pub(crate) async fn stream(frame: DataFrame) -> Answer<SendableRecordBatchStream> {
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let pausing = plan.transform_up(|step: Arc<dyn ExecutionPlan>| {
        Ok(if MULTIPLY.contains(&step.name()) {
            Transformed::yes(Arc::new(CooperativeExec::new(step)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(step)
        })
    });
    execute_stream(pausing?.data, context)
}
