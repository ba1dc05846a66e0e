//! What keeps the reading of a file that somebody sent within bounds, whoever wrote it and what for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;
use metrify_application::Error;
use metrify_formats::limits::{MEMBER_RATIO_MAX, UNPACKED_BYTES_FREE};

/// Bytes of a text that many rows may have: points have 64 at most.
pub(super) const TEXT_BYTES_MAX: usize = 256;
/// Characters of a reason that are told to who sent the file.
const REASON_CHARS_MAX: usize = 500;

/// What was read, or why nothing could be.
pub(super) type Readout<T> = Result<T, ArrowError>;

/// Rows that a byte of a file may be: ten million zeros at regular times are some hundred a byte where they are written as densely as
/// can be.
const ROWS_PER_BYTE_MAX: u64 = 256;
const ROWS_FREE: u64 = 10_000;
/// Of those, rows that may be wrong. Each costs many times what a good one does.
const WRONG_PER_BYTE_MAX: u64 = 4;
const WRONG_FREE: u64 = 1_000;

/// What a file may still make of its bytes.
pub(super) struct Budget {
    unpacked: u64,
    rows: u64,
    wrong: u64,
}

impl Budget {
    /// The budget of a file of so many bytes.
    pub(super) fn of(bytes: u64) -> Self {
        Self {
            unpacked: bytes.saturating_mul(MEMBER_RATIO_MAX).max(UNPACKED_BYTES_FREE),
            rows: bytes.saturating_mul(ROWS_PER_BYTE_MAX).saturating_add(ROWS_FREE),
            wrong: bytes.saturating_mul(WRONG_PER_BYTE_MAX).saturating_add(WRONG_FREE),
        }
    }

    /// # Errors
    /// Where fewer bytes are left.
    pub(super) fn unpack(&mut self, bytes: u64) -> Readout<()> {
        let reason = || format!("it unpacks to more than {MEMBER_RATIO_MAX} times its size: it is taken for a bomb");
        spend(&mut self.unpacked, bytes, reason)
    }

    /// # Errors
    /// Where fewer rows are left.
    pub(super) fn rows(&mut self, rows: u64) -> Readout<()> {
        let reason = || format!("it has more than {ROWS_PER_BYTE_MAX} rows a byte: it is taken for a bomb");
        spend(&mut self.rows, rows, reason)
    }

    /// # Errors
    /// Where more rows were wrong until now.
    pub(super) fn bears(&self, wrong: u64) -> Readout<()> {
        spend(&mut { self.wrong }, wrong, || "nearly all of its rows are wrong".to_owned())
    }
}

fn spend(left: &mut u64, amount: u64, reason: impl Fn() -> String) -> Readout<()> {
    *left = left.checked_sub(amount).ok_or_else(|| damaged(&reason()))?;
    Ok(())
}

/// An error without the words for its kind, which say nothing to who sent the file, and without the half of the file that some
/// errors show.
pub(super) fn reason(error: &ArrowError) -> String {
    let reason = match error {
        ArrowError::ParseError(reason) => reason.clone(),
        ArrowError::IoError(_, error) => error.to_string(),
        error => error.to_string(),
    };
    match reason.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{} ...", &reason[..end]),
        None => reason,
    }
}

pub(super) fn external(error: Error) -> ArrowError {
    ArrowError::ExternalError(Box::new(error))
}

pub(super) fn damaged(reason: &str) -> ArrowError {
    ArrowError::ParseError(reason.to_owned())
}

/// Does a step of a reader of others, which may panic at bytes that no writer made.
///
/// # Errors
/// As the step, and where it panics.
pub(super) fn caught<T>(step: impl FnOnce() -> Readout<T>) -> Readout<T> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| Err(damaged(&told(panic.as_ref()))))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("its reader gave up: {}", text.unwrap_or("it did not say why"))
}
