//! `metrify message mscons`: what is known of points as an interchange, a message for each.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;

use metrify_api::{ExportRequest, SqlRequest};
use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::{Code, Kind as ReadingKind, ObisCode, Point, Quality, Quantity, Reading, Timestamp};
use metrify_formats::mscons::write::{Application, Interchange, Line, Message, Party, Value, write};
use metrify_formats::{Decoded, Decoder, Format, Options, Output as Decoding};

use super::refused;
use crate::access::Access;
use crate::cli::{Mscons, Output};
use crate::exit::{self, Outcome};
use crate::settings::Settings;
use crate::{clock, print};

const PIECE_BYTES: usize = 1 << 16;

/// What is to be told, of which points.
struct Order {
    application: Application,
    points: Vec<Point>,
    start: Timestamp,
    end: Timestamp,
    correction: Option<Code>,
}

impl Order {
    fn of(arguments: &Mscons) -> Result<Self> {
        let Mscons { application, points, start, end, correction, .. } = arguments;
        let application = Application::ALL.into_iter().find(|known| known.to_string() == *application);
        let application = application.ok_or_else(|| {
            let known = Application::ALL.map(|application| application.to_string()).join(", ");
            Error::new(Kind::Invalid, format!("write `{}`", arguments.application)).hint(format!("there are {known}"))
        })?;
        let points = points.iter().map(|point| point.parse()).collect::<std::result::Result<_, _>>();
        let points = points.map_err(|reason: metrify_domain::point::PointError| refused("read the points", reason))?;
        let start = metrify_api::moment(start)?;
        let end = end.as_deref().map_or(Ok(start), metrify_api::moment)?;
        let correction = correction.as_deref().map(|code| {
            Code::new(code).ok_or_else(|| Error::new(Kind::Invalid, format!("read `{code}` as a reason of correction")))
        });
        Ok(Self { application, points, start, end, correction: correction.transpose()? })
    }
}

pub async fn run(settings: &Settings, output: Output, arguments: &Mscons) -> Result<Outcome> {
    let now = clock::now();
    let order = Order::of(arguments)?;
    let [sender, receiver] = [&arguments.sender, &arguments.receiver].map(|party| Party::new(party));
    let sender = sender.map_err(|reason| refused("read the sender", reason))?;
    let receiver = receiver.map_err(|reason| refused("read the receiver", reason))?;
    let reference = arguments.reference.clone().unwrap_or_else(|| super::reference(now));
    let access = Access::open(settings).await?;
    let mut messages = Vec::new();
    let mut replacing = 0;
    for point in &order.points {
        let replaced = replaced(&access, &order, point).await?;
        let lines = lines(&access, &order, point, &replaced, now).await?;
        let values =
            lines.iter().flat_map(|line| line.values.iter().map(|value| (line.quantity, value.reading.period)));
        replacing += values.filter(|(quantity, period)| replaced.contains(&version(*quantity, period.start()))).count();
        messages.push(Message {
            application: order.application,
            number: format!("{reference}-{}", messages.len() + 1),
            issued_at: now,
            point: point.clone(),
            meter: arguments.meter.clone(),
            order: arguments.order.clone(),
            lines,
        });
    }
    let interchange = Interchange { sender, receiver, reference, prepared_at: now };
    let bytes = write(&interchange, &messages).map_err(|reason| refused("write the messages", reason))?;
    super::write(&arguments.out, &bytes)?;
    let values = messages.iter().flat_map(|message| &message.lines).map(|line| line.values.len()).sum::<usize>();
    let counts = [messages.len(), values, replacing, bytes.len()].map(|count| Cell::Number(count.to_string()));
    let names = [&arguments.out.display().to_string(), &interchange.reference].map(|text| Cell::Text(text.clone()));
    let row = names.into_iter().chain(counts).collect();
    print::rows(output, &["file", "interchange", "messages", "values", "replacing", "bytes"], vec![row])?;
    let gaps: Vec<Error> = messages.iter().flat_map(|message| gaps(&order, message)).collect();
    gaps.iter().for_each(exit::complain);
    Ok(if gaps.is_empty() { Outcome::Good } else { Outcome::Bad })
}

/// Of each line of amounts the first time that was asked for and of which it says nothing.
fn gaps(order: &Order, Message { point, lines, .. }: &Message) -> Vec<Error> {
    let told = lines.iter().filter_map(|line| Some((line.quantity, gap(order, line)?)));
    let error = |(quantity, (from, to))| {
        let step = format!("tell all of {quantity} of `{point}`: nothing is known from {from} to {to}");
        Error::new(Kind::NotFound, step).hint("the message is written with what is known")
    };
    told.map(error).collect()
}

fn gap(order: &Order, line: &Line) -> Option<(Timestamp, Timestamp)> {
    let amounts = line.values.iter().filter(|value| value.reading.kind == ReadingKind::Interval);
    let mut periods = amounts.map(|value| value.reading.period).peekable();
    periods.peek()?;
    let mut told_until = order.start;
    for period in periods {
        if period.start() > told_until {
            return Some((told_until, period.start()));
        }
        told_until = told_until.max(period.end());
    }
    (told_until < order.end).then_some((told_until, order.end))
}

/// The part of a query that finds the values of a point.
fn wanted(order: &Order, point: &Point) -> String {
    let point = point.to_string().replace('\'', "''");
    format!("point = '{point}' AND period_start >= '{}' AND period_end <= '{}'", order.start, order.end)
}

/// A quantity and a time as the texts of an answer.
fn version(quantity: ObisCode, at: Timestamp) -> [String; 2] {
    [quantity.to_string(), at.to_string()]
}

/// What was said otherwise before, and may have been sent.
async fn replaced(access: &Access, order: &Order, point: &Point) -> Result<HashSet<[String; 2]>> {
    let wanted = wanted(order, point);
    let query = format!(
        "SELECT quantity, period_start FROM readings_history WHERE {wanted} AND retracted_at IS NULL \
         GROUP BY quantity, period_start, period_end HAVING count(DISTINCT concat_ws(' ', value, unit, quality)) > 1"
    );
    let mut replaced = HashSet::new();
    let take = &mut |page: metrify_application::ports::Page| {
        for row in page.rows.iter() {
            let Ok([Cell::Text(quantity), Cell::Text(at)]) = <[Cell; 2]>::try_from(row.to_vec()) else {
                return Err(Error::new(Kind::Internal, "read which values were said otherwise before"));
            };
            replaced.insert([quantity, at]);
        }
        Ok(())
    };
    access.sql(&SqlRequest::of(query), take).await?;
    Ok(replaced)
}

/// The values of a point, a line for each quantity that has its place in such a message. They come by way of our own NDJSON, which
/// says all of a reading.
async fn lines(
    access: &Access,
    order: &Order,
    point: &Point,
    replaced: &HashSet<[String; 2]>,
    now: Timestamp,
) -> Result<Vec<Line>> {
    let folder = tempfile::tempdir().map_err(|error| io("make a folder for the readings", error))?;
    let file = folder.path().join("readings.ndjson");
    let wanted = wanted(order, point);
    let query = format!(
        "SELECT point, quantity, kind, period_start, period_end, value, unit, quality, method, reason \
         FROM readings WHERE {wanted} ORDER BY quantity, period_start"
    );
    let request = ExportRequest { query, format: "ndjson".to_owned(), as_known_at: None };
    access.export(&request, &file).await?;
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let mut bytes = File::open(&file).map_err(|error| io("read the readings", error))?;
    each_reading(&mut bytes, now, &mut |quantity, reading| {
        if !order.application.takes(quantity, reading.kind) {
            return;
        }
        let replaces = replaced.contains(&version(quantity, reading.period.start()));
        let correction = order.correction.filter(|_| replaces && reading.quality != Quality::Provisional);
        let line = lines.entry(quantity.to_string()).or_insert_with(|| Line { quantity, values: Vec::new() });
        line.values.push(Value { reading, correction });
    })?;
    if lines.is_empty() {
        let step = format!("tell about `{point}` from {} to {}", order.start, order.end);
        let error = Error::new(Kind::NotFound, format!("{step}: it has no values for {}", order.application));
        return Err(error.hint("`metrify sql \"select distinct quantity, kind from readings\"` tells what it has"));
    }
    Ok(lines.into_values().collect())
}

fn each_reading(bytes: &mut impl Read, now: Timestamp, each: &mut dyn FnMut(ObisCode, Reading)) -> Result<()> {
    let internal = |step: &str| Error::new(Kind::Internal, step);
    let mut decoder = Decoder::new(Format::Ndjson, &Options::at(now)).ok_or_else(|| internal("read readings back"))?;
    let mut problem = None;
    let mut sink = |decoded: Decoded| {
        problem = problem.take().or(decoded.problems.into_iter().next());
        for row in decoded.batch.rows() {
            if let Quantity::Obis(quantity) = decoded.batch.channel(row).quantity {
                each(quantity, decoded.batch.reading(row));
            }
        }
        ControlFlow::Continue(())
    };
    let mut out = Decoding::new(&mut sink);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match bytes.read(&mut piece).map_err(|error| io("read the readings", error))? {
            0 => break,
            read => decoder.push(&piece[..read], &mut out),
        }
    }
    decoder.finish(&mut out);
    out.flush();
    drop(out);
    match problem {
        Some(problem) => Err(internal(&format!("read readings back: {}: {}", problem.position, problem.reason))),
        None => Ok(()),
    }
}
