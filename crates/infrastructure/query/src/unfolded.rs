//! How large a query becomes where each name in it is put as what it stands for, as the engine does with rules that it brings nearer to the
//! data: a name that stands for several of the one below it, and that for several of another, is more than any memory holds.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as Answer, plan_err};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, Projection, Union, Window};

/// Parts of one expression.
const PARTS_MAX: u64 = 10_000;

/// # Errors
/// Where an expression becomes too large.
pub(crate) fn check(plan: &LogicalPlan) -> Answer<()> {
    plan.apply_with_subqueries(|step| {
        if let LogicalPlan::Subquery(subquery) = step {
            columns(&subquery.subquery)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    columns(plan).map(drop)
}

/// The parts of each column of a step.
fn columns(plan: &LogicalPlan) -> Answer<Vec<u64>> {
    match plan {
        LogicalPlan::Projection(Projection { expr, input, .. }) => of_all(expr, input),
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Distinct(Distinct::All(_)) => {
            let inner = plan
                .inputs()
                .first()
                .map(|input| Ok::<_, datafusion::common::DataFusionError>((columns(input)?, input.schema().clone())));
            let Some((inner, schema)) = inner.transpose()? else { return Ok(Vec::new()) };
            // What a rule names is put in its place, too.
            for expr in plan.expressions() {
                of(&expr, &inner, &schema)?;
            }
            Ok(inner)
        }
        LogicalPlan::Aggregate(Aggregate { input, group_expr, aggr_expr, .. }) => {
            let mut all = of_all(group_expr, input)?;
            all.extend(of_all(aggr_expr, input)?.iter().map(|_| 1));
            Ok(filled(all, plan))
        }
        LogicalPlan::Window(Window { input, window_expr, .. }) => {
            let mut all = columns(input)?;
            all.extend(of_all(window_expr, input)?.iter().map(|_| 1));
            Ok(filled(all, plan))
        }
        LogicalPlan::Join(Join { left, right, .. }) => {
            let mut all = columns(left)?;
            all.extend(columns(right)?);
            Ok(filled(all, plan))
        }
        LogicalPlan::Union(Union { inputs, .. }) => {
            let mut all = filled(Vec::new(), plan);
            for input in inputs {
                for (most, parts) in all.iter_mut().zip(columns(input)?) {
                    *most = parts.max(*most);
                }
            }
            Ok(all)
        }
        other => {
            for input in other.inputs() {
                columns(input)?;
            }
            Ok(filled(Vec::new(), other))
        }
    }
}

/// With one part for each column of the step that nothing is said of.
fn filled(mut all: Vec<u64>, plan: &LogicalPlan) -> Vec<u64> {
    all.resize(plan.schema().fields().len(), 1);
    all
}

fn of_all(exprs: &[Expr], input: &LogicalPlan) -> Answer<Vec<u64>> {
    let inner = columns(input)?;
    exprs.iter().map(|expr| of(expr, &inner, input.schema())).collect()
}

/// The parts of an expression over columns of so many parts.
fn of(expr: &Expr, inner: &[u64], schema: &DFSchema) -> Answer<u64> {
    let mut parts = 0_u64;
    expr.apply(|part| {
        let (of_one, goes_on) = match part {
            Expr::Column(column) => {
                let of_column = schema.maybe_index_of_column(column).and_then(|place| inner.get(place));
                (of_column.copied().unwrap_or(1), TreeNodeRecursion::Continue)
            }
            // A list counts as one; it mostly holds but values.
            Expr::InList(list) => (of(&list.expr, inner, schema)?, TreeNodeRecursion::Jump),
            _ => (1, TreeNodeRecursion::Continue),
        };
        parts = parts.saturating_add(of_one);
        Ok(goes_on)
    })?;
    if parts > PARTS_MAX {
        return plan_err!(
            "it stands upon itself too often: an expression would have {parts} parts, and may have {PARTS_MAX}"
        );
    }
    Ok(parts)
}
