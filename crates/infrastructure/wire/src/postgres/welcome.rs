//! How a client comes in: TLS, its first message, and its key as a password or its certificate.

use std::collections::HashMap;
use std::io;

use futures::{SinkExt, StreamExt};
use metrify_application::govern::Credential;
use pgwire::messages::response::{ErrorResponse, ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::{Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Postgres;
use super::cancel::Cancel;
use super::messages::{Socket, socket};
use super::problem::Problem;
use super::{problem, settings};
use crate::caller::{Caller, known_at, purpose};
use crate::door::Stream;

/// Bytes of the first message, with all it says of its client.
const FIRST_BYTES_MAX: u32 = 8 << 10;
/// What the first message may be instead of one that says the version: PostgreSQL's numbers for it.
const CANCEL: u32 = 80_877_102;
const TLS: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
/// How often a client may ask for another way to talk.
const ASKED_MAX: usize = 3;
/// The version that is spoken: 3.0.
const MAJOR: u32 = 3;
const SPOKEN: i32 = 3 << 16;
/// How the start of a session names its purpose, as in `options=-c metrify.purpose=billing`; so does a `SET` later on.
pub(super) const PURPOSE: &str = "metrify.purpose";
/// How it names the instant as of which everything is told; so does a `SET`, too.
pub(super) const KNOWN_AT: &str = "metrify.as_known_at";

/// The user who is asked for no password where a certificate opened the connection.
const BY_CERTIFICATE: &str = "certificate";

pub(super) struct Welcome<'p> {
    pub(super) postgres: &'p Postgres,
}

/// A client that is known.
pub(super) struct Welcomed {
    pub(super) socket: Socket,
    pub(super) caller: Caller,
    pub(super) cancel: Cancel,
}

impl Welcome<'_> {
    /// `None` for who only wanted to say something, or was told why it does not come in.
    pub(super) async fn receive(&self, mut stream: Stream) -> io::Result<Option<Welcomed>> {
        for _ in 0..ASKED_MAX {
            let (code, said) = first(&mut stream).await?;
            match code {
                TLS => match &self.postgres.wire.tls {
                    Some(tls) if !stream.is_secret() => {
                        stream.write_all(b"S").await?;
                        stream = stream.secret(tls, "postgresql").await?;
                    }
                    Some(_) | None => stream.write_all(b"N").await?,
                },
                GSS => stream.write_all(b"N").await?,
                CANCEL => {
                    self.cancel(&said);
                    return Ok(None);
                }
                version => return self.start(version, &said, stream).await,
            }
        }
        Err(io::Error::other("it asked for too many ways to talk"))
    }

    fn cancel(&self, said: &[u8]) {
        if let Some((session, secret)) = said.split_at_checked(4)
            && let (Ok(session), Ok(secret)) = (session.try_into(), secret.try_into())
        {
            self.postgres.cancels.cancel(i32::from_be_bytes(session), i32::from_be_bytes(secret));
        }
    }

    async fn start(&self, version: u32, said: &[u8], stream: Stream) -> io::Result<Option<Welcomed>> {
        let is_secret = stream.is_secret();
        let mut socket = socket(stream);
        if version >> 16 != MAJOR {
            return refuse(socket, problem::fatal("0A000", "this version of the protocol is not spoken: 3.0 is")).await;
        }
        let said = said_of(said);
        let unknown: Vec<String> = said.keys().filter(|name| name.starts_with("_pq_.")).cloned().collect();
        if version.cast_signed() != SPOKEN || !unknown.is_empty() {
            let spoken = NegotiateProtocolVersion::new(SPOKEN, unknown);
            socket.feed(PgWireBackendMessage::NegotiateProtocolVersion(spoken)).await?;
        }
        if self.postgres.wire.tls.is_some() && !is_secret {
            let error = problem::fatal("28000", "no key is taken over a connection that others can read");
            return refuse(socket, problem::hinted(error, "connect with sslmode=require or stricter")).await;
        }
        let purpose = named(&said, PURPOSE).map(purpose).transpose();
        let known_at = named(&said, KNOWN_AT).map_or(Ok(None), known_at);
        let (purpose, known_at) = match purpose.and_then(|purpose| Ok((purpose, known_at?))) {
            Ok(told) => told,
            Err(error) => return refuse(socket, problem::ending(problem::of(&error))).await,
        };
        let Some(credential) = presented(&mut socket, &said).await? else { return Ok(None) };
        self.admit(socket, Caller { credential, purpose, known_at }).await
    }

    async fn admit(&self, mut socket: Socket, caller: Caller) -> io::Result<Option<Welcomed>> {
        let ctx = match self.postgres.wire.context(&caller).await {
            Ok(Some(ctx)) => ctx,
            Ok(None) => return refuse(socket, problem::unknown()).await,
            Err(error) => return refuse(socket, problem::ending(problem::of(&error))).await,
        };
        if let Err(error) = socket.get_ref().guest().admit(ctx.tenant()) {
            return refuse(socket, problem::ending(problem::of(&error))).await;
        }
        let secret = match (self.postgres.wire.random)() {
            Ok([a, b, c, d, ..]) => i32::from_be_bytes([a, b, c, d]),
            Err(error) => return refuse(socket, problem::ending(problem::of(&error))).await,
        };
        let cancel = self.postgres.cancels.enter(secret);
        socket.codec_mut().trust();
        socket.feed(PgWireBackendMessage::Authentication(Authentication::Ok)).await?;
        for (name, value) in settings::reported() {
            let status = ParameterStatus::new(name.to_owned(), value.to_owned());
            socket.feed(PgWireBackendMessage::ParameterStatus(status)).await?;
        }
        let key = BackendKeyData::new(cancel.session, SecretKey::I32(cancel.secret));
        socket.feed(PgWireBackendMessage::BackendKeyData(key)).await?;
        socket.send(PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(TransactionStatus::Idle))).await?;
        Ok(Some(Welcomed { socket, caller, cancel }))
    }
}

/// What a client proves itself by. A password cannot be given unasked, and who is asked for one that it does not have leaves; so the user
/// says which of the two is meant, and a password that is empty is none.
async fn presented(socket: &mut Socket, said: &HashMap<String, String>) -> io::Result<Option<Credential>> {
    let certificate = socket.get_ref().certificate().map(Credential::Certificate);
    if certificate.is_some() && said.get("user").is_some_and(|user| user == BY_CERTIFICATE) {
        return Ok(certificate);
    }
    socket.send(PgWireBackendMessage::Authentication(Authentication::CleartextPassword)).await?;
    let Some(PgWireFrontendMessage::PasswordMessageFamily(password)) = socket.next().await.transpose()? else {
        return Ok(None);
    };
    let password = password.into_password().map_err(io::Error::other)?.password;
    Ok(Some(match certificate {
        Some(certificate) if password.is_empty() => certificate,
        Some(_) | None => Credential::Text(password),
    }))
}

/// The code that begins a connection, and what comes with it.
async fn first(stream: &mut Stream) -> io::Result<(u32, Vec<u8>)> {
    let length = stream.read_u32().await?;
    if !(8..=FIRST_BYTES_MAX).contains(&length) {
        return Err(io::Error::other(format!("the first message claims to have {length} bytes")));
    }
    let code = stream.read_u32().await?;
    let mut said = vec![0; length as usize - 8];
    stream.read_exact(&mut said).await?;
    Ok((code, said))
}

/// Names and values, each ended by a zero.
fn said_of(said: &[u8]) -> HashMap<String, String> {
    let mut texts = said.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut pairs = HashMap::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        if name.is_empty() {
            break;
        }
        pairs.insert(name, value);
    }
    pairs
}

/// What the start of a session says of a setting of ours.
fn named<'s>(said: &'s HashMap<String, String>, setting: &str) -> Option<&'s str> {
    let options = said.get("options").map(String::as_str).unwrap_or_default();
    let named = options.split_ascii_whitespace().find_map(|word| {
        let (name, value) = word.trim_start_matches("-c").trim_start_matches("--").split_once('=')?;
        (name == setting).then_some(value)
    });
    named.or(said.get(setting).map(String::as_str))
}

async fn refuse(mut socket: Socket, error: Problem) -> io::Result<Option<Welcomed>> {
    socket.send(PgWireBackendMessage::ErrorResponse(ErrorResponse::from(*error))).await?;
    socket.close().await?;
    Ok(None)
}
