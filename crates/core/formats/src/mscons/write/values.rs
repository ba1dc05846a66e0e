//! The values of a message: whether they may stand there, and QTY with its DTM and STS.

use std::collections::HashSet;

use metrify_domain::{Decimal, ObisCode, Period, PointKind, Quality, Timestamp};

use super::rules::{Application, ELECTRICITY, Rules, VALUES_MAX};
use super::{Line, Message, Position, Reason, Refusal, Value, is_midnight, moment, statuses};
use crate::edifact::write::{Writer, minute, number};

const MINUTE_MICROS: i64 = 60 * 1_000_000;
const QUARTER_MICROS: i64 = 15 * MINUTE_MICROS;
/// 10^-3, the finest step of a value.
const STEP: Option<Decimal> = Decimal::from_units(1_000_000_000);

/// Looks at all lines. Returns the span that a load curve has as a whole.
pub(super) fn check_lines(message: &Message, rules: &Rules, at: Position) -> Result<Option<Period>, Refusal> {
    let mut quantities = HashSet::new();
    let mut common: Option<Period> = None;
    for (index, line) in message.lines.iter().enumerate() {
        let at = at.line(index);
        if !quantities.insert(line.quantity.to_string()) {
            return Err(at.refuse(Reason::QuantityAgain(line.quantity)));
        }
        let span = check_line(line, message, rules, at)?;
        // The register readings of a message are of one instant; so are the ends of its load curves.
        if message.application != Application::Energy && common.is_some_and(|common| common != span) {
            return Err(at.refuse(Reason::Span(span.start(), span.end())));
        }
        common = Some(span);
    }
    Ok(common.filter(|_| rules.is_curve))
}

fn check_line(line: &Line, message: &Message, rules: &Rules, at: Position) -> Result<Period, Refusal> {
    let [medium, _, _, processing, ..] = line.quantity.groups();
    let has_unit = line.quantity.default_unit().is_some();
    if (medium, processing) != (ELECTRICITY, rules.processing) || !has_unit {
        return Err(at.refuse(Reason::Quantity(line.quantity, rules.processing)));
    }
    let count = line.values.len();
    if count > VALUES_MAX {
        return Err(at.refuse(Reason::TooManyValues(count)));
    }
    if message.application == Application::RegisterReading && count > 1 {
        return Err(at.refuse(Reason::OneValue(message.application, count)));
    }
    let mut span: Option<Period> = None;
    for (index, value) in line.values.iter().enumerate() {
        let period = value.reading.period;
        let checked = check_times(period, message, rules).and_then(|()| match span {
            Some(before) if rules.is_curve && before.end() != period.start() => {
                Err(Reason::Gap(before.end(), period.start()))
            }
            Some(before) if period.start() < before.end() => Err(Reason::Gap(before.end(), period.start())),
            _ => Ok(()),
        });
        checked.map_err(|reason| at.value(index).refuse(reason))?;
        span = span.map_or(Some(period), |before| Period::interval(before.start(), period.end()));
    }
    span.ok_or_else(|| at.refuse(Reason::Empty))
}

fn check_times(period: Period, message: &Message, rules: &Rules) -> Result<(), Reason> {
    let (start, end) = (period.start(), period.end());
    for at in [start, end] {
        if at.micros() % MINUTE_MICROS != 0 {
            return Err(Reason::Minute(at));
        }
    }
    if end.micros() > message.issued_at.micros().div_euclid(MINUTE_MICROS) * MINUTE_MICROS {
        return Err(Reason::Future(end));
    }
    if rules.is_curve {
        let aligned = start.micros() % QUARTER_MICROS == 0 && start.plus(QUARTER_MICROS) == Some(end);
        return if aligned { Ok(()) } else { Err(Reason::Quarter(start, end)) };
    }
    let by_days =
        message.point.kind() == PointKind::MarketLocation || message.application == Application::RegisterReading;
    let odd: Option<Timestamp> = [start, end].into_iter().find(|at| by_days && !is_midnight(*at));
    odd.map_or(Ok(()), |at| Err(Reason::Midnight(at)))
}

/// Writes QTY with its DTM and STS.
pub(super) fn write(writer: &mut Writer, value: &Value, message: &Message, quantity: ObisCode) -> Result<(), Reason> {
    let rules = message.application.rules();
    let reading = &value.reading;
    if reading.kind != rules.kind {
        return Err(Reason::Kind(reading.kind));
    }
    let qualifier = match reading.quality {
        Quality::True => "220",
        Quality::Substitute => "67",
        Quality::Provisional if rules.provisional => "Z18",
        Quality::Missing => return Err(Reason::Missing),
        other => return Err(Reason::Quality(other)),
    };
    // What was ordered of a Messlokation may be the difference of amounts.
    let may_be_negative =
        message.application == Application::Energy && message.point.kind() == PointKind::MeteringLocation;
    let amount = amount(value, quantity)?;
    if amount.is_negative() && !may_be_negative {
        return Err(Reason::Negative(amount));
    }
    let statuses = statuses::of(value, message.application)?;
    writer.segment("QTY", &[&[qualifier, &number(amount)]])?;
    let period = reading.period;
    if message.application == Application::RegisterReading {
        moment(writer, "7", minute(period.start())?)?;
    } else {
        moment(writer, "163", minute(period.start())?)?;
        moment(writer, "164", minute(period.end())?)?;
    }
    for (category, code) in statuses {
        writer.segment("STS", &[&[category], &[], &[&code]])?;
    }
    Ok(())
}

/// The value in the unit that its OBIS code implies.
fn amount(value: &Value, quantity: ObisCode) -> Result<Decimal, Reason> {
    let number = value.reading.value.ok_or(Reason::Missing)?;
    let unit = value.reading.unit;
    let implied = quantity.default_unit().unwrap_or(unit);
    let amount = unit.convert(number, &implied).ok_or(Reason::Unit(unit, implied))?;
    if STEP.is_some_and(|step| amount.is_multiple_of(step)) { Ok(amount) } else { Err(Reason::Places(amount)) }
}
