//! Between the pipeline, which must not wait, and the thread that writes, which may have to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::piece::Piece;

/// Pieces that may wait to be written.
const MOST_PIECES: usize = 64;
/// Bytes that may wait to be written: some seconds of small pictures, so that a card may pause.
const MOST_BYTES: usize = 16 << 20;
/// After a failure nothing is written for this long.
const PAUSE: Duration = Duration::from_secs(30);

/// What the writer is told.
#[derive(Debug)]
pub enum Message {
    /// To add this to the clip under way, or to the one that begins with it.
    Piece(Piece),
    /// That the clip under way is complete.
    End,
}

/// What both ends know.
#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    told: Mutex<Told>,
}

/// What the writer wants the pipeline's end to know.
#[derive(Debug, Default)]
struct Told {
    /// The clip under way was given up; another may begin then.
    again: Option<Instant>,
    notices: Vec<String>,
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pipeline's end.
#[derive(Debug)]
pub struct Feed {
    messages: SyncSender<Message>,
    returned: Receiver<Piece>,
    shared: Arc<Shared>,
    patient: bool,
}

/// The writer's end.
#[derive(Debug)]
pub struct Outlet {
    messages: Receiver<Message>,
    returned: Sender<Piece>,
    shared: Arc<Shared>,
}

/// Whether the clip under way goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    GoesOn,
    /// It was given up by the writer; another may begin.
    BeginAnew,
    /// Nothing is written for a while.
    Paused,
}

/// Both ends. Who is `patient` waits where others cut a clip short.
pub fn queue(patient: bool) -> (Feed, Outlet) {
    let (messages, incoming) = sync_channel(MOST_PIECES);
    let (returned, empty) = channel();
    let shared = Arc::new(Shared::default());
    let feed = Feed {
        messages,
        returned: empty,
        shared: Arc::clone(&shared),
        patient,
    };
    let outlet = Outlet {
        messages: incoming,
        returned,
        shared,
    };
    (feed, outlet)
}

impl Feed {
    /// An empty piece, with the memory of one that was written.
    pub fn piece(&self) -> Piece {
        self.returned.try_recv().unwrap_or_default()
    }

    /// Whether the writer still has the clip under way.
    pub fn standing(&self) -> Standing {
        let mut told = self.shared.told();
        match told.again {
            None => Standing::GoesOn,
            Some(time) if Instant::now() < time => Standing::Paused,
            Some(_) => {
                told.again = None;
                Standing::BeginAnew
            }
        }
    }

    /// Whether there is room enough that it makes sense to begin a clip.
    pub fn has_room(&self) -> bool {
        self.patient || self.shared.waiting.load(Ordering::Relaxed) < MOST_BYTES / 2
    }

    /// Hands a piece over. Returns whether there was room for it.
    pub fn send(&self, piece: Piece) -> bool {
        let bytes = piece.bytes();
        let waiting = self.shared.waiting.fetch_add(bytes, Ordering::Relaxed);
        let sent = if self.patient {
            self.messages.send(Message::Piece(piece)).is_ok()
        } else if waiting > 0 && waiting + bytes > MOST_BYTES {
            false
        } else {
            self.try_send(Message::Piece(piece))
        };
        if !sent {
            self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        sent
    }

    /// Says that the clip under way is complete. Returns whether there was room to say it.
    pub fn end(&self) -> bool {
        self.try_send(Message::End)
    }

    /// Takes what somebody should know.
    pub fn notices(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.told().notices)
    }

    /// Leaves something that somebody should know.
    pub fn notice(&self, message: String) {
        self.shared.told().notices.push(message);
    }

    fn try_send(&self, message: Message) -> bool {
        match self.messages.try_send(message) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

impl Outlet {
    /// Waits for the next message; none once the other end is gone.
    pub fn next(&self) -> Option<Message> {
        self.messages.recv().ok()
    }

    /// Gives a piece's memory back.
    pub fn give_back(&self, mut piece: Piece) {
        self.shared
            .waiting
            .fetch_sub(piece.bytes(), Ordering::Relaxed);
        piece.clear();
        // Nobody wants it once the other end is gone.
        let _ = self.returned.send(piece);
    }

    /// Has nothing sent for a while, and a clip begun anew then.
    pub fn pause(&self) {
        self.shared.told().again = Some(Instant::now() + PAUSE);
    }

    /// Leaves something that somebody should know.
    pub fn notice(&self, message: String) {
        self.shared.told().notices.push(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(samples: usize) -> Piece {
        let mut piece = Piece::default();
        piece.samples.resize(samples, 0.0);
        piece
    }

    #[test]
    fn too_much_is_refused_and_memory_comes_back() {
        let (feed, outlet) = queue(false);
        let half = MOST_BYTES / 2 / size_of::<f32>();
        assert!(feed.send(piece(half)) && feed.send(piece(half)));
        assert!(!feed.send(piece(1)), "full");
        assert!(!feed.has_room());
        let Some(Message::Piece(written)) = outlet.next() else {
            panic!()
        };
        outlet.give_back(written);
        let again = feed.piece();
        assert!(again.samples.is_empty() && again.samples.capacity() >= half);
        assert!(feed.send(piece(1)));
    }

    #[test]
    fn a_single_piece_may_be_as_large_as_it_is() {
        let (feed, _outlet) = queue(false);
        assert!(feed.send(piece(MOST_BYTES)));
        assert!(!feed.send(piece(1)));
    }

    #[test]
    fn pieces_are_counted_too() {
        let (feed, _outlet) = queue(false);
        let sent = (0..2 * MOST_PIECES).take_while(|_| feed.send(piece(1)));
        assert_eq!(sent.count(), MOST_PIECES);
        assert!(!feed.end());
    }

    #[test]
    fn after_a_pause_a_clip_is_begun_anew() {
        let (feed, outlet) = queue(false);
        assert_eq!(feed.standing(), Standing::GoesOn);
        outlet.pause();
        assert_eq!(feed.standing(), Standing::Paused);
        feed.shared.told().again = Some(Instant::now());
        assert_eq!(feed.standing(), Standing::BeginAnew);
        assert_eq!(feed.standing(), Standing::GoesOn);
    }
}
