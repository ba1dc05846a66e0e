//! What keeps the reading of a file that somebody sent within bounds, whoever wrote it and what for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;
use metrify_application::Error;
use metrify_formats::limits::{MEMBER_RATIO_MAX, UNPACKED_BYTES_FREE};

/// What was read, or why nothing could be.
pub(super) type Readout<T> = Result<T, ArrowError>;

/// Rows that a byte of a file may be: a million zeros at regular times are 36 a byte where they are written as densely as can be.
const ROWS_PER_BYTE_MAX: u64 = 64;
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
