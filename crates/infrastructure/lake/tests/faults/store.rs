//! A local store in which one call goes wrong.

use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::Path;
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use futures::StreamExt;
use futures::stream::BoxStream;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and told so.
    Fails,
    /// It is done, and told that it is not.
    AnswerLost,
    /// It is done two times, and the second outcome is told.
    Twice,
    /// It is not done, and nothing is told.
    Hangs,
}

/// What goes wrong, and at which call from now.
static ARMED: Mutex<Option<(Fault, u64)>> = Mutex::new(None);

pub fn arm(fault: Fault, call: u64) {
    *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, call));
}

/// Tells whether it went wrong.
pub fn disarm() -> bool {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner).take().is_none()
}

/// What goes wrong at this call.
fn now() -> Option<Fault> {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    let (fault, calls) = armed.as_mut()?;
    *calls -= 1;
    let fault = *fault;
    if *calls > 0 {
        return None;
    }
    *armed = None;
    Some(fault)
}

fn broken() -> Error {
    Error::Generic { store: "faulty", source: "it was told to fail".into() }
}

/// Does a thing as it is told to go wrong, or right.
async fn through<T, W: Future<Output = Result<T>>>(work: impl Fn() -> W) -> Result<T> {
    match now() {
        None => work().await,
        Some(Fault::Fails) => Err(broken()),
        Some(Fault::AnswerLost) => work().await.and(Err(broken())),
        Some(Fault::Twice) => {
            drop(work().await);
            work().await
        }
        Some(Fault::Hangs) => std::future::pending().await,
    }
}

/// As [`through`], for what is told piece by piece.
fn stream<T: Send + 'static>(work: impl Fn() -> BoxStream<'static, Result<T>>) -> BoxStream<'static, Result<T>> {
    match now() {
        None => work(),
        Some(Fault::Fails) => futures::stream::once(async { Err(broken()) }).boxed(),
        Some(Fault::AnswerLost) => work().chain(futures::stream::once(async { Err(broken()) })).boxed(),
        Some(Fault::Twice) => work(),
        Some(Fault::Hangs) => futures::stream::pending().boxed(),
    }
}

#[derive(Debug)]
pub struct FaultyStore(pub LocalFileSystem);

impl Display for FaultyStore {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "faulty {}", self.0)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        through(|| self.0.put_opts(location, payload.clone(), opts.clone())).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        through(|| self.0.put_multipart_opts(location, opts.clone())).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        through(|| self.0.get_opts(location, options.clone())).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        through(|| self.0.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match now() {
            None | Some(Fault::Twice) => self.0.delete_stream(locations),
            Some(Fault::Hangs) => futures::stream::pending().boxed(),
            Some(Fault::Fails | Fault::AnswerLost) => futures::stream::once(async { Err(broken()) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream(|| self.0.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        stream(|| self.0.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        through(|| self.0.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        through(|| self.0.copy_opts(from, to, options.clone())).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        through(|| self.0.rename_opts(from, to, options.clone())).await
    }
}
