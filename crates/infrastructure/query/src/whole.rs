//! Whole numbers that are refused where they have no place: the engine's `+`, `-` and `*` go on at the other end of the numbers.

use std::sync::{Arc, LazyLock};

use arrow::compute::kernels::numeric::{add, mul, sub};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::logical_expr_common::type_coercion::binary::BinaryTypeCoercer;
use datafusion::physical_expr_common::datum::apply;

/// Puts what checks in place of an operator wherever a query computes with whole numbers. What it is called does not change.
#[derive(Debug)]
pub(crate) struct Checking;

impl FunctionRewrite for Checking {
    fn name(&self) -> &str {
        "checked_whole_numbers"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        Ok(match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_whole(&left, op, &right, schema) => {
                match CHECKED.iter().find(|(of, _)| *of == op) {
                    Some((_, function)) => {
                        let call = ScalarFunction { func: function.clone(), args: vec![*left, *right] };
                        Transformed::yes(Expr::ScalarFunction(call))
                    }
                    None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
                }
            }
            other => Transformed::no(other),
        })
    }
}

fn is_whole(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> bool {
    let (Ok(left), Ok(right)) = (left.get_type(schema), right.get_type(schema)) else { return false };
    let result = || BinaryTypeCoercer::new(&left, &op, &right).get_result_type();
    left.is_integer() && right.is_integer() && result().is_ok_and(|result| result.is_integer())
}

static CHECKED: LazyLock<[(Operator, Arc<ScalarUDF>); 3]> = LazyLock::new(|| {
    [Operator::Plus, Operator::Minus, Operator::Multiply].map(|op| {
        let checked = Checked { op, signature: Signature::user_defined(Volatility::Immutable) };
        (op, Arc::new(ScalarUDF::from(checked)))
    })
});

/// An operator of two whole numbers.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    op: Operator,
    signature: Signature,
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.op {
            Operator::Plus => "+",
            Operator::Minus => "-",
            _ => "*",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = arguments else { return plan_err!("{} takes two numbers", self.op) };
        let (left, right) = BinaryTypeCoercer::new(left, &self.op, right).get_input_types()?;
        Ok(vec![left, right])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let [left, right] = arguments else { return plan_err!("{} takes two numbers", self.op) };
        BinaryTypeCoercer::new(left, &self.op, right).get_result_type()
    }

    /// Null where the operator's may be: clients were told of the columns before it took its place.
    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let fields = arguments.arg_fields;
        let kinds: Vec<DataType> = fields.iter().map(|field| field.data_type().clone()).collect();
        let is_nullable = fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&kinds)?, is_nullable)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = arguments.args.as_slice() else { return plan_err!("{} takes two numbers", self.op) };
        match self.op {
            Operator::Plus => apply(left, right, add),
            Operator::Minus => apply(left, right, sub),
            _ => apply(left, right, mul),
        }
    }
}
