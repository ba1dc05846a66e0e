//! Turns a piece of a delivery into one entry of the journal: points known, structure checked, versions settled.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use metrify_domain::{Batch, Finding, Point, PointKind, Timestamp};
use metrify_formats::limits::PROBLEMS_APART_MAX;
use metrify_formats::{Decoded, Format, Meter, Problem, ndjson};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::accept::UnknownPoints;
use crate::ingest::noted::{Noted, name_of_finding, name_of_reject};
use crate::ingest::once::Request;
use crate::ingest::receipt::Receipt;
use crate::ingest::records::{self, Kept};
use crate::ingest::registered;
use crate::ingest::settle::{self, Contradiction, Origin, Settled};
use crate::ingest::withdraw::{self, TakenBack};
use crate::record::{
    Accepted, Answered, Counts, DeliveryId, DeliveryRecord, PointRecord, PointStatus, Position, RecordRow, Reject,
    Version,
};

/// A piece of a delivery, decoded.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) delivery: DeliveryId,
    pub(super) source: String,
    pub(super) format: String,
    pub(super) received_at: Timestamp,
    /// The journal's position when the delivery began to be read; 0 for what is no reading of a delivery.
    pub(super) begun: Position,
    /// Whether its bytes came before, and were counted then.
    pub(super) is_read_again: bool,
    /// How many rejects of this delivery came in pieces before.
    pub(super) rejects_before: u64,
    /// The same for all of its pieces.
    pub(super) noted: Noted,
    /// Without its records, which have got their names.
    pub(super) decoded: Decoded,
    pub(super) records: Vec<RecordRow>,
    /// With the last piece.
    pub(super) finish: Option<Finish>,
    /// Rejects that are understood by now.
    pub(super) resolved: Vec<Reject>,
    /// Versions that the delivery turned out not to say.
    pub(super) retracted: Vec<Version>,
    /// Points that somebody vouched for.
    pub(super) confirmed: Vec<PointRecord>,
    /// A request whose deliveries have all come in.
    pub(super) answered: Option<Answered>,
}

/// What is told of a delivery once all of it has come in.
#[derive(Debug)]
pub(super) struct Finish {
    pub(super) bytes: u64,
    /// The account of the pieces before the last.
    pub(super) receipt: Receipt,
    /// The request that the receipt answers, where the delivery is all of it.
    pub(super) request: Option<Request>,
}

/// What became of a piece.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) findings: u64,
    /// Position and reason.
    pub(super) problems: Vec<(String, String)>,
}

/// Readings that are kept as one reject where very many are refused.
const ROWS_PER_REJECT: usize = 256;

/// A problem and the format in which its bytes can be read again.
type Refused = (Problem, String);

/// # Errors
/// Where the store cannot be read.
pub(super) async fn settle(
    app: &App,
    ctx: &Context,
    unknown_points: UnknownPoints,
    mut piece: Piece,
) -> Result<(Accepted, Outcome)> {
    let received = received(&piece);
    let format = format_of_rejects(&piece.format);
    let problems = std::mem::take(&mut piece.decoded.problems).into_iter();
    let mut refused: Vec<Refused> = problems.map(|problem| (problem, format.clone())).collect();
    let mut findings = check(app, &mut piece, &mut refused);
    let points = points(app, ctx, unknown_points, &piece).await?;
    keep_out(&points.quarantined, &mut piece, &mut refused);

    let (delivery, received_at, begun) = (&piece.delivery, piece.received_at, piece.begun);
    let origin = Origin { tenant: ctx.tenant(), delivery, received_at, begun };
    let versions = app.versions.as_ref();
    let taken_back = withdraw::withdraw(versions, origin, &piece.decoded.withdrawals, &piece.retracted).await?;
    let batch = std::mem::take(&mut piece.decoded.batch);
    let mut settled = settle::settle(versions, origin, &taken_back, batch).await?;
    findings.extend(std::mem::take(&mut settled.contradictions).into_iter().map(Contradiction::finding));

    let kept = records::settle(app.ledger.as_ref(), ctx.tenant(), std::mem::take(&mut piece.records)).await?;
    let counts = counts(received, &settled, &taken_back, &kept, &refused);
    let outcome = Outcome {
        counts,
        findings: findings.len() as u64,
        problems: refused.iter().map(|(problem, _)| (problem.position.clone(), problem.reason.clone())).collect(),
    };
    let repeated = app.ledger.delivery(ctx.tenant(), &piece.delivery).await?.is_some();
    // What a delivery noticed is noted once, however often it comes.
    let findings = if repeated { Vec::new() } else { new_findings(app, ctx, &piece, findings).await? };
    let nothing_new = counts.stored + counts.corrections == 0;
    let mut rejects = std::mem::take(&mut piece.resolved);
    rejects.extend(new_rejects(app, ctx, &piece, refused).await?);
    if !counts.adds_up() {
        return Err(Error::new(Kind::Internal, format!("account for the delivery: {counts:?} does not add up")));
    }
    let (finished, answered) = end(&mut piece, &outcome);
    let entry = Accepted {
        delivery: piece.delivery.clone(),
        received_at: piece.received_at,
        rejects,
        points: points.new.into_iter().chain(std::mem::take(&mut piece.confirmed)).collect(),
        finished: finished.filter(|_| !repeated),
        answered,
        // Meters are noted again where a better decoder found more.
        meters: if repeated && nothing_new { Vec::new() } else { piece.decoded.meters },
        findings,
        records: kept.new,
        batch: settled.batch,
        standings: settled.standings,
        ended: taken_back.ended,
        restored: merged(taken_back.restored, settled.restored),
        withdrawals: taken_back.withdrawals,
        retractions: taken_back.retractions,
    };
    Ok((entry, outcome))
}

/// What holds again by both: the rows of the piece had the last word.
fn merged(taken_back: Vec<Version>, mut settled: Vec<Version>) -> Vec<Version> {
    let later: HashSet<_> = settled.iter().map(Version::key).collect();
    settled.extend(taken_back.into_iter().filter(|version| !later.contains(&version.key())));
    settled
}

/// What is refused of a file in columns is kept as the line that says the same.
fn format_of_rejects(format: &str) -> String {
    match format.parse() {
        Ok(Format::Parquet | Format::Arrow) => Format::Ndjson.name().to_owned(),
        _ => format.to_owned(),
    }
}

fn received(piece: &Piece) -> u64 {
    let decoded = &piece.decoded;
    let lost: u64 = decoded.problems.iter().map(|problem| problem.readings).sum();
    (decoded.batch.rows().len() + decoded.withdrawals.len() + piece.records.len()) as u64 + lost
}

fn counts(received: u64, settled: &Settled, taken_back: &TakenBack, kept: &Kept, refused: &[Refused]) -> Counts {
    Counts {
        received,
        stored: settled.stored + kept.new.len() as u64,
        duplicates: settled.duplicates + taken_back.known + kept.known,
        corrections: settled.corrections + taken_back.withdrawals.len() as u64,
        rejected: refused.iter().map(|(problem, _)| problem.readings).sum(),
    }
}

/// Structure checks; a reading that cannot mean anything is refused with its own line as bytes.
fn check(app: &App, piece: &mut Piece, refused: &mut Vec<Refused>) -> Vec<Finding> {
    let batch = &piece.decoded.batch;
    let checked = metrify_validation::check(&app.rules, batch, piece.received_at);
    let mut findings = std::mem::take(&mut piece.decoded.findings);
    findings.extend(checked.findings);
    let mut rest = checked.refused.as_slice();
    while let Some((_, reason)) = rest.first() {
        let number = piece.rejects_before + refused.len() as u64;
        let size = if number < PROBLEMS_APART_MAX { 1 } else { ROWS_PER_REJECT.min(rest.len()) };
        let (together, later) = rest.split_at(size);
        rest = later;
        let reason = match size {
            1 => reason.clone(),
            _ => format!(
                "{reason}; it is the first of {size} readings that are refused, kept as one since there are very many"
            ),
        };
        let rows: Vec<usize> = together.iter().map(|(row, _)| *row).collect();
        refused.push((problem_of(batch, &rows, reason), Format::Ndjson.name().to_owned()));
    }
    let rows: HashSet<usize> = checked.refused.into_iter().map(|(row, _)| row).collect();
    if !rows.is_empty() {
        piece.decoded.batch.retain_rows(|row| !rows.contains(&row));
    }
    findings
}

/// Readings as a problem that can be read again: our own lines are its bytes.
fn problem_of(batch: &Batch, rows: &[usize], reason: String) -> Problem {
    let mut bytes = Vec::new();
    for row in rows.iter().map(|row| &batch.rows()[*row]) {
        ndjson::write_reading(&mut bytes, batch.channel(row), batch.document(row), &batch.reading(row));
    }
    let first = rows.first().map(|row| &batch.rows()[*row]);
    let position = first.map_or_else(String::new, |row| {
        let channel = batch.channel(row);
        format!("{} {} {}", channel.point, channel.quantity, row.period.start())
    });
    Problem { position, reason, readings: rows.len() as u64, prelude: Vec::new(), bytes }
}

/// The points of a piece: those that stand otherwise than before, and those whose readings stay out.
#[derive(Default)]
struct Points {
    new: Vec<PointRecord>,
    quarantined: HashSet<Point>,
}

async fn points(app: &App, ctx: &Context, unknown: UnknownPoints, piece: &Piece) -> Result<Points> {
    let told: BTreeMap<&Point, &Meter> = piece.decoded.meters.iter().map(|meter| (&meter.point, meter)).collect();
    let of_channels = piece.decoded.batch.channels().iter().map(|channel| &channel.point);
    let named: Vec<&Point> = of_channels.chain(told.keys().copied()).collect();
    let known = app.ledger.points(ctx.tenant(), &named).await?;
    let doubtful = |status: &Option<PointStatus>| matches!(status, None | Some(PointStatus::Quarantined));
    let asked = named.iter().zip(&known).filter(|(_, known)| doubtful(known)).map(|(point, _)| *point);
    // A point is named by each of its channels.
    let asked: BTreeSet<&Point> = asked.collect();
    let registered = registered::in_service(app, ctx, &asked.into_iter().collect::<Vec<_>>()).await?;
    let mut points = Points::default();
    let mut strangers: BTreeMap<&Point, (PointStatus, Timestamp)> = BTreeMap::new();
    for (point, known) in named.into_iter().zip(known) {
        let status = match known {
            known if doubtful(&known) && registered.contains(point.as_str()) => PointStatus::Confirmed,
            Some(status) => status,
            None => unknown.status(),
        };
        if known != Some(status) {
            // A delivery that is read again may be of long ago; what is known of its points by now is so since now.
            strangers.insert(point, (status, known.map_or(piece.received_at, |_| ctx.now)));
        }
        if status == PointStatus::Quarantined {
            points.quarantined.insert(point.clone());
        }
    }
    let new = strangers.into_iter().map(|(point, (status, since))| {
        let record = new_point(point.clone(), told.get(point).copied(), status, piece);
        PointRecord { since, ..record }
    });
    points.new = new.collect();
    Ok(points)
}

fn new_point(point: Point, told: Option<&Meter>, status: PointStatus, piece: &Piece) -> PointRecord {
    PointRecord {
        kind: told.and_then(|meter| meter.kind).unwrap_or_else(|| kind_of(&point, &piece.decoded.batch)),
        name: told.and_then(|meter| meter.name.clone()),
        status,
        since: piece.received_at,
        delivery: piece.delivery.clone(),
        point,
    }
}

/// What the identifier tells, and where it tells nothing, what is measured there.
fn kind_of(point: &Point, batch: &Batch) -> PointKind {
    match point.kind() {
        PointKind::Other => {
            let channel = batch.channels().iter().find(|channel| channel.point == *point);
            channel.map_or(PointKind::Other, |channel| channel.quantity.kind_of_point())
        }
        kind => kind,
    }
}

/// Readings of quarantined points go among the rejects, a few hundred lines each, and come back when they are replayed
/// after the point was confirmed.
fn keep_out(quarantined: &HashSet<Point>, piece: &mut Piece, refused: &mut Vec<Refused>) {
    if quarantined.is_empty() {
        return;
    }
    let batch = &piece.decoded.batch;
    let mut kept_out: BTreeMap<&Point, Vec<usize>> = BTreeMap::new();
    for (index, row) in batch.rows().iter().enumerate() {
        let point = &batch.channel(row).point;
        if quarantined.contains(point) {
            kept_out.entry(point).or_default().push(index);
        }
    }
    for (point, rows) in &kept_out {
        for rows in rows.chunks(ROWS_PER_REJECT) {
            let reason = format!("the point {point} is not confirmed; confirm it and replay");
            refused.push((problem_of(batch, rows, reason), Format::Ndjson.name().to_owned()));
        }
    }
    let rows: HashSet<usize> = kept_out.into_values().flatten().collect();
    piece.decoded.batch.retain_rows(|row| !rows.contains(&row));
}

/// Findings that are not kept yet: a delivery whose receiving was cut short has some already.
async fn new_findings(app: &App, ctx: &Context, piece: &Piece, findings: Vec<Finding>) -> Result<Vec<Finding>> {
    if findings.is_empty() {
        return Ok(findings);
    }
    piece.noted.read(app, ctx, &piece.delivery).await?;
    let is_new = piece.noted.lack(findings.iter().map(name_of_finding));
    Ok(findings.into_iter().zip(is_new).filter(|(_, is_new)| *is_new).map(|(finding, _)| finding).collect())
}

/// Rejects that are not kept yet: the same delivery again does not multiply them.
async fn new_rejects(app: &App, ctx: &Context, piece: &Piece, refused: Vec<Refused>) -> Result<Vec<Reject>> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    piece.noted.read(app, ctx, &piece.delivery).await?;
    let names: Vec<_> = refused.iter().map(|(problem, _)| name_of_reject(&problem.position, &problem.reason)).collect();
    let is_new = piece.noted.note(&names);
    let new = refused.into_iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(refused, _)| refused);
    let number = piece.noted.number(piece.rejects_before, is_new.iter().filter(|is_new| **is_new).count());
    let rejects = new.zip(number + 1..).map(|((problem, format), number)| Reject {
        id: format!("{}-{number}", piece.delivery),
        delivery: piece.delivery.clone(),
        source: piece.source.clone(),
        format,
        position: problem.position,
        reason: problem.reason,
        readings: problem.readings,
        prelude: problem.prelude,
        bytes: problem.bytes,
        rejected_at: piece.received_at,
        resolved_at: None,
    });
    Ok(rejects.collect())
}

/// What is told of a delivery with its last piece, and the answer to its request.
fn end(piece: &mut Piece, outcome: &Outcome) -> (Option<DeliveryRecord>, Option<Answered>) {
    let answered = piece.answered.take();
    let Some(Finish { bytes, mut receipt, request }) = piece.finish.take() else {
        return (None, answered);
    };
    receipt.add(outcome);
    let record = DeliveryRecord {
        id: piece.delivery.clone(),
        source: piece.source.clone(),
        format: piece.format.clone(),
        bytes,
        received_at: piece.received_at,
        counts: receipt.counts,
    };
    (Some(record), answered.or_else(|| request.map(|request| request.answered(vec![receipt]))))
}
