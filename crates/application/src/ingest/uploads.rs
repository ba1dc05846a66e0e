//! Deliveries that come in parts, over as many requests as it takes. What was acknowledged of one is on the disk and outlasts a stop of
//! any kind; once all is there it is received as any delivery is.
//!
//! An upload is its principal's: to everybody else there is none of its id.

mod arrivals;
mod files;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Resource};

use self::arrivals::{Arrivals, Turn};
use self::files::{About, Files, UploadId};
use crate::app::App;
use crate::audit::{audited, looked_up, permitted};
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::{Error, Kind, Result, io};
use crate::ingest::content::{Content, Seen};
use crate::ingest::delivery::{Delivery, Looked, look};
use crate::ingest::once::{Name, Reply, answer_again, receive_once};
use crate::record::DeliveryId;
use crate::turns::Turns;

/// How long an upload is kept with which nobody goes on, and how long is known of one that it was received.
const IDLE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Uploads of a tenant that are under way at once: more would fill the disk with what may never be finished.
const UNDER_WAY_MAX: usize = 64;
/// Uploads of a tenant of which is known that they were received.
const RECEIVED_MAX: usize = 1_000;
/// Bytes of an upload: as many as a header can tell (RFC 9651, 3.3.1).
pub const BYTES_MAX: u64 = 999_999_999_999_999;

/// Where uploads are kept, and who is at them.
pub struct Uploads {
    folder: PathBuf,
    /// Of what was not received yet, of one tenant.
    bytes_max: u64,
    arrivals: Arc<Arrivals>,
    beginning: Turns<Tenant>,
}

/// How far an upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub id: String,
    /// Bytes that are on the disk, and the place where the next one goes.
    pub offset: u64,
    /// Bytes that it has as a whole, where that was said.
    pub length: Option<u64>,
    /// It was received, as any delivery is.
    pub received: bool,
    pub expires_at: Timestamp,
}

impl Uploads {
    /// In this folder, up to so many bytes of each tenant. What nobody goes on with is deleted.
    ///
    /// # Errors
    /// Where the folder cannot be read, or something in it not be deleted.
    pub fn open(folder: PathBuf, bytes_max: u64, now: Timestamp) -> Result<Self> {
        let failed = |error| io("look through the uploads", error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let tenant = name.to_str().and_then(|name| name.parse::<Tenant>().ok());
            if let Some(tenant) = tenant {
                Files::of(&folder, &tenant).tidy(now, |_| false).map_err(failed)?;
            }
        }
        Ok(Self { folder, bytes_max, arrivals: Arc::default(), beginning: Turns::default() })
    }

    fn files(&self, tenant: &Tenant) -> Files {
        Files::of(&self.folder, tenant)
    }
}

fn act(ctx: &Context, id: &str) -> Act {
    ctx.act(Action::Deliver, Resource::Deliveries, Some(id.to_owned()))
}

fn nowhere(id: &str) -> Error {
    let error = Error::new(Kind::NotFound, format!("find the upload `{id}`"));
    error.hint("it may have been given up, or nobody went on with it for a day: begin another one")
}

/// Begins an upload, of `length` bytes where that is known.
///
/// # Errors
/// Where it is denied, too many are under way, or no room can be made for it; invalid, where there could never be room for so many bytes.
pub async fn begin(app: &App, ctx: &Context, random: &[u8; 32], length: Option<u64>) -> Result<Upload> {
    let bytes_max = app.uploads.bytes_max;
    if length.is_some_and(|length| length > bytes_max) {
        let error = Error::new(Kind::Invalid, format!("begin the upload: a tenant has room for {bytes_max} bytes"));
        return Err(error.hint("send it in several deliveries, or raise intake.uploads_mb"));
    }
    let id = UploadId::of(random);
    let about = About { principal: ctx.principal.name.clone(), length, received: None };
    audited(app, ctx, act(ctx, id.as_str()), make(app, ctx, &id, &about)).await?;
    Ok(upload(&id, &about, 0, ctx.now))
}

async fn make(app: &App, ctx: &Context, id: &UploadId, about: &About) -> Result<()> {
    let step = "begin the upload";
    let _turn = app.uploads.beginning.take([ctx.tenant().clone()]).await;
    let (files, arrivals) = (app.uploads.files(ctx.tenant()), app.uploads.arrivals.clone());
    let (tenant, now, id, about) = (ctx.tenant().clone(), ctx.now, id.clone(), about.clone());
    blocking(step, move || {
        let under_way = files.tidy(now, |id| arrivals.hold(&tenant, id)).map_err(|error| io(step, error))?;
        if under_way >= UNDER_WAY_MAX {
            let error = Error::new(Kind::Busy, format!("{step}: {UNDER_WAY_MAX} others are under way"));
            return Err(error.hint("finish one, or give one up with DELETE"));
        }
        files.make(&id, &about).map_err(|error| io(step, error))
    })
    .await
}

/// Gives an upload up: what came of it is deleted. Of one that was received is no longer known that it was.
///
/// # Errors
/// Where it is denied, there is none of this id, or it cannot be deleted.
pub async fn give_up(app: &App, ctx: &Context, id: &str) -> Result<()> {
    audited(app, ctx, act(ctx, id), remove(app, ctx, id)).await
}

async fn remove(app: &App, ctx: &Context, id: &str) -> Result<()> {
    let step = "give the upload up";
    let taken = open(app, ctx, id).await?;
    let files = taken.files.clone();
    let id = taken.id.clone();
    blocking(step, move || files.remove_all(&id).map_err(|error| io(step, error))).await
}

/// How far an upload is. Who takes bytes for it is ended, so that the answer holds until more is sent.
///
/// # Errors
/// Where it is denied, there is none of this id, or it cannot be read.
pub async fn find(app: &App, ctx: &Context, id: &str) -> Result<Upload> {
    Ok(take(app, ctx, id).await?.upload)
}

/// Takes an upload to go on with it. Who takes bytes for it is ended.
///
/// # Errors
/// As [`find`].
pub async fn take(app: &App, ctx: &Context, id: &str) -> Result<Taken> {
    let act = act(ctx, id);
    permitted(app, ctx, act.clone()).await?;
    looked_up(app, ctx, &act, open(app, ctx, id).await)
}

async fn open(app: &App, ctx: &Context, id: &str) -> Result<Taken> {
    let id = UploadId::read(id).ok_or_else(|| nowhere(id))?;
    // Whose it is comes first: nobody ends what another does.
    known(app, ctx, &id).await?;
    let turn = app.uploads.arrivals.take(ctx.tenant(), &id).await;
    let (about, touched) = known(app, ctx, &id).await?;
    let files = app.uploads.files(ctx.tenant());
    let (file, offset) = match &about.received {
        Some((_, bytes)) => (None, *bytes),
        None => {
            let (file, offset) = opened(files.bytes(&id)).await?;
            (Some(file), offset)
        }
    };
    let upload = upload(&id, &about, offset, touched);
    let bytes_max = app.uploads.bytes_max;
    Ok(Taken { id, about, files, file, synced: offset, upload, room: Room { bytes_max, left: 0 }, turn })
}

async fn known(app: &App, ctx: &Context, id: &UploadId) -> Result<(About, Timestamp)> {
    let step = "look the upload up";
    let (files, principal, searched) = (app.uploads.files(ctx.tenant()), ctx.principal.name.clone(), id.clone());
    let found = blocking(step, move || files.find(&searched, &principal).map_err(|error| io(step, error))).await?;
    found.filter(|(_, touched)| !files::is_over(*touched, ctx.now)).ok_or_else(|| nowhere(id.as_str()))
}

/// The file, and how many bytes of it are on the disk: all, once this returns.
async fn opened(path: PathBuf) -> Result<(Arc<File>, u64)> {
    let step = "open the upload";
    let open = move || {
        let file = File::options().append(true).open(path)?;
        // A stop may have come before what was written last was on the disk.
        file.sync_data()?;
        let bytes = file.metadata()?.len();
        Ok((Arc::new(file), bytes))
    };
    blocking(step, move || open().map_err(|error| io(step, error))).await
}

fn upload(id: &UploadId, about: &About, offset: u64, touched: Timestamp) -> Upload {
    Upload {
        id: id.as_str().to_owned(),
        offset,
        length: about.length,
        received: about.received.is_some(),
        expires_at: files::expires_at(touched),
    }
}

/// An upload that somebody goes on with, and nobody else.
pub struct Taken {
    id: UploadId,
    about: About,
    files: Files,
    /// `None` where it was received.
    file: Option<Arc<File>>,
    /// Bytes that are on the disk for certain.
    synced: u64,
    upload: Upload,
    room: Room,
    turn: Turn,
}

/// Bytes that may be pushed before the disk is looked at again.
struct Room {
    bytes_max: u64,
    left: u64,
}

/// As [`Room`]: several parts of a tenant that come at once may have taken so much too much, each.
const ROOM_BYTES: u64 = 8 << 20;

impl Taken {
    /// How far it is, with all that was pushed: what was not [kept](Self::keep) may still be lost.
    #[must_use]
    pub const fn upload(&self) -> &Upload {
        &self.upload
    }

    /// Returns once somebody else came for it: whoever has it ends then.
    pub async fn superseded(&self) {
        self.turn.superseded().await;
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// Where it was received, would be longer than was said, or cannot be written: then some of the bytes may have been. Busy, where its
    /// tenant has no room for them.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<()> {
        let step = "append to the upload";
        let Some(file) = self.file.clone() else {
            let error = Error::new(Kind::Conflict, format!("{step}: it was received already"));
            return Err(error.hint("begin another one"));
        };
        let longest = self.upload.length.unwrap_or(BYTES_MAX);
        if self.upload.offset + bytes.len() as u64 > longest {
            let error = Error::new(Kind::Invalid, format!("{step}: it would have more than {longest} bytes"));
            return Err(error.hint("Upload-Length said how many there are; begin another upload if that was wrong"));
        }
        self.make_room(bytes.len() as u64).await?;
        let (written, offset) = blocking(step, move || {
            let written = (&*file).write_all(&bytes);
            Ok((written, file.metadata().map_err(|error| io(step, error))?.len()))
        })
        .await?;
        self.upload.offset = offset;
        written.map_err(|error| io(step, error))
    }

    async fn make_room(&mut self, bytes: u64) -> Result<()> {
        let step = "append to the upload";
        let Room { bytes_max, left } = &mut self.room;
        if bytes > *left {
            let files = self.files.clone();
            let used = blocking(step, move || files.bytes_under_way().map_err(|error| io(step, error))).await?;
            *left = bytes_max.saturating_sub(used).min(ROOM_BYTES.max(bytes));
        }
        *left = left.checked_sub(bytes).ok_or_else(|| {
            let step =
                format!("{step}: unfinished ones of this tenant have {bytes_max} bytes, and there is no room for more");
            Error::new(Kind::Busy, step).hint("finish others, give one up with DELETE, or raise intake.uploads_mb")
        })?;
        Ok(())
    }

    /// What was pushed is on the disk, once this returns, and its offset may be told.
    ///
    /// # Errors
    /// Where it cannot be made so: then what is not on the disk was cut off again.
    pub async fn keep(&mut self) -> Result<()> {
        let step = "keep what came of the upload";
        let Some(file) = self.file.clone().filter(|_| self.upload.offset > self.synced) else { return Ok(()) };
        let synced = self.synced;
        let kept = blocking(step, move || match file.sync_data() {
            Ok(()) => Ok(Ok(())),
            Err(error) => file.set_len(synced).map(|()| Err(error)).map_err(|error| io(step, error)),
        });
        match kept.await? {
            Ok(()) => {
                self.synced = self.upload.offset;
                Ok(())
            }
            Err(error) => {
                self.upload.offset = synced;
                Err(io(step, error))
            }
        }
    }

    /// Its bytes, which stay where they are until it is received.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::Uploaded(self.files.bytes(&self.id))
    }

    /// All is there: receives it as any delivery, and once. Whoever asks again, because the answer was lost, gets the same one.
    ///
    /// # Errors
    /// As [`receive_once`], and where it has fewer bytes than was said. It may be received again then.
    pub async fn receive(&mut self, app: &App, ctx: &Context, delivery: Delivery, name: Name<'_>) -> Result<Reply> {
        let Upload { offset, length, .. } = self.upload;
        if length.is_some_and(|length| offset < length) {
            let error = Error::new(Kind::Invalid, format!("receive the upload: it has {offset} bytes"));
            return Err(error.hint("Upload-Length said that there are more: send them, too"));
        }
        if let Some((id, bytes)) = &self.about.received {
            let seen = Seen { id: id.clone(), digest: None, bytes: *bytes, head: Vec::new() };
            return answer_again(app, ctx, &Looked { delivery, seen, unread: None }, name).await;
        }
        let looked = look(delivery).await?;
        let received = (looked.seen.id.clone(), looked.seen.bytes);
        let reply = receive_once(app, ctx, looked, name).await?;
        self.received(received).await?;
        Ok(reply)
    }

    async fn received(&mut self, received: (DeliveryId, u64)) -> Result<()> {
        let step = "note that the upload was received";
        self.about.received = Some(received);
        let (files, id, about) = (self.files.clone(), self.id.clone(), self.about.clone());
        blocking(step, move || files.received(&id, &about).map_err(|error| io(step, error))).await?;
        self.file = None;
        self.upload.received = true;
        Ok(())
    }
}
