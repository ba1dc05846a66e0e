//! How far a gateway vouches for a value: the status of the PTB (statusPTB), and the word of the FNN (statusFNN).
//!
//! The status of the PTB is what the gateway made of everything it knows, so it counts where it is told; else the word does.

use metrify_domain::{Code, Quality};

use crate::page::Table;
use crate::status_word;

/// The last of them: the meter is broken.
const FATAL: &str = "4";
/// Why a value is not valid whose own status says that it is.
const AFTER_FATAL: &str = "after fatal";

const PTB: [(Quality, &str); 5] = [
    (Quality::True, "no fault"),
    (Quality::True, "warning; the value is valid"),
    (Quality::Proposed, "temporary fault; the value is not valid, and may serve as a substitute"),
    (Quality::Faulty, "temporary fault; the value must not be used"),
    (Quality::Faulty, "fatal fault: this and all later values are not valid"),
];

/// What stands beside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) quality: Quality,
    pub(super) reason: Option<Code>,
    /// Whether no later value of the register can be valid.
    pub(super) is_fatal: bool,
    /// Whether the document tells any status at all.
    pub(super) is_told: bool,
    /// PTB and FNN do not say the same.
    pub(super) is_contradictory: bool,
}

impl Status {
    /// # Errors
    /// Where nothing can be made of what is told, in words.
    pub(super) fn read(ptb: &str, fnn: &str) -> Result<Self, String> {
        let by_ptb = match ptb {
            "" => None,
            text => {
                let row = text.parse::<usize>().ok().and_then(|code| PTB.get(code));
                Some(row.ok_or_else(|| format!("the statusPTB `{text}` is none of 0 to {}", PTB.len() - 1))?.0)
            }
        };
        let word = match fnn {
            "" => None,
            text if text.len() > 16 || text.starts_with('+') => None,
            text => u64::from_str_radix(text, 16).ok(),
        };
        if word.is_none() && by_ptb.is_none() && !fnn.is_empty() {
            return Err(format!("the statusFNN `{fnn}` is no word of 16 hexadecimal digits"));
        }
        let by_fnn = word.map(status_word::quality);
        let is_fatal = ptb == FATAL || by_ptb.is_none() && word.is_some_and(status_word::is_fatal);
        let word = word.and_then(status_word::code).map(|code| code.to_string());
        let reason = match (ptb, word) {
            ("" | "0", word) => word,
            (ptb, None) => Some(format!("PTB {ptb}")),
            (ptb, Some(word)) => Some(format!("PTB {ptb}, {word}")),
        };
        Ok(Self {
            quality: by_ptb.or(by_fnn).unwrap_or(Quality::True),
            reason: reason.and_then(|reason| Code::new(&reason)),
            is_fatal,
            is_told: by_ptb.or(by_fnn).is_some(),
            is_contradictory: by_ptb.zip(by_fnn).is_some_and(|(ptb, fnn)| ptb != fnn),
        })
    }

    /// The same beside a value that comes after a fatal fault.
    pub(super) fn after_fatal(self) -> Self {
        let reason = match self.reason {
            Some(reason) => format!("{AFTER_FATAL}, {reason}"),
            None => AFTER_FATAL.to_owned(),
        };
        Self { quality: Quality::Faulty, reason: Code::new(&reason), ..self }
    }
}

pub(super) fn table() -> Table {
    let rows = PTB
        .iter()
        .enumerate()
        .map(|(code, (quality, words))| vec![format!("`{code}`"), (*words).to_owned(), format!("`{quality}`")]);
    Table { name: "statuses", columns: &["statusPTB", "what", "quality"], rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn the_status_of_the_ptb_counts_and_else_the_word_of_the_fnn() {
        let read = |ptb, fnn| {
            Status::read(ptb, fnn).map(|status| {
                let reason = status.reason.map_or("-".to_owned(), |reason| reason.to_string());
                let Status { quality, is_told, is_contradictory, is_fatal, .. } = status;
                format!("{quality} {reason} {is_told} {is_contradictory}{}", if is_fatal { " fatal" } else { "" })
            })
        };
        for (ptb, fnn, expected) in [
            ("", "", "true - false false"),
            ("0", "", "true - true false"),
            ("1", "", "true PTB 1 true false"),
            ("2", "", "proposed PTB 2 true false"),
            ("4", "", "faulty PTB 4 true false fatal"),
            ("", "0000200500100504", "proposed status 0x0000200500100504 true false"),
            ("", "0000400500100504", "faulty status 0x0000400500100504 true false"),
            ("0", "0000010500100504", "true status 0x0000010500100504 true true"),
            ("3", "0000000500100504", "faulty PTB 3, status 0x0000000500100504 true true"),
            ("", "0000010000000000", "faulty status 0x0000010000000000 true false fatal"),
            ("", "0000000000020000", "faulty status 0x00020000 true false fatal"),
            ("0", "what", "true - true false"),
        ] {
            assert_eq!(read(ptb, fnn).as_deref(), Ok(expected), "{ptb} {fnn}");
        }
        assert!(read("5", "").is_err() && read("x", "").is_err() && read("", "what").is_err());
    }
}
