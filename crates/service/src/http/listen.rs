//! Listening, serving, and stopping without cutting off who is being served.
//!
//! Our own accept loop rather than `axum::serve`, for two bounds it does not offer: how many
//! connections there are, and how long a client may take to send its headers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::HttpConfig;

/// How long to wait after an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds a listener; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("binding {address}"))
}

/// Serves `router` until `shutdown`, then waits for requests under way, at most `config.drain()`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &HttpConfig,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(config.max_connections));
    while let Some(stream) = next_connection(&listener, &shutdown).await {
        // Held by the connection; when none is free, clients wait in the listener's queue.
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place.context("waiting for a free connection")?,
            () = shutdown.cancelled() => break,
        };
        let (router, shutdown, header_timeout) = (router.clone(), shutdown.clone(), config.header_timeout());
        connections.spawn(async move {
            serve_connection(stream, router, header_timeout, shutdown).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(config.drain(), connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests under way did not finish in time; leaving them");
    }
    Ok(())
}

async fn next_connection(listener: &TcpListener, shutdown: &CancellationToken) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => return None,
        };
        match accepted {
            Ok((stream, _)) => {
                // Answers are small and must not wait for an acknowledgement of the previous packet.
                let _ = stream.set_nodelay(true);
                return Some(stream);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router, header_timeout: Duration, shutdown: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        // The client went away or spoke no HTTP: its affair.
        tracing::debug!(%error, "a connection ended early");
    }
}
