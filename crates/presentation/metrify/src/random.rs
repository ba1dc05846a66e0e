//! The only place that takes random bytes: from the operating system.

use metrify_application::{Result, io};

/// Bytes that nobody can guess.
///
/// # Errors
/// Where the operating system gives none.
pub fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut source = std::fs::File::open("/dev/urandom").map_err(|error| io("take random bytes", error))?;
    std::io::Read::read_exact(&mut source, &mut bytes).map_err(|error| io("take random bytes", error))?;
    Ok(bytes)
}
