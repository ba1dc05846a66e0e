//! `metrify message contrl`: the answers to a received file, one for each interchange in it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result, io};
use metrify_formats::contrl::{Examiner, Received, write};

use crate::cli::Output;
use crate::exit::Outcome;
use crate::{clock, print};

const PIECE_BYTES: usize = 1 << 16;

pub fn run(output: Output, file: &Path, folder: &Path) -> Result<Outcome> {
    let received = examine(file)?;
    if received.is_empty() {
        let error = Error::new(Kind::Invalid, format!("answer `{}`: it holds no interchange", file.display()));
        return Err(error.hint("an interchange begins with UNB; one of CONTRL messages is not answered"));
    }
    let now = clock::now();
    std::fs::create_dir_all(folder).map_err(|error| io(format!("make `{}`", folder.display()), error))?;
    let mut rows = Vec::with_capacity(received.len());
    for (index, received) in (0..).zip(&received) {
        // Every answer is an interchange with a reference of its own.
        let at = now.plus(index * 1_000);
        let at = at.ok_or_else(|| Error::new(Kind::Internal, format!("count {index} milliseconds after {now}")))?;
        let reference = super::reference(at);
        let answer = write(received, &reference, now)
            .map_err(|reason| super::refused(format!("answer interchange `{}`", received.reference()), reason))?;
        let path = folder.join(format!("CONTRL_{reference}.edi"));
        super::write(&path, &answer)?;
        let answer = if received.is_accepted() { "accepted" } else { "rejected" };
        let cells = [received.reference(), answer, &path.display().to_string()];
        rows.push(cells.map(|text| Cell::Text(text.to_owned())).to_vec());
    }
    print::rows(output, &["interchange", "answer", "file"], rows)?;
    let accepted = received.iter().all(Received::is_accepted);
    Ok(if accepted { Outcome::Good } else { Outcome::Rejected })
}

fn examine(file: &Path) -> Result<Vec<Received>> {
    let failed = |error| io(format!("read `{}`", file.display()), error);
    let mut bytes = File::open(file).map_err(failed)?;
    let mut examiner = Examiner::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match bytes.read(&mut piece).map_err(failed)? {
            0 => return Ok(examiner.finish()),
            read => examiner.push(&piece[..read]),
        }
    }
}
