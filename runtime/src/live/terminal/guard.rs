//! Takes a terminal over, and gives it back whatever happens.

use std::io::{self, Error, ErrorKind, stdout};
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::panics;

/// Who has the terminal; there is only one.
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

struct Session {
    owner: ThreadId,
    /// Messages of other threads' panics, which would tear the picture; told when it is gone.
    held_back: Vec<String>,
}

/// The terminal is ours until this is dropped.
pub struct Guard(());

impl Guard {
    /// Raw mode and the alternate screen, without a cursor. A panic of the calling thread gives the terminal
    /// back before its message is printed; a panic of another one need not be the end, and its message waits.
    pub fn enter() -> io::Result<Self> {
        let mut session = session();
        if session.is_some() {
            let message = "the terminal is in use by another view of this program";
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        install_hook();
        enable_raw_mode()?;
        if let Err(error) = execute!(stdout(), EnterAlternateScreen, Hide) {
            let _ = disable_raw_mode();
            return Err(error);
        }
        *session = Some(Session {
            owner: thread::current().id(),
            held_back: Vec::new(),
        });
        Ok(Self(()))
    }

    /// False after a panic has given the terminal back.
    pub fn holds(&self) -> bool {
        session().is_some()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

fn session() -> MutexGuard<'static, Option<Session>> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leave() {
    let Some(session) = session().take() else {
        return;
    };
    // There is nobody to tell of a terminal that has gone away.
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    for message in session.held_back {
        eprintln!("{message}");
    }
}

fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !panics::is_caught() {
                if hold_back(info) {
                    return;
                }
                leave();
            }
            before(info);
        }));
    });
}

/// Keeps the message of a panic for later, if it is that of a thread that the view does not depend on.
fn hold_back(info: &panic::PanicHookInfo) -> bool {
    match &mut *session() {
        Some(session) if session.owner != thread::current().id() => {
            session.held_back.push(info.to_string());
            true
        }
        _ => false,
    }
}
