//! Zip archives: the bytes are kept until the end, where their table stands, and every member is unpacked piece by piece.
//!
//! A member is read only once it is known to be whole: unpacked a first time to check its size and checksum, a second time for
//! its readings. Every member that is not read and could have held readings makes one problem; the others are read.
//! Members are read in the order of their names, so that the same members give the same result in any order, and a station's
//! description (`Metadaten_`) comes before its values (`produkt_`).

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use metrify_domain::{Finding, Severity};
use zip::read::{ZipReadOptions, read_zipfile_from_stream, read_zipfile_from_stream_with_options};
use zip::result::ZipResult;
use zip::{CompressionMethod, ZipArchive};

use crate::encoding;
use crate::limits::{
    ARCHIVE_BYTES_MAX, MEMBER_BYTES_MAX, MEMBER_RATIO_MAX, MEMBERS_MAX, REJECT_BYTES_MAX, UNPACKED_BYTES_MAX,
};
use crate::output::{Output, Problem};

/// What a zip archive begins with: its first member, or its table where it has none.
const SIGNATURES: [&[u8]; 2] = [MEMBER, b"PK\x05\x06"];
const MEMBER: &[u8] = b"PK\x03\x04";
/// What stands before a member's name.
const HEADER_BYTES: usize = 30;
/// How much of a member is unpacked at once.
const PIECE_BYTES: usize = 64 << 10;
/// Longest name of a member, in bytes. The longest of the trade have some 80.
const NAME_BYTES_MAX: usize = 255;

/// What takes the members of an archive, or a delivery that is no archive as if it were a member without a name.
pub(crate) trait Members {
    /// Whether the member of this name holds something to read. Its bytes follow only if it is whole.
    fn begin(&mut self, name: &str, out: &mut Output<'_>) -> bool;
    fn push(&mut self, bytes: &[u8], out: &mut Output<'_>);
    fn end(&mut self, out: &mut Output<'_>);
}

/// Hands on the members of a delivery.
#[derive(Debug)]
pub(crate) enum Unpacker {
    /// Too few bytes to tell.
    Begin(Vec<u8>),
    Bare,
    Archive(Vec<u8>),
    /// Only the beginning of an archive that is larger than the limit.
    TooLarge(Vec<u8>),
}

impl Default for Unpacker {
    fn default() -> Self {
        Self::Begin(Vec::new())
    }
}

impl Unpacker {
    pub(crate) fn push(&mut self, bytes: &[u8], members: &mut impl Members, out: &mut Output<'_>) {
        match self {
            Self::Begin(held) => {
                held.extend_from_slice(bytes);
                let undecided = SIGNATURES.iter().any(|signature| signature.starts_with(held) && signature != held);
                if !undecided {
                    *self = Self::of(held, members, out);
                }
            }
            Self::Bare => members.push(bytes, out),
            Self::Archive(held) if bytes.len() > ARCHIVE_BYTES_MAX - held.len() => {
                held.truncate(REJECT_BYTES_MAX);
                held.extend(bytes.iter().take(REJECT_BYTES_MAX - held.len()));
                held.shrink_to_fit();
                *self = Self::TooLarge(std::mem::take(held));
            }
            Self::Archive(held) => held.extend_from_slice(bytes),
            Self::TooLarge(_) => {}
        }
    }

    fn of(held: &[u8], members: &mut impl Members, out: &mut Output<'_>) -> Self {
        if SIGNATURES.iter().any(|signature| held.starts_with(signature)) {
            let mut archive = Self::Archive(Vec::new());
            archive.push(held, members, out);
            return archive;
        }
        members.begin("", out);
        members.push(held, out);
        Self::Bare
    }

    pub(crate) fn finish(&mut self, members: &mut impl Members, out: &mut Output<'_>) {
        match std::mem::take(self) {
            Self::Begin(held) if held.is_empty() => {}
            Self::Begin(held) => {
                members.begin("", out);
                members.push(&held, out);
                members.end(out);
            }
            Self::Bare => members.end(out),
            Self::Archive(bytes) => unpack(&bytes, members, out),
            Self::TooLarge(bytes) => {
                let reason = format!(
                    "the archive has more than {} MiB; send its members by themselves",
                    ARCHIVE_BYTES_MAX >> 20
                );
                out.problem(problem(String::new(), reason, &bytes));
            }
        }
    }
}

/// A member as the archive describes it.
#[derive(Debug)]
struct Entry {
    /// At most [`NAME_BYTES_MAX`] of it.
    name: String,
    name_bytes: usize,
    /// Where its local header begins.
    start: usize,
    packed: u64,
    size: u64,
    checksum: u32,
    encrypted: bool,
    directory: bool,
    method: CompressionMethod,
}

fn unpack(bytes: &[u8], members: &mut impl Members, out: &mut Output<'_>) {
    let mut entries = match table(bytes) {
        Ok(entries) => entries,
        Err(reason) => walk(bytes, &reason, out),
    };
    if entries.len() > MEMBERS_MAX {
        let reason = format!("the archive has {} members; only {MEMBERS_MAX} of them are read", entries.len());
        out.problem(problem(String::new(), reason, bytes));
        entries.truncate(MEMBERS_MAX);
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name).then(one.start.cmp(&other.start)));
    let mut budget = MEMBER_RATIO_MAX.saturating_mul(bytes.len() as u64).min(UNPACKED_BYTES_MAX);
    for entry in &entries {
        if out.is_stopped() {
            break;
        }
        out.enter(&entry.name);
        if let Err(reason) = read(bytes, entry, &mut budget, members, out) {
            let packed = bytes.get(entry.start..).unwrap_or_default();
            let length =
                usize::try_from(entry.packed).unwrap_or(usize::MAX).saturating_add(HEADER_BYTES + entry.name_bytes);
            out.problem(problem(String::new(), reason, packed.get(..length).unwrap_or(packed)));
        }
    }
    out.enter("");
}

fn problem(position: String, reason: String, bytes: &[u8]) -> Problem {
    let bytes = bytes.get(..REJECT_BYTES_MAX).unwrap_or(bytes).to_vec();
    // How many readings a member holds shows only once it is unpacked.
    Problem { position, reason, readings: 1, prelude: Vec::new(), bytes }
}

/// Reads one member; the reason where it is not read.
fn read(
    bytes: &[u8],
    entry: &Entry,
    budget: &mut u64,
    members: &mut impl Members,
    out: &mut Output<'_>,
) -> Result<(), String> {
    if entry.directory && entry.size == 0 {
        return Ok(());
    }
    check(entry)?;
    if !members.begin(&entry.name, out) {
        return Ok(());
    }
    let Some(rest) = budget.checked_sub(entry.size) else {
        return Err("the archive unpacks to so much more than it has that it is taken for a bomb".to_owned());
    };
    *budget = rest;
    verify(bytes, entry)?;
    pieces(bytes, entry, |piece| {
        members.push(piece, out);
        if out.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    members.end(out);
    Ok(())
}

/// What can be told of a member without unpacking it.
fn check(entry: &Entry) -> Result<(), String> {
    if entry.directory {
        return Err("the member is a directory, yet it has bytes".to_owned());
    }
    if entry.name_bytes > NAME_BYTES_MAX {
        return Err(format!("the member's name has more than {NAME_BYTES_MAX} bytes"));
    }
    if entry.encrypted {
        return Err("the member is encrypted; send it unencrypted".to_owned());
    }
    if ![CompressionMethod::Stored, CompressionMethod::Deflated].contains(&entry.method) {
        return Err(format!("the member is packed by {}, yet only stored and deflated members are read", entry.method));
    }
    if [".zip", ".kmz"].iter().any(|end| entry.name.to_ascii_lowercase().ends_with(end)) {
        return Err(NESTED.to_owned());
    }
    if entry.size > MEMBER_BYTES_MAX {
        return Err(format!("the member unpacks to more than {} GiB", MEMBER_BYTES_MAX >> 30));
    }
    if entry.size > MEMBER_RATIO_MAX.saturating_mul(entry.packed) {
        return Err(format!(
            "the member unpacks to more than {MEMBER_RATIO_MAX} times its size: it is taken for a bomb"
        ));
    }
    Ok(())
}

const NESTED: &str = "the member is an archive itself; send it by itself";

/// Unpacks a member to see that it is whole.
fn verify(bytes: &[u8], entry: &Entry) -> Result<(), String> {
    let mut unpacked: u64 = 0;
    let mut nested = false;
    pieces(bytes, entry, |piece| {
        nested |= unpacked == 0 && piece.starts_with(MEMBER);
        unpacked = unpacked.saturating_add(piece.len() as u64);
        if nested || unpacked > entry.size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if nested {
        return Err(NESTED.to_owned());
    }
    if unpacked != entry.size {
        return Err(format!("the member has another size than the {} bytes it is said to have", entry.size));
    }
    Ok(())
}

/// Unpacks a member in pieces. Its checksum is checked at its end.
fn pieces(bytes: &[u8], entry: &Entry, mut each: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), String> {
    let damaged = |reason: String| format!("the member cannot be unpacked, it is cut off or damaged: {reason}");
    let mut rest = bytes.get(entry.start..).unwrap_or_default();
    let options = ZipReadOptions::new()
        .override_compressed_size(entry.packed)
        .override_uncompressed_size(entry.size)
        .override_crc(entry.checksum);
    let member =
        read_zipfile_from_stream_with_options(&mut rest, options).map_err(|error| damaged(error.to_string()))?;
    let mut member = member.ok_or_else(|| damaged("its header is missing".to_owned()))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = member.read(&mut piece).map_err(|error| damaged(error.to_string()))?;
        if length == 0 || each(piece.get(..length).unwrap_or_default()).is_break() {
            return Ok(());
        }
    }
}

/// The members by the table at the archive's end; the reason where it cannot be read.
fn table(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    if claims_too_many(bytes) {
        return Err(format!("it is said to have more than {MEMBERS_MAX} members"));
    }
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    if archive.has_duplicate_names() {
        return Err("a name stands in it twice".to_owned());
    }
    let entries = (0..archive.len()).map(|index| {
        let entry = archive.by_index_data(index)?;
        Ok(Entry {
            name: readable(entry.name_raw()),
            name_bytes: entry.name_raw().len(),
            start: usize::try_from(entry.header_start()).unwrap_or(usize::MAX),
            packed: entry.compressed_size(),
            size: entry.size(),
            checksum: entry.crc32(),
            encrypted: entry.encrypted(),
            directory: entry.is_dir(),
            method: entry.compression(),
        })
    });
    entries.collect::<ZipResult<_>>().map_err(|error| error.to_string())
}

/// Whether a table of the 64-bit kind, wherever it stands, claims so many members that room for them could not be had.
fn claims_too_many(bytes: &[u8]) -> bool {
    const TABLE_END_64: &[u8] = b"PK\x06\x06";
    const COUNT_AT: std::ops::Range<usize> = 32..40;
    let ends = bytes.windows(TABLE_END_64.len()).enumerate().filter(|(_, window)| *window == TABLE_END_64);
    let counts = ends.filter_map(|(at, _)| bytes.get(at..)?.get(COUNT_AT)?.try_into().ok().map(u64::from_le_bytes));
    counts.into_iter().any(|count| count > MEMBERS_MAX as u64)
}

/// The members one after another from the archive's beginning, for where its table cannot be used.
///
/// Where all of them up to the table are found nothing is lost and it is a finding, else a problem.
fn walk(bytes: &[u8], reason: &str, out: &mut Output<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    let end = loop {
        let start = bytes.len() - rest.len();
        match next(&mut rest, start) {
            Ok(Some(entry)) if entries.len() < MEMBERS_MAX => entries.push(entry),
            Ok(Some(_)) => break Err(format!("there are more than {MEMBERS_MAX} members")),
            Ok(None) => break Ok(()),
            Err(_) if rest.is_empty() => break Err(format!("the archive breaks off at byte {}", bytes.len())),
            Err(error) => break Err(format!("what stands at byte {start} is no member: {error}")),
        }
    };
    let reason =
        format!("the table at the archive's end cannot be used ({reason}); its members are read one after another");
    match end {
        Ok(()) => out.finding(Finding {
            rule: "archive_table".into(),
            severity: Severity::Warning,
            channel: None,
            period: None,
            position: String::new(),
            reason,
        }),
        Err(end) => out.problem(problem(String::new(), format!("{reason}, and {end}"), bytes)),
    }
    entries
}

/// The member that begins at `rest`; `None` where the table begins there.
fn next(rest: &mut &[u8], start: usize) -> ZipResult<Option<Entry>> {
    let Some(member) = read_zipfile_from_stream(rest)? else { return Ok(None) };
    Ok(Some(Entry {
        name: readable(member.name_raw()),
        name_bytes: member.name_raw().len(),
        start,
        packed: member.compressed_size(),
        size: member.size(),
        checksum: member.crc32(),
        encrypted: member.encrypted(),
        directory: member.is_dir(),
        method: member.compression(),
    }))
}

/// A member's name for people, without anything that a terminal would obey.
fn readable(name: &[u8]) -> String {
    let name = encoding::text(name.get(..NAME_BYTES_MAX).unwrap_or(name));
    name.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}
