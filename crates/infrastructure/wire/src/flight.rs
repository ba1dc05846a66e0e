//! Arrow Flight SQL: answers as columns, over gRPC. Nothing is kept between two calls: a ticket or a handle is the statement itself,
//! which is read anew for whoever presents it, so that nobody gains anything by what another one was given.

mod facts;
mod handle;
mod listing;
mod service;
mod status;
mod stream;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use metrify_application::govern::Certificate;
use metrify_application::{Error, Kind, Result};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use crate::door::{Door, LAST_ANSWERS, Stream};
use crate::strangers::WELCOME;
use crate::visitor::Guest;
use crate::{Tls, Wire};
use service::Service;

/// Bytes of one message of a client: a statement, or the values for its parameters.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Calls that one connection may have under way.
const CALLS_MAX: u32 = 32;
/// Connections that came to terms about TLS and wait to be served.
const WAITING_MAX: usize = 16;
/// How long a client that says nothing is believed to be there, and how long it may take to say that it is.
const SILENCE: Duration = Duration::from_secs(30);
const ALIVE: Duration = Duration::from_secs(20);
/// How old a connection may become: then its client has to come in anew.
const AGE: Duration = Duration::from_secs(3_600);
/// Bytes of the head of a call.
const HEAD_BYTES_MAX: u32 = 16 << 10;

/// Serves until it is told to stop, and answers that are under way a while longer.
///
/// # Errors
/// Where gRPC cannot be served.
pub async fn serve(wire: Arc<Wire>, listener: TcpListener, stopped: watch::Receiver<bool>) -> Result<()> {
    let (sender, welcomed) = mpsc::channel(WAITING_MAX);
    let mut welcoming = JoinSet::new();
    welcoming.spawn(welcome(Door::new(listener, stopped.clone()), wire.tls.clone(), sender));
    let service = FlightServiceServer::new(Service { wire }).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let server = Server::builder()
        .max_concurrent_streams(CALLS_MAX)
        .http2_keepalive_interval(Some(SILENCE))
        .http2_keepalive_timeout(Some(ALIVE))
        .http2_max_header_list_size(HEAD_BYTES_MAX)
        .max_connection_age(AGE)
        .add_service(service);
    let incoming = futures::stream::unfold(welcomed, async |mut welcomed| {
        let stream: Option<Stream> = welcomed.recv().await;
        stream.map(|stream| (Ok::<_, io::Error>(stream), welcomed))
    });
    let mut told = stopped.clone();
    let mut late = stopped;
    let told = async move { drop(told.wait_for(|stopped| *stopped).await) };
    let late = async move {
        drop(late.wait_for(|stopped| *stopped).await);
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = server.serve_with_incoming_shutdown(Box::pin(incoming), told) => {
            served.map_err(|error| Error::new(Kind::Unavailable, "serve Flight SQL").because(error))
        }
        () = late => Ok(()),
    }
}

/// What a call is told of the connection that it came by.
#[derive(Clone)]
pub(crate) struct Connection {
    guest: Guest,
    certificate: Option<Certificate>,
}

impl Connected for Stream {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        Connection { guest: self.guest().clone(), certificate: self.certificate() }
    }
}

/// Lets clients in, and comes to terms with them about TLS, each in its own time.
async fn welcome(mut door: Door, tls: Option<Tls>, welcomed: mpsc::Sender<Stream>) {
    let mut under_way = JoinSet::new();
    while let Some(stream) = door.next().await {
        let (tls, welcomed) = (tls.clone(), welcomed.clone());
        under_way.spawn(async move {
            let secret = async {
                match &tls {
                    Some(tls) => stream.secret(tls, "h2").await,
                    None => Ok(stream),
                }
            };
            match tokio::time::timeout(WELCOME, secret).await {
                // Where it is not taken, the server is being stopped.
                Ok(Ok(stream)) => drop(welcomed.send(stream).await),
                Ok(Err(error)) => tracing::debug!("a client did not come in: {error}"),
                Err(_) => {}
            }
        });
        while under_way.try_join_next().is_some() {}
    }
}
