//! Sends readings at an even rate from many connections, and tells how long the answers took.
//!
//! Every connection has its own meters and sends what they measured in one quarter-hour at a time. It does so by the clock,
//! whatever the answers take: what waits for a slow answer counts as slow itself, and so does what is sent again because the server had too
//! much to do. Printed is JSON.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// 2025-01-01T00:00:00Z.
const BEGIN_S: i64 = 1_735_689_600;
const PERIOD_S: i64 = 900;
/// Answers before this are those of a server that warms up.
const WARM_UP: Duration = Duration::from_secs(3);

/// What is sent, and where to.
#[derive(Clone)]
struct Load {
    server: SocketAddr,
    token: String,
    connections: u32,
    readings_per_second: u32,
    readings_per_delivery: u32,
    time: Duration,
}

impl Load {
    fn from_arguments() -> Result<Self, Failed> {
        let [server, token, connections, rate, readings, seconds]: [String; 6] =
            std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(
                |_| "usage: latency SERVER TOKEN CONNECTIONS READINGS_PER_SECOND READINGS_PER_DELIVERY SECONDS",
            )?;
        Ok(Self {
            server: server.parse()?,
            token,
            connections: connections.parse()?,
            readings_per_second: rate.parse()?,
            readings_per_delivery: readings.parse()?,
            time: Duration::from_secs(seconds.parse()?),
        })
    }

    /// Between two deliveries of one connection.
    fn pause(&self) -> Duration {
        Duration::from_secs(1) * self.connections * self.readings_per_delivery / self.readings_per_second
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let load = Load::from_arguments()?;
    let begin = Instant::now() + Duration::from_millis(500);
    let senders = (0..load.connections).map(|number| tokio::spawn(send(load.clone(), number, begin)));
    let (mut answers, mut deliveries, mut refused) = (Vec::new(), 0_u64, 0_u64);
    for sender in senders.collect::<Vec<_>>() {
        let told = sender.await??;
        deliveries += told.deliveries;
        refused += told.refused;
        answers.extend(told.answers);
    }
    if answers.is_empty() {
        return Err("nothing was sent once the server had warmed up: send for longer".into());
    }
    let took = begin.elapsed().as_secs_f64();
    answers.sort_unstable();
    let at = |share: f64| answers[((answers.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    let readings = deliveries * u64::from(load.readings_per_delivery);
    println!(
        r#"{{"answers": {}, "readings": {readings}, "readings_per_second": {:.0}, "p50_ms": {:.3}, "p90_ms": {:.3}, "p99_ms": {:.3}, "max_ms": {:.3}, "refused": {refused}}}"#,
        answers.len(),
        readings as f64 / took,
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
    );
    Ok(())
}

/// What one connection was told.
#[derive(Default)]
struct Told {
    deliveries: u64,
    /// How often it was told to come again later.
    refused: u64,
    /// How long each answer took from when its delivery was due.
    answers: Vec<Duration>,
}

/// Sends what the meters of one connection measure.
async fn send(load: Load, number: u32, begin: Instant) -> Result<Told, Failed> {
    let mut sender = connect(&load).await?;
    let first = begin + load.pause() * number / load.connections;
    let mut told = Told::default();
    let mut due = first;
    for period in 0.. {
        if due >= begin + load.time {
            break;
        }
        let body = quarter_hour(number, period, load.readings_per_delivery)?;
        // A timer may wake us a millisecond late, which is no fault of the server's; an answer that came late is.
        let since = if Instant::now() > due {
            due
        } else {
            sleep_until(due.into()).await;
            Instant::now()
        };
        while let Some(later) = deliver(&load, &mut sender, body.clone()).await? {
            told.refused += 1;
            sleep(later).await;
            // It may have closed the connection rather than read the rest.
            sender = connect(&load).await?;
        }
        told.deliveries += 1;
        if due >= begin + WARM_UP {
            told.answers.push(since.elapsed());
        }
        due += load.pause();
    }
    Ok(told)
}

async fn connect(load: &Load) -> Result<SendRequest<Full<Bytes>>, Failed> {
    let stream = TcpStream::connect(load.server).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// `None` once it is received; otherwise how long the server asks to wait.
async fn deliver(load: &Load, sender: &mut SendRequest<Full<Bytes>>, body: String) -> Result<Option<Duration>, Failed> {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/deliveries")
        .header(HOST, load.server.to_string())
        .header(AUTHORIZATION, format!("Bearer {}", load.token))
        .header(CONTENT_TYPE, "application/x-ndjson")
        .body(Full::from(body))?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let later = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let answer = response.into_body().collect().await?.to_bytes();
    let stored = format!(r#""stored":{}"#, load.readings_per_delivery);
    if let (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) = (status, later) {
        return Ok(Some(Duration::from_secs(seconds)));
    }
    let told = std::str::from_utf8(&answer)?;
    if status != StatusCode::OK || !told.contains(&stored) {
        return Err(format!("{status}: {told}").into());
    }
    Ok(None)
}

/// What the meters of a connection measured in a quarter-hour, as lines.
fn quarter_hour(connection: u32, period: i64, meters: u32) -> Result<String, Failed> {
    let start = DateTime::from_timestamp(BEGIN_S + period * PERIOD_S, 0).ok_or("too many quarter-hours")?;
    let [start, end] =
        [start, start + TimeDelta::seconds(PERIOD_S)].map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let mut lines = String::with_capacity(meters as usize * 160);
    for meter in 0..meters {
        let value = (i64::from(meter) * 7 + period * 13) % 1_000;
        writeln!(
            lines,
            r#"{{"point":"SM-{connection}-{meter}","quantity":"1-0:1.29.0","period_start":"{start}","period_end":"{end}","value":0.{value:03},"unit":"kWh"}}"#
        )?;
    }
    Ok(lines)
}
