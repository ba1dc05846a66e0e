//! Passwords, asked for: unseen at a terminal, as a line of standard input elsewhere.

use std::io::{BufRead, IsTerminal, Read};

use metrify_application::{Error, Kind, Result, io};

/// Bytes of a line that are read; no password is so long.
const LINE_BYTES_MAX: u64 = 4096;

/// # Errors
/// Where none can be read.
pub fn ask(prompt: &str) -> Result<String> {
    let step = "read the password";
    let input = std::io::stdin();
    if input.is_terminal() {
        return rpassword::prompt_password(format!("{prompt}: ")).map_err(|error| io(step, error));
    }
    let mut line = String::new();
    input.lock().take(LINE_BYTES_MAX).read_line(&mut line).map_err(|error| io(step, error))?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        let error = Error::new(Kind::Invalid, format!("{step}: standard input holds none"));
        return Err(error.hint("run it at a terminal, or write the password to it as a line"));
    }
    Ok(password.to_owned())
}

/// A new one, which is asked for twice at a terminal.
///
/// # Errors
/// Where none can be read, or the two differ.
pub fn ask_new(prompt: &str) -> Result<String> {
    let password = ask(prompt)?;
    if std::io::stdin().is_terminal() && ask("Again")? != password {
        return Err(Error::new(Kind::Invalid, "read the password: it is another one the second time"));
    }
    Ok(password)
}
