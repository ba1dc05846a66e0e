//! A list of the document (`MeterReading`): one register, and its values one after another.
//!
//! The logical name of a register (`0100010800FF.1ITR0054927492.sm`) is its code and where it is kept: the meter in a list as
//! the meter counted it, the gateway's use case in a list that was derived. Where `obisCode` says something else than the
//! logical name, the name counts: by it the gateway keeps the register, and two registers must not share a channel.

use std::collections::BTreeSet;

use metrify_domain::time::SECOND;
use metrify_domain::{Channel, Decimal, Kind, ObisCode, Period, Point, Quantity, Reading, Severity, Timestamp, Unit};

use super::advance::{Advance, State, Step, alignment};
use super::amounts::{self, Amounts};
use super::raster::Raster;
use super::status::Status;
use super::{Context, instant, signature, signer};
use crate::dates::shown;
use crate::espi;
use crate::output::Output;
use crate::server_id;
use crate::xml::{Node, Text, Then};

/// Longest signature in characters. The schema allows 512.
const SIGNATURE_CHARS_MAX: usize = 10_000;
/// Longest text of a reading that is read, in characters.
const TEXT_CHARS_MAX: usize = 100;

/// What is told once for a list.
type Rule = (Severity, &'static str);
/// A meter, with its server id where the document has it.
type Counted = (Option<Vec<u8>>, Point);

/// Where a list stands.
pub(super) struct Place<'a> {
    pub(super) context: &'a Context,
    pub(super) number: u64,
    pub(super) node: &'a Node<'a>,
}

/// What the list says of itself.
#[derive(Debug, Default)]
struct Texts {
    meter_id: String,
    id: String,
    multiplier: String,
    uom: String,
    scaler: String,
    obis: String,
    logical_name: String,
    period: String,
}

/// A value as it stands.
#[derive(Debug, Default)]
struct ReadingTexts {
    value: String,
    start: String,
    duration: String,
    target: String,
    ptb: String,
    fnn: String,
    certificate: String,
    signature: String,
    meter_signature: String,
}

/// What every value of a list has in common.
#[derive(Debug)]
struct Register {
    channel: Channel,
    /// What lies between its states.
    amounts: Option<(Channel, Raster)>,
    has_amounts: bool,
    kind: Option<Kind>,
    unit: Unit,
    exponent: i32,
    raster: Option<Raster>,
    /// Of the meter, where the list is as it counted.
    meter: Option<Counted>,
}

#[derive(Debug, Default)]
pub(super) struct List {
    texts: Texts,
    reading: ReadingTexts,
    /// Made with the first value.
    register: Option<Result<Register, String>>,
    advance: Advance,
    /// When the first fatal fault was told.
    fatal_at: Option<Timestamp>,
    readings: u64,
    /// Values that are lost with the whole list.
    lost: u64,
    told: BTreeSet<&'static str>,
    meter: Option<Counted>,
}

/// When a value was captured.
struct Moment {
    captured: Timestamp,
    duration_s: u32,
    /// When it should have been.
    target: Option<Timestamp>,
}

impl Moment {
    fn read(texts: &ReadingTexts) -> Result<Self, String> {
        let time = |name: &str, text: &str| {
            instant(text).ok_or_else(|| format!("the {name} `{}` is no time with its offset", shown(text)))
        };
        let duration_s = match texts.duration.as_str() {
            "" => 0,
            text => text.parse().map_err(|_| format!("the duration `{}` is no number", shown(text)))?,
        };
        let target = match texts.target.as_str() {
            "" => None,
            text => Some(time("targetTime", text)?),
        };
        Ok(Self { captured: time("start", &texts.start)?, duration_s, target })
    }
}

impl List {
    pub(super) fn read(&mut self, name: &str, text: String) {
        let slot = match name {
            "meterId" => &mut self.texts.meter_id,
            "meterReadingId" => &mut self.texts.id,
            "powerOfTenMultiplier" => &mut self.texts.multiplier,
            "uom" => &mut self.texts.uom,
            "scaler" => &mut self.texts.scaler,
            "obisCode" => &mut self.texts.obis,
            "qualifiedLogicalName" => &mut self.texts.logical_name,
            "measurementPeriod" => &mut self.texts.period,
            _ => return,
        };
        *slot = text;
    }

    pub(super) fn begin_reading(&mut self) {
        self.reading = ReadingTexts::default();
        self.readings += 1;
    }

    pub(super) fn read_reading(&mut self, name: &str, text: Text<'_>) {
        let (slot, chars_max) = match name {
            "value" => (&mut self.reading.value, TEXT_CHARS_MAX),
            "start" => (&mut self.reading.start, TEXT_CHARS_MAX),
            "duration" => (&mut self.reading.duration, TEXT_CHARS_MAX),
            "targetTime" => (&mut self.reading.target, TEXT_CHARS_MAX),
            "statusPTB" => (&mut self.reading.ptb, TEXT_CHARS_MAX),
            "statusFNN" => (&mut self.reading.fnn, TEXT_CHARS_MAX),
            "certId" => (&mut self.reading.certificate, TEXT_CHARS_MAX),
            "signature" => (&mut self.reading.signature, SIGNATURE_CHARS_MAX),
            "meterSig" => (&mut self.reading.meter_signature, SIGNATURE_CHARS_MAX),
            _ => return,
        };
        *slot = text.short(chars_max);
    }

    /// The meter of the list, once, with its server id where the document has it.
    pub(super) const fn take_meter(&mut self) -> Option<Counted> {
        self.meter.take()
    }

    /// Hands on a value; whether it has to be kept for the problem of the whole list.
    pub(super) fn end_reading(&mut self, place: &Place<'_>, out: &mut Output<'_>) -> Then {
        let register = match self.register.take() {
            Some(register) => register,
            None => self.begin(place, out),
        };
        match &register {
            Ok(register) => {
                if let Err(reason) = self.value(register, place, out) {
                    out.problem(place.node.problem(self.position(place), reason, 1));
                }
            }
            Err(_) => self.lost += 1,
        }
        let then = if register.is_ok() { Then::Forget } else { Then::Keep };
        self.register = Some(register);
        then
    }

    pub(super) fn finish(mut self, place: &Place<'_>, out: &mut Output<'_>) {
        let position = self.name(place);
        match self.register.take() {
            Some(Ok(register)) => self.settle(&register, place, out),
            Some(Err(reason)) => out.problem(place.node.problem(position, reason, self.lost)),
            None => out.remark(Severity::Note, "empty_list", position, "the list has no values".to_owned()),
        }
    }

    /// How many values are lost with a list that does not end.
    pub(super) fn abandon(mut self, place: &Place<'_>, out: &mut Output<'_>) -> u64 {
        if let Some(Ok(register)) = self.register.take() {
            self.settle(&register, place, out);
        }
        self.lost
    }

    /// Forms the last amount.
    fn settle(&self, register: &Register, place: &Place<'_>, out: &mut Output<'_>) {
        if let Some((_, raster)) = &register.amounts {
            hand_on(self.advance.settle(raster), register, place, || self.name(place), out);
        }
    }

    fn name(&self, place: &Place<'_>) -> String {
        let names = [&self.texts.logical_name, &self.texts.id];
        let name = names.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str);
        format!("list {} ({})", place.number, shown(name))
    }

    fn position(&self, place: &Place<'_>) -> String {
        format!("{}, reading {}", self.name(place), self.readings)
    }

    /// Once for a list, however often it holds.
    fn once(&mut self, (severity, rule): Rule, reason: &str, place: &Place<'_>, out: &mut Output<'_>) {
        if self.told.insert(rule) {
            out.remark(severity, rule, self.position(place), reason.to_owned());
        }
    }

    fn begin(&mut self, place: &Place<'_>, out: &mut Output<'_>) -> Result<Register, String> {
        let (named, code) = self.code()?;
        if code.is_some_and(|code| code != named) {
            let reason = format!(
                "obisCode `{}` is not that of the logical name `{}`, which counts",
                shown(&self.texts.obis),
                shown(&self.texts.logical_name)
            );
            self.once((Severity::Warning, "obis_code"), &reason, place, out);
        }
        let register = self.register(named, place.context)?;
        self.meter.clone_from(&register.meter);
        if register.has_amounts && register.amounts.is_none() {
            let period = &self.texts.period;
            let reason = match register.raster {
                None => format!("nobody tells where periods of {period} s begin, so no amounts are formed"),
                Some(_) => format!("amounts of gas are formed of hours, not of {period} s"),
            };
            self.once((Severity::Note, "raster"), &reason, place, out);
        }
        Ok(register)
    }

    /// The code of the register, and what `obisCode` says.
    fn code(&self) -> Result<(ObisCode, Option<ObisCode>), String> {
        let named = obis(self.texts.logical_name.split('.').next().unwrap_or_default());
        let code = obis(&self.texts.obis);
        let found = named.or(code);
        let found = found.ok_or_else(|| {
            let Texts { obis, logical_name, .. } = &self.texts;
            format!("neither obisCode `{}` nor the logical name `{}` is an OBIS code", shown(obis), shown(logical_name))
        })?;
        Ok((found, code))
    }

    fn register(&self, code: ObisCode, context: &Context) -> Result<Register, String> {
        let exponent = |text: &str| match text {
            "" => Ok(0),
            text => text.parse::<i16>().map(i32::from).map_err(|_| format!("`{}` is no power of ten", shown(text))),
        };
        let exponent = exponent(&self.texts.multiplier)? + exponent(&self.texts.scaler)?;
        let uom = self.texts.uom.parse().map_err(|_| format!("`{}` is no unit (uom)", shown(&self.texts.uom)))?;
        let unit = espi::unit(uom).ok_or("the unit (uom) cannot be told")?;
        let period_s = match self.texts.period.as_str() {
            // Meters of gas have a zero, which tells as little.
            "" | "0" => None,
            text => Some(text.parse().map_err(|_| format!("the measurementPeriod `{}` is no number", shown(text)))?),
        };
        let (point, meter) = self.point(context)?;
        let channel = |code| Channel { point: point.clone(), quantity: Quantity::Obis(code) };
        let raster = Raster::new(period_s, code.groups()[0]);
        let has_amounts = amounts::has_amounts(code, unit);
        let amounts = raster.filter(|_| has_amounts).and_then(|raster| amounts::amounts(code, raster));
        let amounts = amounts.map(|Amounts { code, raster }| (channel(code), raster));
        let (channel, kind) = (channel(code), code.natural_kind());
        Ok(Register { channel, amounts, has_amounts, kind, unit, exponent, raster, meter })
    }

    /// Where the values are told: at the meter that counted them, or at the usage point for which they were derived.
    fn point(&self, context: &Context) -> Result<(Point, Option<Counted>), String> {
        let Texts { meter_id, logical_name, .. } = &self.texts;
        // A server id has nine or ten bytes; other names of meters are texts.
        let id = Some(meter_id).filter(|id| matches!(id.len(), 18 | 20)).and_then(|id| espi::hex(id));
        let meter = match &id {
            Some(id) => server_id::point(id),
            None => meter_id.parse().ok(),
        };
        let kept_at = logical_name.split('.').nth(1);
        let is_counted = kept_at.is_none_or(|kept_at| {
            let kept_id = espi::hex(kept_at);
            kept_at.eq_ignore_ascii_case(meter_id)
                || meter.as_ref().is_some_and(|meter| kept_at.eq_ignore_ascii_case(meter.as_str()))
                || kept_id.is_some() && kept_id == id
        });
        if is_counted {
            let meter = meter.ok_or_else(|| format!("the meter `{}` cannot be a point", shown(meter_id)))?;
            return Ok((meter.clone(), Some((id, meter))));
        }
        let point = context.usage_point.parse().map_err(|error: metrify_domain::point::PointError| {
            format!("values were derived for the usage point `{}`: {error}", shown(&context.usage_point))
        })?;
        Ok((point, None))
    }

    fn value(&mut self, register: &Register, place: &Place<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let texts = std::mem::take(&mut self.reading);
        let value = texts.value.parse::<i128>();
        let value = value.map_err(|_| format!("the value `{}` is no integer", shown(&texts.value)))?;
        let value = Decimal::scaled(value, register.exponent)
            .map_err(|error| format!("the value {value} times ten to the {} {error}", register.exponent))?;
        let status = Status::read(&texts.ptb, &texts.fnn)?;
        let moment = Moment::read(&texts)?;
        let (kind, period, is_on_raster) = self.placed(register, &moment, place, out)?;
        self.tell_status(status, place, out);
        let status = self.standing(status, moment.captured, place, out);
        let method = if kind == Kind::Interval { None } else { alignment(moment.captured, period.start()) };
        let Status { quality, reason, .. } = status;
        let reading = Reading { kind, period, value: Some(value), unit: register.unit, quality, method, reason };
        out.reading(&register.channel, &place.context.document, &reading);
        sign(&texts, register, moment.captured, place, out);
        if let (Kind::Register, Some((_, raster))) = (kind, &register.amounts) {
            let (at, unit) = (period.start(), register.unit);
            // One beside a raster that is finer than that of the amounts is none that an amount could have begun with.
            let is_due = Some(*raster) == register.raster || is_on_raster && raster.has(at);
            let state = State { at, value, unit, quality, reason, is_on_raster, is_due, is_doubtful: false };
            for step in self.advance.push(raster, state) {
                hand_on(step, register, place, || self.position(place), out);
            }
        }
        Ok(())
    }

    /// What kind of value it is, when it was, and whether that is on the raster.
    fn placed(
        &mut self,
        register: &Register,
        moment: &Moment,
        place: &Place<'_>,
        out: &mut Output<'_>,
    ) -> Result<(Kind, Period, bool), String> {
        let Moment { captured, duration_s, target } = *moment;
        let by_duration = if duration_s > 0 { Kind::Interval } else { Kind::Instant };
        let kind = register.kind.unwrap_or(by_duration);
        if kind == Kind::Interval {
            let end = captured.plus(i64::from(duration_s) * SECOND);
            let period = end.and_then(|end| Period::interval(captured, end));
            return Ok((kind, period.ok_or("the amount has no duration")?, false));
        }
        if duration_s > 0 {
            let reason = format!("a value of an instant has a duration of {duration_s} s, which is not heeded");
            self.once((Severity::Note, "duration"), &reason, place, out);
        }
        let Some(raster) = register.raster else { return Ok((kind, Period::instant(captured), false)) };
        let placed = raster.place(captured, target);
        if !placed.is_on_raster && (raster.is_told || target.is_some()) {
            let meant = target.map(|target| format!(" for {target}")).unwrap_or_default();
            let reason =
                format!("captured at {captured}{meant}, more than a hundredth of the period beside the raster");
            out.remark(Severity::Warning, "beside_raster", self.position(place), reason);
        }
        Ok((kind, Period::instant(placed.at), placed.is_on_raster))
    }

    /// What the status of a value comes to after a fatal fault of its register.
    fn standing(&mut self, status: Status, captured: Timestamp, place: &Place<'_>, out: &mut Output<'_>) -> Status {
        match self.fatal_at {
            Some(fatal_at) if captured > fatal_at => {
                let reason = format!("a fatal fault is told at {fatal_at}: no later value of the register is valid");
                self.once((Severity::Warning, "fatal_fault"), &reason, place, out);
                status.after_fatal()
            }
            known => {
                self.fatal_at = if status.is_fatal { Some(captured) } else { known };
                status
            }
        }
    }

    fn tell_status(&mut self, status: Status, place: &Place<'_>, out: &mut Output<'_>) {
        if !status.is_told {
            self.once(
                (Severity::Note, "no_status"),
                "neither statusPTB nor statusFNN is told; taken as without a fault",
                place,
                out,
            );
        }
        if status.is_contradictory {
            self.once(
                (Severity::Warning, "status"),
                "statusPTB and statusFNN do not say the same; statusPTB counts",
                place,
                out,
            );
        }
    }
}

fn hand_on(
    step: Step,
    register: &Register,
    place: &Place<'_>,
    position: impl FnOnce() -> String,
    out: &mut Output<'_>,
) {
    match (step, &register.amounts) {
        (Step::Amount(reading), Some((channel, _))) => out.reading(channel, &place.context.document, &reading),
        (Step::Odd { severity, rule, reason }, _) => out.remark(severity, rule, position(), reason),
        (Step::Amount(_), None) | (Step::Nothing, _) => {}
    }
}

/// Keeps the signatures of a value, with the time at which it was captured: over that they were made.
fn sign(texts: &ReadingTexts, register: &Register, captured: Timestamp, place: &Place<'_>, out: &mut Output<'_>) {
    for (text, is_gateway) in [(&texts.signature, true), (&texts.meter_signature, false)] {
        if text.is_empty() {
            continue;
        }
        let gateway = || signer(&place.context.gateway, &texts.certificate);
        let signer = if is_gateway { gateway() } else { register.channel.point.to_string() };
        let bytes = espi::hex(text).unwrap_or_else(|| text.as_bytes().to_vec());
        let of = Some((&register.channel, captured));
        signature("signature", signer, of, bytes, &place.context.document)
            .into_iter()
            .for_each(|record| out.record(record));
    }
}

/// An OBIS code as twelve hexadecimal digits, or as it is read.
fn obis(text: &str) -> Option<ObisCode> {
    match espi::hex(text).and_then(|bytes| <[u8; 6]>::try_from(bytes).ok()) {
        Some(groups) => Some(ObisCode::from_bytes(groups)),
        None => text.parse().ok(),
    }
}
