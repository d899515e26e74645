//! The live view as a page, served by the program itself.
//!
//! A [`WebView`] looks on like any other [`Observer`](crate::live::Observer) and hands what it sees to
//! browsers over WebSockets; a [`WebServer`] answers them on one thread of its own. With nobody connected
//! a moment costs a few counters. A browser that does not keep up misses messages and is told afresh where
//! things stand, so that it costs neither memory nor time of the pipeline.
//!
//! | path | what |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /live` | a WebSocket: JSON for each moment, pictures and spectrogram columns as binary messages |
//! | `POST /control` | spoils a sensor on purpose, where that is allowed |
//! | `GET /metrics` | for Prometheus, in OpenMetrics text |
//! | `GET /health` | JSON; status 200 while answers come from at least one sensor, 503 otherwise |
//!
//! It listens on the machine itself only, unless told another address, and then wants a token. A page of
//! another site can neither read nor steer it: requests whose `Origin` is not the page's own are refused,
//! and, where there is no token, so are those for a host name that is not this machine's.

mod assets;
mod columns;
mod connection;
mod control;
mod diary;
mod error;
mod guard;
mod message;
mod metrics;
mod picture;
mod pulse;
mod routes;
mod server;
mod shared;
mod socket;
mod view;

#[cfg(test)]
mod tests;

pub use error::WebError;
pub use server::{WebConfig, WebServer};
pub use view::WebView;
