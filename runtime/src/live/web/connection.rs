//! Connections that cannot be held open for nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// Accepts at most so many connections at a time; further ones wait in the system's queue.
///
/// Each has so long for its one request and the answer, so that a client which sends its headers a letter a
/// minute, or never reads, gives its place back soon. A WebSocket is exempt once its [`Lease`] is kept.
pub struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Door {
    /// In front of a listener.
    pub fn new(listener: TcpListener, places: usize, patience: Duration) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Without it messages wait for one another; a socket that is closed already does not care.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            stream,
            deadline: Box::pin(sleep(self.patience)),
            lease: Lease::default(),
            _place: place,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Keeps a connection open beyond its deadline.
#[derive(Debug, Clone, Default)]
pub struct Lease(Arc<AtomicBool>);

impl Lease {
    /// It has become a WebSocket, which has time-outs of its own.
    pub fn keep(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_kept(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connected<IncomingStream<'_, Door>> for Lease {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().lease.clone()
    }
}

/// A connection with a deadline and a place.
pub struct Connection {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    lease: Lease,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// An error once the deadline has passed; also has the task woken then.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.lease.is_kept() && self.deadline.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
