//! What is answered to which request.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::assets::{ASSETS, HTML, PAGE};
use super::connection::Lease;
use super::metrics;
use super::pulse::Status;
use super::shared::Shared;
use super::{control, socket};

/// Bytes of a request's body or of a WebSocket message to us.
const MOST_BYTES: usize = 4096;
/// A WebSocket's buffers, bytes: what we read is tiny, and what we write is flushed each time.
const SOCKET_BUFFER: usize = 4096;

const JSON: &str = "application/json";

/// With every answer: nothing but our own files, in nobody's frame, told to nobody.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (CACHE_CONTROL, "no-store"),
];

/// Everything that is served.
pub fn router(shared: Arc<Shared>) -> Router {
    let mut assets = Router::new();
    for asset in ASSETS {
        let file = async move || ([(CONTENT_TYPE, asset.media_type)], asset.content);
        assets = assets.route(&format!("/assets/{}", asset.name), get(file));
    }
    let guarded = Router::new()
        .route("/", get(async || ([(CONTENT_TYPE, HTML)], PAGE)))
        .route("/live", get(live))
        .route("/control", post(control))
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .fallback(async || {
            sentence(
                StatusCode::NOT_FOUND,
                "There is nothing here; the page is at /.",
            )
        })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            check_token,
        ));
    assets
        .merge(guarded)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            check_source,
        ))
        .layer(middleware::from_fn(finish))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(shared)
}

async fn check_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.check_token(request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn check_source(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.check_source(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn finish(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !upgraded {
        // A connection has a deadline, so it has one request.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn live(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(lease): ConnectInfo<Lease>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Ok(seat) = Arc::clone(&shared.seats).try_acquire_owned() else {
        let sentence = format!(
            "{} browsers look on already; close one of them and try again.\n",
            shared.limits.seats
        );
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    };
    upgrade
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER)
        .on_upgrade(move |socket| {
            lease.keep();
            socket::tell(socket, shared, seat)
        })
}

async fn control(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !shared.control {
        return sentence(
            StatusCode::FORBIDDEN,
            "This page may only look on; start evenkeel with --control to spoil sensors from it.",
        );
    }
    let Ok(body) = body else {
        return sentence(StatusCode::PAYLOAD_TOO_LARGE, "That is too long.");
    };
    match control::Request::carry_out(&body, &shared.switchboard) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(what) => (StatusCode::BAD_REQUEST, what + "\n").into_response(),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = shared.metrics.text(shared.clients());
    ([(CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response()
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let report = shared.pulse().report();
    let status = match report.status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    match serde_json::to_string(&report) {
        Ok(json) => (status, [(CONTENT_TYPE, JSON)], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn sentence(status: StatusCode, sentence: &str) -> Response {
    (status, format!("{sentence}\n")).into_response()
}
