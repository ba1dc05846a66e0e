//! Writing the answer to a received interchange.

use metrify_domain::Timestamp;

use super::examine::{NO_TAG, Received, Rejected};
use crate::edifact::write::{Unwritable, Writer};

/// UNH S009 of the message that is written.
const MESSAGE_TYPE: [&str; 5] = ["CONTRL", "D", "3", "UN", "2.0b"];
/// DE0083.
const REJECTED: &str = "4";
const ACKNOWLEDGED: &str = "7";

/// Writes the CONTRL for an interchange, as an interchange of its own with this reference. Sender and receiver change places.
///
/// # Errors
/// Where the reference or what the interchange says of itself cannot stand in a message.
pub fn write(received: &Received, reference: &str, prepared_at: Timestamp) -> Result<Vec<u8>, Unwritable> {
    let Received { sender, receiver, reference: answered, fault, rejected } = received;
    let [sender, receiver] = [sender, receiver].map(|[id, agency]| [id.as_str(), agency.as_str()]);
    let mut writer = Writer::between([receiver, sender], (reference, prepared_at), "")?;
    writer.open_message(&MESSAGE_TYPE)?;
    match fault {
        Some(fault) => writer.segment(
            "UCI",
            &[&[answered], &sender, &receiver, &[REJECTED], &[fault.code], &[fault.tag], &[fault.element]],
        )?,
        None => {
            writer.segment("UCI", &[&[answered], &sender, &receiver, &[ACKNOWLEDGED]])?;
            rejected.iter().try_for_each(|rejected| write_message(&mut writer, rejected))?;
        }
    }
    writer.close_message()?;
    writer.close()
}

fn write_message(writer: &mut Writer, rejected: &Rejected) -> Result<(), Unwritable> {
    let Rejected { reference, message_type, fault, segments } = rejected;
    let message_type: Vec<&str> = message_type.iter().map(String::as_str).collect();
    let [code, tag, element] = fault.as_ref().map_or(["", "", ""], |fault| [fault.code, fault.tag, fault.element]);
    writer.segment("UCM", &[&[reference], &message_type, &[REJECTED], &[code], &[tag], &[element]])?;
    for position in segments {
        writer.segment("UCS", &[&[&position.to_string()], &[NO_TAG]])?;
    }
    Ok(())
}
