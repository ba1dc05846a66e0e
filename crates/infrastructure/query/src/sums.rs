//! `sum` as the engine has it, but that a sum which has no place is refused: the engine goes on at the other end of the numbers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowNumericType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowNativeType, DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, FieldRef, Int64Type, TimeUnit, UInt64Type,
    i256,
};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature,
};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::prim_op::PrimitiveGroupsAccumulator;

pub(crate) fn checked_sum() -> AggregateUDF {
    AggregateUDF::from(CheckedSum::default())
}

/// Calls a function of the numbers that a sum is one of, or does otherwise where these have no end, as binary fractions have none.
macro_rules! of_numbers {
    ($kind:expr, $function:ident($($argument:expr),*), $otherwise:expr) => {
        match $kind {
            DataType::Int64 => $function::<Int64Type>($($argument),*),
            DataType::UInt64 => $function::<UInt64Type>($($argument),*),
            DataType::Decimal32(..) => $function::<Decimal32Type>($($argument),*),
            DataType::Decimal64(..) => $function::<Decimal64Type>($($argument),*),
            DataType::Decimal128(..) => $function::<Decimal128Type>($($argument),*),
            DataType::Decimal256(..) => $function::<Decimal256Type>($($argument),*),
            DataType::Duration(TimeUnit::Second) => $function::<DurationSecondType>($($argument),*),
            DataType::Duration(TimeUnit::Millisecond) => $function::<DurationMillisecondType>($($argument),*),
            DataType::Duration(TimeUnit::Microsecond) => $function::<DurationMicrosecondType>($($argument),*),
            DataType::Duration(TimeUnit::Nanosecond) => $function::<DurationNanosecondType>($($argument),*),
            _ => $otherwise,
        }
    };
}

/// What it computes is the engine's wherever that has a place.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct CheckedSum {
    engine: Sum,
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn signature(&self) -> &Signature {
        self.engine.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.engine.return_type(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (name, kind) = named(&arguments);
        if arguments.is_distinct {
            let engine = self.engine.accumulator(arguments)?;
            return Ok(of_numbers!(kind, distinct(&name, &kind, engine), engine));
        }
        Ok(of_numbers!(kind, total(&name, &kind), self.engine.accumulator(arguments)?))
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (name, kind) = named(&arguments);
        if arguments.is_distinct {
            let engine = self.engine.create_sliding_accumulator(arguments)?;
            return Ok(of_numbers!(kind, distinct(&name, &kind, engine), engine));
        }
        Ok(of_numbers!(kind, total(&name, &kind), self.engine.create_sliding_accumulator(arguments)?))
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        let (name, kind) = named(&arguments);
        Ok(of_numbers!(kind, groups(&name, &kind), self.engine.create_groups_accumulator(arguments)?))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs<'_>) -> bool {
        self.engine.groups_accumulator_supported(arguments)
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.engine.state_fields(arguments)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.engine.reverse_expr()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.engine.order_sensitivity()
    }

    fn set_monotonicity(&self, kind: &DataType) -> SetMonotonicity {
        self.engine.set_monotonicity(kind)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.engine.documentation()
    }
}

fn named(arguments: &AccumulatorArgs<'_>) -> (String, DataType) {
    (arguments.name.to_owned(), arguments.return_field.data_type().clone())
}

/// What a sum is called, and the numbers that it is one of.
struct Of<T: ArrowNumericType> {
    name: String,
    kind: DataType,
    /// The first number with too many digits, where these are counted.
    end: Option<T::Native>,
}

impl<T: ArrowNumericType> Of<T> {
    fn new(name: &str, kind: &DataType) -> Self {
        let digits = match *kind {
            DataType::Decimal32(digits, _)
            | DataType::Decimal64(digits, _)
            | DataType::Decimal128(digits, _)
            | DataType::Decimal256(digits, _) => Some(u32::from(digits)),
            _ => None,
        };
        let end = digits.and_then(|digits| T::Native::usize_as(10).pow_checked(digits).ok());
        Self { name: name.to_owned(), kind: kind.clone(), end }
    }

    fn has_place(&self, sum: T::Native) -> bool {
        self.end.is_none_or(|end| sum.is_lt(end) && end.neg_wrapping().is_lt(sum))
    }

    fn refused<A>(&self) -> Result<A> {
        let Self { name, kind, .. } = self;
        match kind {
            DataType::Int64 | DataType::UInt64 => exec_err!(
                "{name}, or a part of it, is beyond the whole numbers of 64 bits: cast what is added up to decimal(38, 0)"
            ),
            DataType::Duration(_) => exec_err!("{name}, or a part of it, is longer than a time may be"),
            _ => exec_err!(
                "{name}, or a part of it, has more digits than {kind} has: cast what is added up to decimal(76, 12), or round it"
            ),
        }
    }
}

/// Numbers that tell where what comes out has no place: what goes on then is told all the same, so that nobody has to stop for it.
trait Told: ArrowNativeTypeOp {
    fn plus(self, other: Self) -> (Self, bool);
    fn minus(self, other: Self) -> (Self, bool);
}

macro_rules! told {
    ($($native:ty),*) => {
        $(impl Told for $native {
            fn plus(self, other: Self) -> (Self, bool) {
                self.overflowing_add(other)
            }

            fn minus(self, other: Self) -> (Self, bool) {
                self.overflowing_sub(other)
            }
        })*
    };
}

told!(i32, i64, u64, i128);

impl Told for i256 {
    fn plus(self, other: Self) -> (Self, bool) {
        (self.wrapping_add(other), self.checked_add(other).is_none())
    }

    fn minus(self, other: Self) -> (Self, bool) {
        (self.wrapping_sub(other), self.checked_sub(other).is_none())
    }
}

/// Types of numbers that end somewhere.
trait Ending: ArrowNumericType<Native: Told> + Send {}

impl<T: ArrowNumericType<Native: Told> + Send> Ending for T {}

/// What came so far; in a window that moves on, what is in it.
struct Total<T: Ending> {
    of: Of<T>,
    sum: T::Native,
    values: usize,
}

fn total<T: Ending>(name: &str, kind: &DataType) -> Box<dyn Accumulator> {
    Box::new(Total::<T> { of: Of::new(name, kind), sum: T::default_value(), values: 0 })
}

impl<T: Ending> Total<T> {
    /// Takes values one by one, but for nulls.
    fn fold(&mut self, column: &ArrayRef, step: impl Fn(T::Native, T::Native) -> (T::Native, bool)) -> Result<usize> {
        let column: &PrimitiveArray<T> = column.as_primitive();
        let fold = |so_far, values: &[T::Native]| {
            values.iter().fold(so_far, |(sum, is_over), value| {
                let (sum, is_more) = step(sum, *value);
                (sum, is_over | is_more)
            })
        };
        let so_far = (self.sum, false);
        let (sum, is_over) = match column.nulls() {
            None => fold(so_far, column.values()),
            Some(nulls) => {
                nulls.valid_slices().fold(so_far, |so_far, (begin, end)| fold(so_far, &column.values()[begin..end]))
            }
        };
        self.sum = sum;
        if is_over { self.of.refused() } else { Ok(column.len() - column.null_count()) }
    }

    fn value(&self) -> Result<ScalarValue> {
        ScalarValue::new_primitive::<T>((self.values > 0).then_some(self.sum), &self.of.kind)
    }
}

impl<T: Ending> fmt::Debug for Total<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} values", self.of.name, self.values)
    }
}

impl<T: Ending> Accumulator for Total<T> {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.values += self.fold(&columns[0], Told::plus)?;
        Ok(())
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.values -= self.fold(&columns[0], Told::minus)?;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.of.has_place(self.sum) { self.value() } else { self.of.refused() }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.of.name.capacity()
    }
}

/// The engine keeps which values there are, and adds them up in the end.
struct Distinct<T: Ending> {
    of: Of<T>,
    engine: Box<dyn Accumulator>,
}

fn distinct<T: Ending>(name: &str, kind: &DataType, engine: Box<dyn Accumulator>) -> Box<dyn Accumulator> {
    Box::new(Distinct::<T> { of: Of::new(name, kind), engine })
}

impl<T: Ending> fmt::Debug for Distinct<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.of.name, self.engine)
    }
}

impl<T: Ending> Accumulator for Distinct<T> {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.engine.update_batch(columns)
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.engine.retract_batch(columns)
    }

    fn supports_retract_batch(&self) -> bool {
        self.engine.supports_retract_batch()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.engine.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.engine.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Self { of: Of { name, kind, .. }, engine } = self;
        let mut total = Total::<T> { of: Of::new(name, kind), sum: T::default_value(), values: 0 };
        for state in engine.state()? {
            let ScalarValue::List(values) = state else { return internal_err!("{name} keeps no list of values") };
            total.update_batch(&[values.value(0)])?;
        }
        total.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.of.name.capacity() + self.engine.size()
    }
}

/// The sums of many groups.
struct Groups<T: Ending> {
    of: Of<T>,
    engine: Box<dyn GroupsAccumulator>,
    /// Told by what adds two numbers, which cannot fail.
    is_over: Arc<AtomicBool>,
}

fn groups<T: Ending>(name: &str, kind: &DataType) -> Box<dyn GroupsAccumulator> {
    let is_over = Arc::<AtomicBool>::default();
    let over = is_over.clone();
    let add = move |sum: &mut T::Native, value: T::Native| {
        let (more, is_more) = sum.plus(value);
        *sum = more;
        if is_more {
            over.store(true, Ordering::Relaxed);
        }
    };
    let engine = Box::new(PrimitiveGroupsAccumulator::<T, _>::new(kind, add));
    Box::new(Groups::<T> { of: Of::new(name, kind), engine, is_over })
}

impl<T: Ending> Groups<T> {
    fn check(&self) -> Result<()> {
        if self.is_over.load(Ordering::Relaxed) { self.of.refused() } else { Ok(()) }
    }
}

impl<T: Ending> GroupsAccumulator for Groups<T> {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.engine.update_batch(columns, groups, filter, count)?;
        self.check()
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        self.engine.merge_batch(states, groups, count)?;
        self.check()
    }

    fn evaluate(&mut self, emitted: EmitTo) -> Result<ArrayRef> {
        let sums = self.engine.evaluate(emitted)?;
        // Of a group without values it is nothing.
        let has_place = sums.as_primitive::<T>().values().iter().all(|sum| self.of.has_place(*sum));
        if has_place { Ok(sums) } else { self.of.refused() }
    }

    fn state(&mut self, emitted: EmitTo) -> Result<Vec<ArrayRef>> {
        self.engine.state(emitted)
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.engine.convert_to_state(columns, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.of.name.capacity() + self.engine.size()
    }
}
