//! `metrify simulate`: into a file, or to the server that holds the data directory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use metrify_api::DeliveryParameters;
use metrify_application::ports::{Cell, ExportFormat};
use metrify_application::{Error, Kind, Result, io};
use metrify_formats::Format;
use metrify_simulation::{Batches, FaultRates, Fleet, Form, Pieces, Settings};

use crate::cli::{Output, Simulate, SimulateFormat};
use crate::client::Client;
use crate::commands::ingest;
use crate::exit::Outcome;
use crate::{print, settings, wiring};

pub async fn run(settings: &settings::Settings, output: Output, arguments: &Simulate) -> Result<Outcome> {
    let mut fleet = Settings::new(arguments.seed, arguments.meters, arguments.from, arguments.days);
    if !arguments.faultless {
        fleet.faults = FaultRates::USUAL;
    }
    let fleet = Fleet::new(fleet).map_err(|error| Error::new(Kind::Invalid, "make the fleet").because(error))?;
    match &arguments.out {
        Some(path) => into_file(output, &fleet, arguments.format, path),
        None => to_server(settings, output, &fleet, arguments.format).await,
    }
}

/// How a format is made: as text line by line, or in columns.
enum Made {
    Text(Form),
    Columns(ExportFormat),
}

const fn made(format: SimulateFormat) -> Made {
    match format {
        SimulateFormat::Ndjson => Made::Text(Form::Ndjson),
        SimulateFormat::Csv => Made::Text(Form::Csv),
        SimulateFormat::Days => Made::Text(Form::DaySets),
        SimulateFormat::Parquet => Made::Columns(ExportFormat::Parquet),
        SimulateFormat::Arrow => Made::Columns(ExportFormat::Arrow),
    }
}

fn into_file(output: Output, fleet: &Fleet, format: SimulateFormat, path: &Path) -> Result<Outcome> {
    let mut truth_name = path.to_owned().into_os_string();
    truth_name.push(".truth");
    let mut truth = Truth::create(PathBuf::from(truth_name))?;
    match made(format) {
        Made::Text(form) => write_text(fleet, form, path, &mut truth)?,
        Made::Columns(format) => {
            let mut batches = Batches::new(fleet, &fleet.whole());
            wiring::columns().encode(format, path, &mut batches)?;
            truth.add(&batches.take_truth())?;
        }
    }
    let truth_path = truth.close()?;
    let bytes = std::fs::metadata(path).map_err(|error| io(format!("read `{}`", path.display()), error))?.len();
    let rows = vec![vec![
        Cell::Text(path.display().to_string()),
        Cell::Text(truth_path.display().to_string()),
        Cell::Number(bytes.to_string()),
    ]];
    print::rows(output, &["file", "truth", "bytes"], rows)?;
    Ok(Outcome::Good)
}

fn write_text(fleet: &Fleet, form: Form, path: &Path, truth: &mut Truth) -> Result<()> {
    let failed = |error| io(format!("write `{}`", path.display()), error);
    let mut out = File::create(path).map_err(failed)?;
    let mut pieces = Pieces::new(fleet, &fleet.whole(), form);
    let mut piece = Vec::new();
    while pieces.append(&mut piece) {
        out.write_all(&piece).map_err(failed)?;
        piece.clear();
        truth.add(&pieces.take_truth())?;
    }
    truth.add(&pieces.take_truth())?;
    out.sync_all().map_err(failed)
}

/// Every piece is a delivery with its own receipt; nothing is kept in between. The truth goes beside the data.
async fn to_server(
    settings: &settings::Settings,
    output: Output,
    fleet: &Fleet,
    format: SimulateFormat,
) -> Result<Outcome> {
    let (Made::Text(form @ (Form::Ndjson | Form::DaySets)), Some(client)) =
        (made(format), Client::called(settings).await?)
    else {
        return Err(not_streamed(settings, format));
    };
    let mut truth = Truth::create(match settings.elsewhere {
        // There is no data directory here that it could stand in.
        Some(_) => PathBuf::from("simulated.truth"),
        None => settings.folder("simulated.truth"),
    })?;
    let mut pieces = Pieces::new(fleet, &fleet.whole(), form);
    let mut receipts = Vec::new();
    let mut piece = Vec::new();
    while pieces.append(&mut piece) {
        truth.add(&pieces.take_truth())?;
        // The last piece may have nothing left to tell.
        if piece.is_empty() {
            continue;
        }
        let parameters = DeliveryParameters {
            source: Some(format!("simulation, piece {}", receipts.len() + 1)),
            format: Some(Format::Ndjson.name().to_owned()),
            ..DeliveryParameters::default()
        };
        receipts.push(client.send(std::mem::take(&mut piece), &parameters).await?);
    }
    truth.add(&pieces.take_truth())?;
    truth.close()?;
    ingest::print(output, &receipts)?;
    Ok(ingest::outcome(&receipts))
}

fn not_streamed(settings: &settings::Settings, format: SimulateFormat) -> Error {
    if !matches!(format, SimulateFormat::Ndjson | SimulateFormat::Days) {
        let error = Error::new(Kind::Invalid, "send the fleet: only ndjson and days are sent piece by piece");
        return error.hint("write it into a file with --out, and ingest that");
    }
    let step = format!("send the fleet: no server holds data directory `{}`", settings.data_dir.display());
    Error::new(Kind::Unavailable, step).hint("start one with `metrify up`, or write a file with --out")
}

/// What is true about a fleet and its faults, line by line.
struct Truth {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Truth {
    fn create(path: PathBuf) -> Result<Self> {
        let out = File::create(&path).map_err(|error| io(format!("write `{}`", path.display()), error))?;
        Ok(Self { path, out: BufWriter::new(out) })
    }

    fn add(&mut self, lines: &str) -> Result<()> {
        let written = self.out.write_all(lines.as_bytes());
        written.map_err(|error| io(format!("write `{}`", self.path.display()), error))
    }

    fn close(mut self) -> Result<PathBuf> {
        let flushed = self.out.flush();
        flushed.map_err(|error| io(format!("write `{}`", self.path.display()), error))?;
        Ok(self.path)
    }
}
