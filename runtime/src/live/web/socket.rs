//! One browser that looks on.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::shared::Shared;

/// Tells a browser everything until it leaves, is silent for too long, or does not take what it is sent.
pub async fn tell(mut socket: WebSocket, shared: Arc<Shared>, _seat: OwnedSemaphorePermit) {
    let limits = shared.limits;
    let mut messages = shared.messages.subscribe();
    if send(&mut socket, &shared, shared.hello()).await.is_err() {
        return;
    }
    let mut last_heard = Instant::now();
    let mut pings = interval(limits.ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            told = messages.recv() => match told {
                Ok(message) => message,
                Err(RecvError::Lagged(_)) => shared.hello(),
                Err(RecvError::Closed) => return,
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    last_heard = Instant::now();
                    continue;
                }
                // Browsers have nothing to say here; and a frame that is malformed or too long ends it, too.
                _ => return,
            },
            _ = pings.tick() => {
                if last_heard.elapsed() > 3 * limits.ping {
                    return;
                }
                Message::Ping(Bytes::new())
            }
        };
        if send(&mut socket, &shared, message).await.is_err() {
            return;
        }
    }
}

/// An error also when it takes too long.
async fn send(socket: &mut WebSocket, shared: &Shared, message: Message) -> Result<(), ()> {
    match timeout(shared.limits.write, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}
