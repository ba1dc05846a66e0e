//! What keeps the reading of a file that somebody sent within bounds, whoever wrote it and what for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;
use metrify_formats::limits::{MEMBER_RATIO_MAX, UNPACKED_BYTES_FREE};

/// What was read, or why nothing could be.
pub(super) type Readout<T> = Result<T, ArrowError>;

/// Bytes that a file may still unpack to.
pub(super) struct Budget(u64);

impl Budget {
    /// The budget of a file of so many bytes.
    pub(super) fn of(bytes: u64) -> Self {
        Self(bytes.saturating_mul(MEMBER_RATIO_MAX).max(UNPACKED_BYTES_FREE))
    }

    /// # Errors
    /// Where there are fewer left.
    pub(super) fn take(&mut self, bytes: u64) -> Readout<()> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or_else(|| {
            ArrowError::ParseError(format!(
                "it unpacks to more than {MEMBER_RATIO_MAX} times its size: it is taken for a bomb"
            ))
        })?;
        Ok(())
    }
}

/// Does a step of a reader of others, which may panic at bytes that no writer made.
///
/// # Errors
/// As the step, and where it panics.
pub(super) fn caught<T>(step: impl FnOnce() -> Readout<T>) -> Readout<T> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| Err(ArrowError::ParseError(told(panic.as_ref()))))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("its reader gave up: {}", text.unwrap_or("it did not say why"))
}
