//! One error for every use case: a kind that a caller can act on, the step that failed, and its source.

use std::error::Error as StdError;
use std::fmt;

/// What a caller can do about an error. Presentation maps it once to an exit code and once to a status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was asked makes no sense as it stands.
    Invalid,
    NotFound,
    Denied,
    /// Somebody else was there first: a locked data directory, a changed version.
    Conflict,
    /// So much is being done already that this has to come again later; nothing of it was done.
    Busy,
    /// It may work later: a full disk, a store that does not answer.
    Unavailable,
    /// What is stored is not what was written.
    Corrupt,
    /// A mistake of ours.
    Internal,
}

impl Kind {
    /// Its name, as clients and logs know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }
}

/// The step that failed and why. The text of the source is printed behind it, never repeated in it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    step: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, step: impl Into<String>) -> Self {
        Self { kind, step: step.into(), hint: None, source: None }
    }

    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the person who reads the error can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The same error for another one who waits for the same thing; its sources become part of its step.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { kind: self.kind, step: self.chain(), hint: self.hint.clone(), source: None }
    }

    /// The step and all its sources in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.step.clone();
        let mut source = self.source();
        while let Some(cause) = source {
            // Some libraries print their source within their own text.
            let reason = cause.to_string();
            if !text.contains(&reason) {
                text.push_str(": ");
                text.push_str(&reason);
            }
            source = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.step)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An input or output error is something that may pass, but for what it says is missing or forbidden.
pub fn io(step: impl Into<String>, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => Kind::NotFound,
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::IsADirectory => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let error = Error::new(kind, step).because(error);
    if full {
        error.hint("free some space and run the command again; nothing that was acknowledged is lost")
    } else {
        error
    }
}
