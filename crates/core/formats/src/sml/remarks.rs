//! What is noticed about meters and deliveries without a reading being lost, each once.

use metrify_domain::Severity;

use super::entries::Oddities;
use super::meters::Meter;
use crate::output::Output;
use crate::remarks::finding;
use crate::status_word;

/// Says what is odd about a meter, each thing once in a delivery.
pub(super) fn tell(meter: &mut Meter, oddities: &Oddities, position: &str, out: &mut Output<'_>) {
    let mut say = |rule: &'static str, severity: Severity, reason: String| {
        if meter.remarks.first(rule) {
            out.finding(finding(rule, severity, position, format!("{} {reason}", meter.point)));
        }
    };
    if oddities.kermit {
        say("kermit_crc", Severity::Note, "forms its checksums as CRC-16/Kermit instead of CRC-16/X-25".to_owned());
    }
    if oddities.unset_clock {
        let reason = "tells a time before 2009 or more than a day after the receipt, which is not used".to_owned();
        say("meter_clock", Severity::Note, reason);
    }
    if oddities.restarted {
        let reason = "counts its seconds anew, or was silent for more than a day: the distance is taken as one second";
        say("second_index", Severity::Note, reason.to_owned());
    }
    if oddities.unsigned_power {
        let reason = "writes powers of one or two bytes without a sign, as early DZG DVS74 do, and so they are read";
        say("unsigned_power", Severity::Note, reason.to_owned());
    }
    if let Some(status) = oddities.influence {
        let reason = format!("reports that it was opened or near a magnet (status {status:#010x})");
        say("meter_influenced", Severity::Warning, reason);
    }
    if let Some(status) = oddities.fault {
        let quality = status_word::quality(status);
        say(
            "meter_fault",
            Severity::Error,
            format!("reports a fault (status {status:#010x}): its values are {quality}"),
        );
    }
}

/// Says that a meter counts whole kilowatt hours, if it does.
pub(super) fn tell_resolution(meter: &Meter, out: &mut Output<'_>) {
    if let Some(why) = meter.evidence.whole_kwh() {
        let point = &meter.point;
        let reason = format!("{point} shows whole kilowatt hours, as a meter does without its PIN: {why}");
        out.finding(finding("whole_kwh_register", Severity::Note, "", reason));
    }
}
