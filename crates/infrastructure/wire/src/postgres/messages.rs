//! Messages to and from bytes, each within its length.

mod shape;

use std::io;

use bytes::BytesMut;
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage, ProtocolVersion};
use tokio_util::codec::{Decoder, Encoder, Framed};

use crate::door::Stream;

/// Bytes of one message. A statement has 256 KiB; the rest is for its parameters.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of a message of somebody who is not known yet.
const PASSWORD_BYTES_MAX: usize = 8 << 10;
/// Bytes of rows that are collected before they are sent.
const SENT_AT_ONCE: usize = 64 << 10;

pub(super) struct Messages {
    context: DecodeContext,
    bytes_max: usize,
}

pub(super) type Socket = Framed<Stream, Messages>;

/// A connection behind its first message.
pub(super) fn socket(stream: Stream) -> Socket {
    let mut context = DecodeContext::new(ProtocolVersion::PROTOCOL3_0);
    context.awaiting_frontend_ssl = false;
    context.awaiting_frontend_startup = false;
    let mut socket = Framed::new(stream, Messages { context, bytes_max: PASSWORD_BYTES_MAX });
    socket.set_backpressure_boundary(SENT_AT_ONCE);
    socket
}

impl Messages {
    /// From now on messages may be as long as those of somebody who is known.
    pub(super) const fn trust(&mut self) {
        self.bytes_max = MESSAGE_BYTES_MAX;
    }
}

impl Decoder for Messages {
    type Item = PgWireFrontendMessage;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let Some(length) = bytes.get(1..5).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes) else {
            return Ok(None);
        };
        let length = length as usize;
        if !(4..=self.bytes_max).contains(&length) {
            return Err(io::Error::other(format!("a message claims to have {length} bytes")));
        }
        if bytes.len() < length + 1 {
            bytes.reserve(length + 1 - bytes.len());
            return Ok(None);
        }
        // Whatever it holds, it does not reach into the next one.
        let mut message = bytes.split_to(length + 1);
        if !shape::is_whole(&message) {
            return Err(io::Error::other("a message does not hold what it should"));
        }
        PgWireFrontendMessage::decode(&mut message, &self.context).map_err(io::Error::other)
    }
}

impl Encoder<PgWireBackendMessage> for Messages {
    type Error = io::Error;

    fn encode(&mut self, message: PgWireBackendMessage, bytes: &mut BytesMut) -> io::Result<()> {
        message.encode(bytes).map_err(io::Error::other)
    }
}
