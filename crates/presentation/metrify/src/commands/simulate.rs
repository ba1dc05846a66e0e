//! `metrify simulate`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result, io};
use metrify_simulation::{FaultRates, Fleet, Form, Pieces, Settings};

use crate::cli::{Output, Simulate, SimulateFormat};
use crate::exit::Outcome;
use crate::print;

pub fn run(output: Output, arguments: &Simulate) -> Result<Outcome> {
    let mut settings = Settings::new(arguments.seed, arguments.meters, arguments.from, arguments.days);
    settings.faults = FaultRates::USUAL;
    let fleet = Fleet::new(settings).map_err(|error| Error::new(Kind::Invalid, "make the fleet").because(error))?;
    let form = match arguments.format {
        SimulateFormat::Ndjson => Form::Ndjson,
        SimulateFormat::Csv => Form::Csv,
        SimulateFormat::Days => Form::DaySets,
    };
    let mut truth_name = arguments.out.clone().into_os_string();
    truth_name.push(".truth");
    let truth_path = PathBuf::from(truth_name);
    let bytes = write(&fleet, form, &arguments.out, &truth_path)?;
    let rows = vec![vec![
        Cell::Text(arguments.out.display().to_string()),
        Cell::Text(truth_path.display().to_string()),
        Cell::Number(bytes.to_string()),
    ]];
    print::rows(output, &["file", "truth", "bytes"], rows)?;
    Ok(Outcome::Good)
}

/// Writes the fleet and what is true about it; tells how many bytes the fleet took.
fn write(fleet: &Fleet, form: Form, path: &PathBuf, truth_path: &PathBuf) -> Result<u64> {
    let create = |path: &PathBuf| File::create(path).map_err(|error| io(format!("write `{}`", path.display()), error));
    let (mut out, mut truth) = (create(path)?, BufWriter::new(create(truth_path)?));
    let failed = |error| io(format!("write `{}`", path.display()), error);
    let mut pieces = Pieces::new(fleet, &fleet.whole(), form);
    let mut piece = Vec::new();
    let mut bytes = 0;
    while pieces.append(&mut piece) {
        out.write_all(&piece).map_err(failed)?;
        bytes += piece.len() as u64;
        piece.clear();
        truth.write_all(pieces.take_truth().as_bytes()).map_err(failed)?;
    }
    truth.write_all(pieces.take_truth().as_bytes()).map_err(failed)?;
    truth.flush().and_then(|()| out.sync_all()).map_err(failed)?;
    Ok(bytes)
}
