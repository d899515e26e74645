//! Between a session and whoever looks at it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::error::CollectError;
use super::event::Event;
use super::session::Session;

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// To record the next clip.
    Record,
    /// To record this class next, by its place among the classes.
    Choose(usize),
    /// To record the class so many places further on next.
    Step(isize),
    /// To record a doubtful clip again.
    Again,
    /// To keep a doubtful clip.
    Keep,
    /// Not to keep a clip, or to stop recording it.
    Drop,
    /// To take the last clip back.
    Undo,
    /// To end.
    Quit,
}

/// Shows a session, and takes orders for it.
pub trait Face {
    /// What was ordered since the last call; does not wait.
    ///
    /// # Errors
    /// When there is nobody any more who could give orders.
    fn orders(&mut self, session: &Session) -> std::io::Result<Vec<Order>>;

    /// Shows what happened, and how it stands.
    ///
    /// # Errors
    /// When there is nothing any more to show it on.
    fn show(&mut self, session: &Session, events: &[Event]) -> std::io::Result<()>;
}

/// Records until the session is over or `stop` is set.
///
/// # Errors
/// Those of the session; what was kept before stays.
pub fn run(
    session: &mut Session,
    face: &mut dyn Face,
    stop: &AtomicBool,
) -> Result<(), CollectError> {
    let mut events = Vec::new();
    while !session.is_over() {
        // Whoever has gone away has stopped it.
        let orders = match stop.load(Ordering::Relaxed) {
            true => vec![Order::Quit],
            false => face.orders(session).unwrap_or_else(|_| vec![Order::Quit]),
        };
        let mut outcome = Ok(());
        for order in orders {
            if !session.is_over() && outcome.is_ok() {
                outcome = session.order(order, &mut events);
            }
        }
        if !session.is_over() && outcome.is_ok() {
            outcome = session.step(&mut events);
        }
        if face.show(session, &events).is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        events.clear();
        outcome?;
    }
    Ok(())
}
