//! Large files on their way to a server elsewhere: in parts, and on from the last one that is kept where a connection breaks.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use metrify_api::{DeliveryParameters, ReceiptBody, UploadStateBody};
use metrify_application::{Error, Kind, Result, io};
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::{Client, Place, kept};

/// Files up to here are sent whole.
pub(super) const WHOLE_BYTES_MAX: u64 = 64 << 20;
/// Bytes of a part, which are in memory while it is sent.
const PART_BYTES: u64 = 32 << 20;
/// How often it is tried to get on, each time after a longer pause: four minutes in all.
const TRIES_MAX: u32 = 15;
const PAUSE: Duration = Duration::from_secs(2);

/// An upload as this side knows it.
struct Sending<'f> {
    file: &'f Path,
    id: String,
    offset: u64,
    bytes: u64,
}

impl Client {
    /// Sends a file in parts. Where one does not arrive, it goes on from what did.
    pub(super) async fn upload(&self, file: &Path, bytes: u64, parameters: &DeliveryParameters) -> Result<ReceiptBody> {
        let begin = self.http.post(self.url("/api/v1/uploads")).header("Upload-Length", bytes);
        let UploadStateBody { id, offset, .. } = self.json(begin, "begin the upload").await?;
        let mut sending = Sending { file, id, offset, bytes };
        let mut tried = 0;
        loop {
            let before = sending.offset;
            match self.send_part(&mut sending, parameters).await {
                Ok(Some(receipt)) => return Ok(receipt),
                Ok(None) => {}
                Err(error) if may_pass(&error) && tried < TRIES_MAX => {
                    tried += 1;
                    tokio::time::sleep(PAUSE * tried).await;
                    self.look_up(&mut sending).await?;
                }
                Err(error) => {
                    // Where it cannot be given up either, the server does so in a day; why it could not be sent says more.
                    drop(self.answer(self.http.delete(self.at(&sending)), "give the upload up").await);
                    return Err(error);
                }
            }
            if sending.offset > before {
                tried = 0;
            }
        }
    }

    /// The same server, opened by what opens it now: a login may end before all is sent.
    async fn fresh(&self) -> Result<Self> {
        let mut server = self.server.clone();
        if self.place == Place::ElsewhereByLogin {
            let ended = || Error::new(Kind::Denied, format!("ask the server {}: the login has ended", server.url));
            server.token = kept(&self.http, &server.url).await?.ok_or_else(ended)?;
        }
        Ok(Self { http: self.http.clone(), server, place: self.place })
    }

    fn at(&self, sending: &Sending<'_>) -> String {
        self.url(&format!("/api/v1/uploads/{}", sending.id))
    }

    /// Sends the next part; with the last comes the receipt.
    async fn send_part(
        &self,
        sending: &mut Sending<'_>,
        parameters: &DeliveryParameters,
    ) -> Result<Option<ReceiptBody>> {
        let client = self.fresh().await?;
        let wanted = PART_BYTES.min(sending.bytes.saturating_sub(sending.offset));
        let end = sending.offset + wanted;
        let part = read(sending.file.to_owned(), sending.offset, wanted).await?;
        let last = end >= sending.bytes;
        let request = client.http.patch(client.at(sending)).query(parameters).body(part);
        let request = request.header("Upload-Offset", sending.offset).header("Upload-Complete", truth(last));
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/partial-upload"));
        let step = "send a part of the delivery";
        if last {
            return client.json(request, step).await.map(Some);
        }
        client.answer(request, step).await?;
        sending.offset = end;
        Ok(None)
    }

    /// Finds out how much is kept. A server that cannot be reached yet is asked when the next part is sent.
    async fn look_up(&self, sending: &mut Sending<'_>) -> Result<()> {
        match self.json::<UploadStateBody>(self.http.get(self.at(sending)), "ask for the upload").await {
            Ok(upload) => sending.offset = upload.offset,
            Err(error) if may_pass(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

const fn truth(truth: bool) -> &'static str {
    if truth { "?1" } else { "?0" }
}

/// It may get on another time: the server is away, busy or full, or more or less is kept than was thought.
fn may_pass(error: &Error) -> bool {
    match error.kind() {
        Kind::Unavailable | Kind::Busy | Kind::Conflict => true,
        Kind::Invalid | Kind::NotFound | Kind::Denied | Kind::Corrupt | Kind::Internal => false,
    }
}

/// So many bytes of a file, from `offset` on.
async fn read(file: PathBuf, offset: u64, wanted: u64) -> Result<Vec<u8>> {
    let step = format!("read `{}`", file.display());
    let read = move || {
        let mut file = std::fs::File::open(&file)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut part = Vec::new();
        file.take(wanted).read_to_end(&mut part).map(|_| part)
    };
    let part = tokio::task::spawn_blocking(read).await;
    let part = part.map_err(|error| Error::new(Kind::Internal, step.clone()).because(error))?;
    let part = part.map_err(|error| io(step.clone(), error))?;
    if (part.len() as u64) < wanted {
        return Err(Error::new(Kind::Invalid, format!("{step}: it became shorter while it was sent")));
    }
    Ok(part)
}
