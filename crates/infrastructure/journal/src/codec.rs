//! One entry as bytes. The first byte is the version of this encoding; older ones stay readable.

use metrify_application::Tenant;
use metrify_application::record::{
    Accepted, Counts, DeliveryId, DeliveryRecord, PointRecord, PointStatus, Reject, RejectState, Retraction, Sequence,
    Standing, Version, WithdrawalRecord,
};
use metrify_domain::{
    Batch, Channel, Code, Decimal, Document, Finding, Kind, Period, PointKind, Quality, Reading, Row, Severity, Tables,
    Timestamp, Unit,
};
use metrify_formats::Meter;

use crate::wire::{Reader, Result, WireError, Writer};

mod answers;
mod records;

const VERSION: u8 = 4;
/// The last version without records.
const WITHOUT_RECORDS: u8 = 1;
/// The last version without retractions.
const WITHOUT_RETRACTIONS: u8 = 2;
/// The last version without answers to requests.
const WITHOUT_ANSWERS: u8 = 3;

pub(crate) fn encode(tenant: &Tenant, entry: &Accepted) -> Vec<u8> {
    let mut out = Writer::default();
    out.byte(VERSION);
    out.text(tenant.as_str());
    out.text(entry.delivery.as_str());
    out.signed(entry.received_at.micros());
    write_batch(&mut out, &entry.batch);
    out.list(&entry.standings, |out, standing| out.byte(*standing as u8));
    out.list(&entry.ended, |out, (channel, period)| {
        write_channel(out, channel);
        write_period(out, *period);
    });
    out.list(&entry.restored, write_version);
    out.list(&entry.withdrawals, write_withdrawal);
    out.list(&entry.points, write_point);
    out.list(&entry.meters, write_meter);
    out.list(&entry.findings, write_finding);
    let mut prelude: &[u8] = &[];
    out.list(&entry.rejects, |out, reject| write_reject(out, reject, &mut prelude));
    out.option(entry.finished.as_ref(), write_delivery);
    out.list(&entry.records, records::write);
    out.list(&entry.retractions, |out, retraction| {
        out.signed(retraction.version.0);
        out.signed(retraction.retracted_at.micros());
    });
    out.option(entry.answered.as_ref(), answers::write);
    out.bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(Tenant, Accepted)> {
    let mut input = Reader { rest: bytes };
    let (version, tenant) = read_head(&mut input)?;
    let entry = Accepted {
        delivery: read_delivery_id(&mut input)?,
        received_at: read_time(&mut input)?,
        batch: read_batch(&mut input)?,
        standings: input.list(|input| one_of(input, &[Standing::First, Standing::Correction, Standing::Late]))?,
        ended: input.list(|input| Ok((read_channel(input)?, read_period(input)?)))?,
        restored: input.list(read_version)?,
        withdrawals: input.list(read_withdrawal)?,
        points: input.list(read_point)?,
        meters: input.list(read_meter)?,
        findings: input.list(read_finding)?,
        rejects: {
            let mut prelude: &[u8] = &[];
            input.list(|input| read_reject(input, &mut prelude))?
        },
        finished: input.option(read_delivery)?,
        records: if version > WITHOUT_RECORDS { input.list(records::read)? } else { Vec::new() },
        retractions: if version > WITHOUT_RETRACTIONS { input.list(read_retraction)? } else { Vec::new() },
        answered: if version > WITHOUT_ANSWERS { input.option(answers::read)? } else { None },
    };
    if !input.rest.is_empty() || entry.standings.len() != entry.batch.rows().len() {
        return Err(WireError::Nonsense("lists of different lengths"));
    }
    Ok((tenant, entry))
}

fn read_head(input: &mut Reader<'_>) -> Result<(u8, Tenant)> {
    let version = input.byte()?;
    if !(WITHOUT_RECORDS..=VERSION).contains(&version) {
        return Err(WireError::Nonsense("an encoding of another version"));
    }
    Ok((version, input.parsed("no tenant's name", |text| text.parse().ok())?))
}

/// Whether bytes begin as an entry does; told by a few of them.
pub(crate) fn may_be(bytes: &[u8]) -> bool {
    read_head(&mut Reader { rest: bytes }).is_ok()
}

/// One of a few values that are written as their place in a list.
fn one_of<T: Copy>(input: &mut Reader<'_>, values: &[T]) -> Result<T> {
    let place = usize::from(input.byte()?);
    values.get(place).copied().ok_or(WireError::Nonsense("a choice that does not exist"))
}

const KINDS: [Kind; 3] = [Kind::Register, Kind::Interval, Kind::Instant];

fn read_time(input: &mut Reader<'_>) -> Result<Timestamp> {
    input.signed().map(Timestamp::from_micros)
}

fn read_delivery_id(input: &mut Reader<'_>) -> Result<DeliveryId> {
    input.text().map(|id| DeliveryId::from_stored(id.to_owned()))
}

fn write_channel(out: &mut Writer, channel: &Channel) {
    out.text(channel.point.as_str());
    out.text(&channel.quantity.to_string());
}

fn read_channel(input: &mut Reader<'_>) -> Result<Channel> {
    Ok(Channel {
        point: input.parsed("no point", |text| text.parse().ok())?,
        quantity: input.parsed("no quantity", |text| text.parse().ok())?,
    })
}

/// The end is written as the distance from the start: most periods are a quarter of an hour, or nothing.
fn write_period(out: &mut Writer, period: Period) {
    out.signed(period.start().micros());
    out.number((period.end().micros() - period.start().micros()).cast_unsigned());
}

fn read_period(input: &mut Reader<'_>) -> Result<Period> {
    let start = read_time(input)?;
    read_length(input, start)
}

fn read_length(input: &mut Reader<'_>, start: Timestamp) -> Result<Period> {
    let length = i64::try_from(input.number()?).map_err(|_| WireError::Nonsense("an endless period"))?;
    let end = start.plus(length).ok_or(WireError::Nonsense("an endless period"))?;
    Ok(Period::interval(start, end).unwrap_or(Period::instant(start)))
}

/// Steps in which values are mostly counted, in units of 10^-12: whole numbers, thousandths, millionths.
const STEPS: [i128; 4] = [1_000_000_000_000, 1_000_000_000, 1_000_000, 1];

fn write_value(out: &mut Writer, value: Option<Decimal>) {
    let Some(value) = value else {
        return out.byte(STEPS.len() as u8);
    };
    let step = STEPS.iter().position(|step| value.units() % step == 0).unwrap_or(STEPS.len() - 1);
    out.byte(step as u8);
    out.wide(value.units() / STEPS[step]);
}

fn read_value(input: &mut Reader<'_>) -> Result<Option<Decimal>> {
    let Some(step) = STEPS.get(usize::from(input.byte()?)) else {
        return Ok(None);
    };
    let units = input.wide()?.checked_mul(*step).and_then(Decimal::from_units);
    units.map(Some).ok_or(WireError::Nonsense("a value of more than 38 digits"))
}

fn write_code(out: &mut Writer, code: Option<Code>) {
    out.option(code, |out, code| out.text(code.as_str()));
}

fn read_code(input: &mut Reader<'_>) -> Result<Option<Code>> {
    input.option(|input| input.parsed("no code", Code::new))
}

fn write_document(out: &mut Writer, document: &Document) {
    out.text(&document.reference);
    out.option(document.known_at, |out, at| out.signed(at.micros()));
}

fn read_document(input: &mut Reader<'_>) -> Result<Document> {
    Ok(Document { reference: input.text()?.to_owned(), known_at: input.option(read_time)? })
}

fn write_batch(out: &mut Writer, batch: &Batch) {
    let tables = if batch.rows().is_empty() { Tables::default() } else { batch.tables() };
    out.list(&tables.channels, write_channel);
    out.list(&tables.units, |out, unit| out.text(unit.as_str()));
    out.list(&tables.codes, |out, code| out.text(code.as_str()));
    out.list(&tables.documents, write_document);
    let mut before = 0;
    out.number(batch.rows().len() as u64);
    for row in batch.rows() {
        out.number(u64::from(row.channel));
        out.number(u64::from(row.document));
        // A number one higher leaves zero for none.
        out.number(row.method.map_or(0, |code| u64::from(code) + 1));
        out.number(row.reason.map_or(0, |code| u64::from(code) + 1));
        out.number(u64::from(row.unit));
        out.byte((row.kind as u8) << 4 | row.quality as u8);
        out.signed(row.period.start().micros().wrapping_sub(before));
        before = row.period.start().micros();
        out.number((row.period.end().micros() - before).cast_unsigned());
        write_value(out, row.value);
    }
}

fn read_batch(input: &mut Reader<'_>) -> Result<Batch> {
    let tables = Tables {
        channels: input.list(read_channel)?,
        units: input.list(|input| input.parsed("no unit", Unit::new))?,
        codes: input.list(|input| input.parsed("no code", Code::new))?,
        documents: input.list(read_document)?,
    };
    let mut before = 0;
    let rows = input.list(|input| read_row(input, &mut before))?;
    Batch::from_tables(tables, rows).ok_or(WireError::Nonsense("a row that refers to what is not there"))
}

fn read_row(input: &mut Reader<'_>, before: &mut i64) -> Result<Row> {
    let small = |number: u64| u32::try_from(number).map_err(|_| WireError::Nonsense("a number beyond its table"));
    let code = |number: u64| match number {
        0 => Ok(None),
        number => u16::try_from(number - 1).map(Some).map_err(|_| WireError::Nonsense("a number beyond its table")),
    };
    let channel = small(input.number()?)?;
    let document = small(input.number()?)?;
    let method = code(input.number()?)?;
    let reason = code(input.number()?)?;
    let unit = u16::try_from(input.number()?).map_err(|_| WireError::Nonsense("a number beyond its table"))?;
    let choices = input.byte()?;
    let kind = *KINDS.get(usize::from(choices >> 4)).ok_or(WireError::Nonsense("no kind"))?;
    let quality = *Quality::ALL.get(usize::from(choices & 0xf)).ok_or(WireError::Nonsense("no quality"))?;
    *before = before.wrapping_add(input.signed()?);
    let period = read_length(input, Timestamp::from_micros(*before))?;
    Ok(Row { value: read_value(input)?, period, channel, document, method, reason, unit, kind, quality })
}

fn write_version(out: &mut Writer, version: &Version) {
    write_channel(out, &version.channel);
    let reading = &version.reading;
    out.byte((reading.kind as u8) << 4 | reading.quality as u8);
    write_period(out, reading.period);
    write_value(out, reading.value);
    out.text(reading.unit.as_str());
    write_code(out, reading.method);
    write_code(out, reading.reason);
    out.signed(version.recorded_at.micros());
    out.text(version.delivery.as_str());
    out.text(&version.document);
    out.signed(version.sequence.0);
}

fn read_version(input: &mut Reader<'_>) -> Result<Version> {
    let channel = read_channel(input)?;
    let choices = input.byte()?;
    let reading = Reading {
        kind: *KINDS.get(usize::from(choices >> 4)).ok_or(WireError::Nonsense("no kind"))?,
        quality: *Quality::ALL.get(usize::from(choices & 0xf)).ok_or(WireError::Nonsense("no quality"))?,
        period: read_period(input)?,
        value: read_value(input)?,
        unit: input.parsed("no unit", Unit::new)?,
        method: read_code(input)?,
        reason: read_code(input)?,
    };
    Ok(Version {
        channel,
        reading,
        recorded_at: read_time(input)?,
        delivery: read_delivery_id(input)?,
        document: input.text()?.to_owned(),
        sequence: Sequence(input.signed()?),
    })
}

fn write_withdrawal(out: &mut Writer, record: &WithdrawalRecord) {
    out.text(&record.document);
    write_document(out, &record.by);
    out.signed(record.withdrawn_at.micros());
    out.text(record.delivery.as_str());
}

fn read_withdrawal(input: &mut Reader<'_>) -> Result<WithdrawalRecord> {
    Ok(WithdrawalRecord {
        document: input.text()?.to_owned(),
        by: read_document(input)?,
        withdrawn_at: read_time(input)?,
        delivery: read_delivery_id(input)?,
    })
}

fn read_retraction(input: &mut Reader<'_>) -> Result<Retraction> {
    Ok(Retraction { version: Sequence(input.signed()?), retracted_at: read_time(input)? })
}

fn write_point(out: &mut Writer, record: &PointRecord) {
    out.text(record.point.as_str());
    out.text(record.kind.name());
    out.option(record.name.as_deref(), Writer::text);
    out.byte(record.status as u8);
    out.signed(record.since.micros());
    out.text(record.delivery.as_str());
}

fn read_point(input: &mut Reader<'_>) -> Result<PointRecord> {
    Ok(PointRecord {
        point: input.parsed("no point", |text| text.parse().ok())?,
        kind: input.parsed("no kind of point", PointKind::from_name)?,
        name: input.option(|input| input.text().map(str::to_owned))?,
        status: one_of(input, &PointStatus::ALL)?,
        since: read_time(input)?,
        delivery: read_delivery_id(input)?,
    })
}

fn write_meter(out: &mut Writer, meter: &Meter) {
    out.text(meter.point.as_str());
    out.option(meter.kind, |out, kind| out.text(kind.name()));
    out.option(meter.name.as_deref(), Writer::text);
    out.option(meter.server_id.as_deref(), Writer::blob);
    out.option(meter.maker.as_deref(), Writer::text);
    out.option(meter.resolution, |out, (step, unit)| {
        out.wide(step.units());
        out.text(unit.as_str());
    });
}

fn read_meter(input: &mut Reader<'_>) -> Result<Meter> {
    Ok(Meter {
        point: input.parsed("no point", |text| text.parse().ok())?,
        kind: input.option(|input| input.parsed("no kind of point", PointKind::from_name))?,
        name: input.option(|input| input.text().map(str::to_owned))?,
        server_id: input.option(|input| input.blob().map(<[u8]>::to_vec))?,
        maker: input.option(|input| input.text().map(str::to_owned))?,
        resolution: input.option(|input| {
            let step =
                Decimal::from_units(input.wide()?).ok_or(WireError::Nonsense("a value of more than 38 digits"))?;
            Ok((step, input.parsed("no unit", Unit::new)?))
        })?,
    })
}

fn write_finding(out: &mut Writer, finding: &Finding) {
    out.text(&finding.rule);
    out.byte(finding.severity as u8);
    out.option(finding.channel.as_ref(), write_channel);
    out.option(finding.period, write_period);
    out.text(&finding.position);
    out.text(&finding.reason);
}

fn read_finding(input: &mut Reader<'_>) -> Result<Finding> {
    Ok(Finding {
        rule: input.text()?.to_owned().into(),
        severity: one_of(input, &Severity::ALL)?,
        channel: input.option(read_channel)?,
        period: input.option(read_period)?,
        position: input.text()?.to_owned(),
        reason: input.text()?.to_owned(),
    })
}

/// Many rejects stand under one head: it is written where it changes.
fn write_reject<'r>(out: &mut Writer, reject: &'r Reject, prelude: &mut &'r [u8]) {
    for text in [&reject.id, reject.delivery.as_str(), &reject.source, &reject.format, &reject.position, &reject.reason]
    {
        out.text(text);
    }
    out.number(reject.readings);
    let new = (reject.prelude != *prelude).then_some(reject.prelude.as_slice());
    out.option(new, Writer::blob);
    *prelude = &reject.prelude;
    out.blob(&reject.bytes);
    out.signed(reject.since().micros());
    out.byte(reject.state() as u8);
}

fn read_reject<'i>(input: &mut Reader<'i>, prelude: &mut &'i [u8]) -> Result<Reject> {
    let mut reject = Reject {
        id: input.text()?.to_owned(),
        delivery: read_delivery_id(input)?,
        source: input.text()?.to_owned(),
        format: input.text()?.to_owned(),
        position: input.text()?.to_owned(),
        reason: input.text()?.to_owned(),
        readings: input.number()?,
        prelude: {
            *prelude = input.option(Reader::blob)?.unwrap_or(prelude);
            prelude.to_vec()
        },
        bytes: input.blob()?.to_vec(),
        rejected_at: read_time(input)?,
        resolved_at: None,
    };
    match one_of(input, &RejectState::ALL)? {
        RejectState::Open => {}
        RejectState::Resolved => reject.resolved_at = Some(reject.rejected_at),
    }
    Ok(reject)
}

fn write_delivery(out: &mut Writer, record: &DeliveryRecord) {
    out.text(record.id.as_str());
    out.text(&record.source);
    out.text(&record.format);
    out.number(record.bytes);
    out.signed(record.received_at.micros());
    write_counts(out, record.counts);
}

fn write_counts(out: &mut Writer, counts: Counts) {
    let Counts { received, stored, duplicates, corrections, rejected } = counts;
    [received, stored, duplicates, corrections, rejected].into_iter().for_each(|count| out.number(count));
}

fn read_counts(input: &mut Reader<'_>) -> Result<Counts> {
    Ok(Counts {
        received: input.number()?,
        stored: input.number()?,
        duplicates: input.number()?,
        corrections: input.number()?,
        rejected: input.number()?,
    })
}

fn read_delivery(input: &mut Reader<'_>) -> Result<DeliveryRecord> {
    Ok(DeliveryRecord {
        id: read_delivery_id(input)?,
        source: input.text()?.to_owned(),
        format: input.text()?.to_owned(),
        bytes: input.number()?,
        received_at: read_time(input)?,
        counts: read_counts(input)?,
    })
}
