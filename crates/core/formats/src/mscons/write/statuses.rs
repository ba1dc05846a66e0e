//! The status codes of a value: which of them may stand on it, and in which order.

use metrify_domain::{Code, Quality};

use super::rules::Application;
use super::{Reason, Value};

/// Hints (Z33) of one value at most.
const HINTS_MAX: usize = 4;

const HINTS: [&str; 7] = ["Z83", "Z84", "Z85", "Z86", "Z87", "ZC3", "ZS2"];
const METHODS: [&str; 5] = ["Z88", "Z89", "Z92", "ZJ2", "ZS0"];
const REASONS: [&str; 24] = [
    "Z74", "Z75", "Z76", "Z77", "Z78", "Z79", "Z80", "Z81", "Z82", "ZA0", "ZA1", "ZA3", "ZA4", "ZA5", "ZA6", "ZA7",
    "ZB0", "ZB9", "ZC2", "ZC4", "ZJ8", "ZJ9", "ZS9", "ZT8",
];
const CORRECTIONS_OF_TRUE_VALUES: [&str; 9] = ["ZA3", "ZA4", "ZA5", "ZA6", "ZA7", "ZB0", "ZB9", "ZC2", "ZJ9"];

/// The statuses of a value, as category and code, in the order in which they are written.
pub(super) fn of(value: &Value, application: Application) -> Result<Vec<(&'static str, String)>, Reason> {
    let codes = value.reading.reason.as_ref().map_or("", Code::as_str);
    let (hints, reasons): (Vec<&str>, Vec<&str>) = codes.split_whitespace().partition(|code| HINTS.contains(code));
    let quality = value.reading.quality;
    let substitute = quality == Quality::Substitute;
    let mut statuses = Vec::new();
    for hint in hints {
        allow(may_hint(hint, application, quality), hint, "Z33 (Plausibilisierungshinweis)")?;
        statuses.push(("Z33", hint.to_owned()));
    }
    if statuses.len() > HINTS_MAX {
        return Err(Reason::SeveralStatuses("Z33 (Plausibilisierungshinweis), more than four,"));
    }
    if let Some(method) = value.reading.method {
        let method = method.as_str();
        let known = METHODS.contains(&method) && (method != "ZS0" || is_of_market_location(application));
        allow(substitute && known, method, "Z32 (Ersatzwertbildungsverfahren)")?;
        statuses.push(("Z32", method.to_owned()));
    }
    if let Some(correction) = value.correction {
        let correction = correction.as_str();
        allow(may_correct(correction, application, quality), correction, "Z34 (Korrekturgrund)")?;
        statuses.push(("Z34", correction.to_owned()));
    }
    match reasons.as_slice() {
        [] => {}
        [reason] => {
            allow(substitute && may_explain(reason, application), reason, "Z40 (Grund der Ersatzwertbildung)")?;
            statuses.push(("Z40", (*reason).to_owned()));
        }
        [_, ..] => return Err(Reason::SeveralStatuses("Z40 (Grund der Ersatzwertbildung)")),
    }
    if substitute && application.rules().explained {
        if value.reading.method.is_none() {
            return Err(Reason::NoMethod);
        }
        if reasons.is_empty() {
            return Err(Reason::NoReason);
        }
    }
    Ok(statuses)
}

fn allow(allowed: bool, code: &str, category: &'static str) -> Result<(), Reason> {
    if allowed { Ok(()) } else { Err(Reason::Status(code.to_owned(), category)) }
}

fn is_of_market_location(application: Application) -> bool {
    application == Application::MarketLocationLoadCurve
}

fn may_hint(code: &str, application: Application, quality: Quality) -> bool {
    match code {
        // A customer's own reading, and a value of a modern meter: of registers.
        "Z83" => application == Application::RegisterReading && quality == Quality::True,
        "ZS2" => application == Application::RegisterReading && quality == Quality::Substitute,
        _ => HINTS.contains(&code) && application != Application::Energy,
    }
}

fn may_explain(code: &str, application: Application) -> bool {
    match code {
        "ZS9" => is_of_market_location(application),
        "ZT8" => application == Application::RegisterReading,
        // Of corrections alone.
        "ZJ8" | "ZJ9" => false,
        _ => REASONS.contains(&code),
    }
}

/// A provisional value is replaced, never corrected by another provisional one.
fn may_correct(code: &str, application: Application, quality: Quality) -> bool {
    let of_load_curves = application == Application::LoadCurve;
    match quality {
        Quality::True => CORRECTIONS_OF_TRUE_VALUES.contains(&code) && (code != "ZJ9" || of_load_curves),
        Quality::Substitute => match code {
            "ZJ8" | "ZJ9" => of_load_curves,
            "ZS9" | "ZT8" => false,
            _ => may_explain(code, application),
        },
        _ => false,
    }
}
