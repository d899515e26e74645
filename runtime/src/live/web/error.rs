//! Why the page cannot be served.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Another program listens there.
    #[error(
        "port {port} on {ip} is taken by another program; name another one, or 0 for any that is free",
        port = .0.port(),
        ip = .0.ip()
    )]
    Taken(SocketAddr),
    /// No network interface of this machine has the address.
    #[error(
        "{ip} is no address of this machine; use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of \
         its networks",
        ip = .0.ip()
    )]
    NotOurs(SocketAddr),
    /// Ports below 1024 are for the system.
    #[error("this user may not listen on port {port}; use one from 1024 on", port = .0.port())]
    Denied(SocketAddr),
    /// The token could be guessed, or would have to be escaped in a URL.
    #[error(
        "the token must be {least} to {most} letters, digits, dashes or underscores; without one, a random one is made",
        least = super::guard::TOKEN_LENGTHS.start(),
        most = super::guard::TOKEN_LENGTHS.end()
    )]
    Token,
    /// The system gives no random numbers, and so no token.
    #[error("a token cannot be made because /dev/urandom cannot be read ({0}); give one yourself")]
    Random(#[source] Error),
    /// Whatever else the system says.
    #[error("the page cannot be served on {address} ({error})")]
    System {
        /// Where.
        address: SocketAddr,
        /// What it says.
        #[source]
        error: Error,
    },
}

impl WebError {
    /// Of an address that cannot be listened on.
    pub(super) fn listening(address: SocketAddr, error: Error) -> Self {
        match error.kind() {
            ErrorKind::AddrInUse => Self::Taken(address),
            ErrorKind::AddrNotAvailable => Self::NotOurs(address),
            ErrorKind::PermissionDenied => Self::Denied(address),
            _ => Self::System { address, error },
        }
    }
}
