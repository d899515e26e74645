//! The server and its thread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::serve;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::connection::{Door, Lease};
use super::error::WebError;
use super::guard::Guard;
use super::picture::Painter;
use super::routes::router;
use super::shared::Shared;
use super::view::WebView;
use crate::live::{Facts, Switchboard};

/// Where the page is served, and what may be done with it.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Where to listen; port 0 for any that is free. Other machines reach it only if it is not a loopback
    /// address.
    pub address: SocketAddr,
    /// Whether the page may spoil sensors on purpose.
    pub control: bool,
    /// What a browser has to show, 8 to 128 letters, digits, dashes or underscores. Without one a random one
    /// is made where other machines reach the address, and none is wanted on a loopback address.
    pub token: Option<String>,
}

impl Default for WebConfig {
    /// This machine alone, port 8080, looking on only.
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            control: false,
            token: None,
        }
    }
}

/// How much of everything a server gives.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// WebSockets at once.
    pub seats: usize,
    /// Connections at once.
    pub connections: usize,
    /// For a request and its answer.
    pub request: Duration,
    /// For a browser to take a message.
    pub write: Duration,
    /// From one ping to the next; a browser that has answered none of three has gone.
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            seats: 64,
            connections: 256,
            request: Duration::from_secs(10),
            write: Duration::from_secs(10),
            ping: Duration::from_secs(10),
        }
    }
}

/// What the system holds of messages for one client, bytes; a second or two of them.
const SEND_BUFFER: u32 = 256 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 256;

/// Serves the page from a thread of its own until it is dropped.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    token: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Listens, and begins to serve. The view is to be one of the pipeline's observers; what is switched on
    /// the page is switched on the switchboard.
    ///
    /// # Errors
    /// When the address cannot be listened on, the token is unfit, or the system has no thread left.
    pub fn start(
        config: WebConfig,
        facts: Facts,
        switchboard: Switchboard,
    ) -> Result<(Self, WebView), WebError> {
        Self::start_within(config, facts, switchboard, Limits::default())
    }

    /// With other limits than usual.
    pub(super) fn start_within(
        config: WebConfig,
        facts: Facts,
        switchboard: Switchboard,
        limits: Limits,
    ) -> Result<(Self, WebView), WebError> {
        let wanted = config.address;
        let system = |error| WebError::System {
            address: wanted,
            error,
        };
        let guard = Guard::new(wanted.ip(), config.token)?;
        let token = guard.token().map(str::to_owned);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(system)?;
        let listener = {
            let _inside = runtime.enter();
            listen(wanted).map_err(|error| WebError::listening(wanted, error))?
        };
        let address = listener.local_addr().map_err(system)?;
        let shared = Arc::new(Shared::new(
            facts,
            guard,
            config.control,
            switchboard,
            limits,
        ));
        let view = WebView::new(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("web".into())
            .spawn(move || run(&runtime, listener, shared, stopped))
            .map_err(system)?;
        let server = Self {
            address,
            token,
            stop: Some(stop),
            thread: Some(thread),
        };
        Ok((server, view))
    }

    /// Where it listens, with the port that was found if any would do.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser, with the token if one is wanted: first from another machine, where it can
    /// be, and last from this one.
    pub fn urls(&self) -> Vec<String> {
        let ip = self.address.ip();
        let mut ips = Vec::new();
        if ip.is_unspecified() {
            ips.extend(outward(ip));
            ips.push(match ip {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        } else {
            ips.push(ip);
        }
        let token = self.token.as_ref();
        let query = token.map_or(String::new(), |token| format!("?token={token}"));
        let url = |ip| {
            let address = SocketAddr::new(ip, self.address.port());
            format!("http://{address}/{query}")
        };
        ips.into_iter().map(url).collect()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // So that the port is free again at once when the program is started anew.
    socket.set_reuseaddr(true)?;
    // Connections inherit it; left alone, the system lets it grow to megabytes for one that does not read.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stopped`; then everything that is still open is dropped with the runtime.
fn run(
    runtime: &Runtime,
    listener: TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let limits = shared.limits;
    let door = Door::new(listener, limits.connections, limits.request);
    let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Lease>();
    runtime.block_on(async move {
        tokio::spawn(serve(door, service).into_future());
        tokio::spawn(paint(shared));
        // It is never sent to, only dropped.
        let _ = stopped.await;
    });
}

/// Turns each new picture into a message to all.
async fn paint(shared: Arc<Shared>) {
    let mut painter = Painter::default();
    loop {
        if let Some(picture) = shared.easel.next(&mut painter).await {
            // An error only says that everybody has left in the meantime.
            let _ = shared.messages.send(picture.into());
        }
    }
}

/// The address that this machine has towards others; nothing is sent to find it.
fn outward(unspecified: IpAddr) -> Option<IpAddr> {
    // Addresses for documentation, which lead out of any network (RFC 5737 and RFC 3849).
    let far: SocketAddr = match unspecified {
        IpAddr::V4(_) => (Ipv4Addr::new(192, 0, 2, 1), 9).into(),
        IpAddr::V6(_) => (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    };
    let socket = UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
