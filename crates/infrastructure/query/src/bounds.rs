//! What a query may not do although the engine could: nest without end, make single values as large as memory, compute without a pause,
//! give rows without number, and numbers that are not what was asked for.

use std::sync::Arc;

use datafusion::common::Result as Answer;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::dataframe::DataFrame;
use datafusion::execution::{FunctionRegistry, SendableRecordBatchStream};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use metrify_application::{Error, Kind, Result};

use crate::sizes::{self, Bounding};
use crate::whole::Checking;
use crate::{refused, unfolded};

/// Bytes of a query's text.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Operators of a query: each may nest what is before it one deeper.
const OPERATORS_MAX: usize = 1_000;

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
///
/// # Errors
/// Never, but for a mistake of ours.
pub(crate) fn bound_functions(session: &mut SessionContext) -> Answer<()> {
    for name in NOT_HAD {
        SessionContext::deregister_udf(session, name);
    }
    for name in AGGREGATES_NOT_HAD {
        SessionContext::deregister_udaf(session, name);
    }
    session.register_function_rewrite(Arc::new(Bounding))?;
    session.register_function_rewrite(Arc::new(Checking))
}

/// How many rows of an answer may still be told.
pub(crate) struct RowsLeft {
    rows_max: u64,
    left: u64,
}

impl RowsLeft {
    pub(crate) const fn of(rows_max: u64) -> Self {
        Self { rows_max, left: rows_max }
    }

    /// # Errors
    /// Where so many more are too many.
    pub(crate) fn take(&mut self, rows: usize) -> Result<()> {
        self.left = self.left.checked_sub(rows as u64).ok_or_else(|| {
            let error = Error::new(Kind::Invalid, format!("answer the query: it has more than {} rows", self.rows_max));
            error.hint("aggregate, add a limit, write it to a file with `metrify export`, or raise query.rows_max")
        })?;
        Ok(())
    }
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
    let (state, plan) = frame.into_parts();
    unfolded::check(&plan)?;
    let planned = async {
        let plan = state.optimize(&plan)?;
        sizes::check_literals(&plan)?;
        state.query_planner().create_physical_plan(&plan, &state).await
    };
    let plan = planned.await.map_err(refused::unplanned)?;
    let pausing = plan.transform_up(|step: Arc<dyn ExecutionPlan>| {
        Ok(if MULTIPLY.contains(&step.name()) {
            Transformed::yes(Arc::new(CooperativeExec::new(step)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(step)
        })
    });
    execute_stream(pausing?.data, context)
}
