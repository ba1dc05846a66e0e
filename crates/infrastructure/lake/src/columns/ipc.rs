//! Reads Arrow streams and files message by message.
//!
//! A file is a stream between a signature and a table of contents, so both are read as streams: a file that was cut off still
//! gives the batches before the cut. What a message says of its length and of what it unpacks to is held against what there is,
//! before memory is taken for it.
//!
//! Norm: Apache Arrow Columnar Format 1.5, "Serialization and Interprocess Communication".

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Take};

use arrow::array::RecordBatch;
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::{Message, root_as_message_with_opts};
use flatbuffers::VerifierOptions;
use metrify_application::ingest::Opened;
use metrify_formats::Output;

use super::Table;
use super::guard::{Budget, Readout, damaged};
use super::ours::select;

/// The file format opens with this; the stream format does not.
const FILE_SIGNATURE: &[u8] = b"ARROW1";
/// With the zeros behind it.
const FILE_HEAD_BYTES: usize = 8;
/// Stands before the length of a message; writers before version 0.15 left it out.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// A continuation and a length of zero.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// Longest message that is read: a batch has to be in memory.
const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// Before a compressed buffer stands how long it is when unpacked.
const PREFIX_BYTES: usize = 8;

/// Bytes and tables of what describes a message, counted as often as they are referred to; a thousand columns have less.
const SCHEMA_BYTES_MAX: usize = 8 << 20;
const SCHEMA_TABLES_MAX: usize = 50_000;

/// The columns of a stream or file that are read, and its batches.
///
/// # Errors
/// Where it does not begin as one.
pub(super) fn open(file: Opened, size: u64, out: &mut Output<'_>) -> Readout<Table> {
    let mut bytes = BufReader::new(file).take(size);
    let is_file = bytes.fill_buf()?.starts_with(FILE_SIGNATURE);
    if is_file {
        bytes.read_exact(&mut [0; FILE_HEAD_BYTES])?;
        // Some writers begin the first message at a higher boundary.
        while bytes.fill_buf()?.starts_with(&[0; FILE_HEAD_BYTES]) {
            bytes.consume(FILE_HEAD_BYTES);
        }
    }
    let mut batches = Messages {
        bytes,
        is_file,
        budget: Budget::of(size),
        decoder: StreamDecoder::new(),
        pending: VecDeque::new(),
        columns: Vec::new(),
        ended: false,
    };
    let schema = batches.message()?;
    let schema = schema.as_deref().map(read).transpose()?.and_then(|message| message.header_as_schema());
    let schema = schema.map(fb_to_schema).ok_or_else(|| damaged("it does not begin with what its columns are"))?;
    batches.columns = select(&schema, out)?;
    let schema = schema.project(&batches.columns)?;
    Ok(Table { schema, rows: None, batches: Box::new(move || batches.batch()) })
}

/// The batches of a stream or file, in their order.
struct Messages {
    bytes: Take<BufReader<Opened>>,
    is_file: bool,
    budget: Budget,
    decoder: StreamDecoder,
    /// What was read and waits for being decoded.
    pending: VecDeque<Buffer>,
    /// Which columns are read.
    columns: Vec<usize>,
    ended: bool,
}

impl Messages {
    fn batch(&mut self) -> Readout<Option<RecordBatch>> {
        loop {
            while let Some(buffer) = self.pending.front_mut() {
                if buffer.is_empty() {
                    self.pending.pop_front();
                } else if let Some(batch) = self.decoder.decode(buffer)? {
                    return batch.project(&self.columns).map(Some);
                }
            }
            if self.ended {
                return Ok(None);
            }
            self.message()?;
        }
    }

    /// Reads the next message and hands on how it describes itself; `None` at the end.
    fn message(&mut self) -> Readout<Option<Buffer>> {
        if self.bytes.limit() == 0 && self.is_file {
            return Err(damaged("it was cut off: the mark of its end is absent"));
        }
        let mut length = [0; 4];
        let mut head = Vec::with_capacity(END.len());
        if self.bytes.limit() > 0 {
            self.bytes.read_exact(&mut length)?;
            head.extend(length);
            if length == CONTINUATION {
                self.bytes.read_exact(&mut length)?;
                head.extend(length);
            }
        }
        let length = u32::from_le_bytes(length);
        if length == 0 {
            self.ended = true;
            if !self.is_file && self.bytes.limit() > 0 {
                let more = self.bytes.limit();
                return Err(damaged(&format!("{more} bytes stand behind the mark of its end")));
            }
            // A message without a body is decoded when something stands behind it.
            self.pending.push_back(Buffer::from(END));
            return Ok(None);
        }
        let description = self.bytes(length.into())?;
        let message = read(&description)?;
        let body = u64::try_from(message.bodyLength());
        let body = self.bytes(body.map_err(|_| damaged("a message has a negative length"))?)?;
        let unpacked = unpacked(&message, &body)?;
        if unpacked > MESSAGE_BYTES_MAX as u64 {
            return Err(too_large());
        }
        self.budget.unpack(unpacked)?;
        self.pending.extend([Buffer::from_vec(head), description.clone(), body]);
        Ok(Some(description))
    }

    fn bytes(&mut self, length: u64) -> Readout<Buffer> {
        let left = self.bytes.limit();
        if length > left {
            return Err(damaged(&format!("it was cut off: a part of {length} bytes has only {left}")));
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= MESSAGE_BYTES_MAX);
        let length = length.ok_or_else(too_large)?;
        let mut bytes = MutableBuffer::from_len_zeroed(length);
        self.bytes.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn too_large() -> ArrowError {
    damaged(&format!("a batch has more than {} MiB: write it in smaller ones", MESSAGE_BYTES_MAX >> 20))
}

fn read(description: &[u8]) -> Readout<Message<'_>> {
    // A name that stands there once may be that of many columns.
    let options = VerifierOptions {
        max_tables: SCHEMA_TABLES_MAX,
        max_apparent_size: SCHEMA_BYTES_MAX,
        ..VerifierOptions::default()
    };
    let message = root_as_message_with_opts(&options, description);
    message.map_err(|error| damaged(&format!("a message is not one: {error}")))
}

/// How many bytes the buffers of a message say that they are once they are unpacked.
///
/// # Errors
/// Where they say that they are more than its body while they are packed.
fn unpacked(message: &Message<'_>, body: &[u8]) -> Readout<u64> {
    let batch = message.header_as_record_batch();
    let batch = batch.or_else(|| message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()));
    let Some(batch) = batch else { return Ok(0) };
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    let amount = |length| u64::try_from(length).map_err(|_| damaged("a buffer has a negative length or place"));
    // What is absent has no length, and stands anywhere.
    for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() != 0) {
        packed = packed.saturating_add(amount(buffer.length())?);
        let start = usize::try_from(amount(buffer.offset())?).ok();
        // What is too short for a prefix is refused where it is unpacked.
        let prefix = start.and_then(|start| body.get(start..)?.first_chunk::<PREFIX_BYTES>());
        unpacked =
            unpacked.saturating_add(prefix.map_or(0, |prefix| i64::from_le_bytes(*prefix)).try_into().unwrap_or(0));
    }
    if packed > body.len() as u64 {
        return Err(damaged("its buffers lie on top of each other"));
    }
    Ok(if batch.compression().is_some() { unpacked } else { 0 })
}
