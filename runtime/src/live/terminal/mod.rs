//! What goes on, on a terminal.
//!
//! The pipeline only notes each moment in a [`Screen`]; a thread of the view's own draws it and reads the keys,
//! so that a terminal that is slow or stands still (Ctrl-S, a dead ssh) holds up no answer.

mod answer;
mod colours;
pub(super) mod font;
mod guard;
mod keys;
mod layout;
pub(super) mod meter;
mod pen;
mod pixels;
#[cfg(test)]
mod samples;
mod screen;
mod sensor;
mod spectrogram;
mod thumbnail;

use std::env;
use std::io::{self, BufWriter, IsTerminal, Stdout, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::facts::Facts;
use super::moment::{Moment, Observer};
use super::spoil::Switchboard;
use crate::window::Window;
pub(super) use colours::{Colours, Tone};
pub(super) use guard::Guard;
use keys::{Action, Keys};
pub(super) use pen::Pen;
use screen::Screen;
pub(super) use thumbnail::Thumbnail;

/// From one drawing to the next, at least.
const REDRAW: Duration = Duration::from_millis(100);
/// It is drawn this often although nothing is new, because there are times on it.
const IDLE_REDRAW: Duration = Duration::from_secs(1);

/// Shows each moment on the terminal that standard output is, until it is dropped. Keys switch sensors off and
/// spoil them; quitting sets the stop flag.
pub struct TerminalView {
    screen: Arc<Mutex<Screen>>,
    closing: Arc<AtomicBool>,
    drawer: Option<JoinHandle<()>>,
}

impl TerminalView {
    /// Whether standard output is a terminal that can be drawn on; where not, lines can be written.
    pub fn is_possible() -> bool {
        let dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        stdout().is_terminal() && !dumb
    }

    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is no terminal, or another view has it.
    pub fn new(facts: Facts, switchboard: Switchboard, stop: Arc<AtomicBool>) -> io::Result<Self> {
        let guard = Guard::enter()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout()));
        let terminal = Terminal::new(backend)?;
        let keys = Keys::new(facts.sensors, switchboard);
        let screen = Arc::new(Mutex::new(Screen::new(facts)));
        let closing = Arc::new(AtomicBool::new(false));
        let drawer = Drawer {
            terminal,
            guard,
            screen: Arc::clone(&screen),
            keys,
            colours: Colours::of_this_terminal(),
            closing: Arc::clone(&closing),
            stop,
        };
        let thread = thread::Builder::new().name("terminal".into());
        let drawer = thread.spawn(move || drawer.run())?;
        Ok(Self {
            screen,
            closing,
            drawer: Some(drawer),
        })
    }
}

impl Observer for TerminalView {
    fn observe(&mut self, moment: &Moment, window: &Window, raw: &Window) {
        lock(&self.screen).take(moment, window, raw);
    }
}

impl Drop for TerminalView {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        if let Some(drawer) = self.drawer.take() {
            // A panic over there has been told by its hook.
            let _ = drawer.join();
        }
    }
}

fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws and reads keys, on a thread of its own.
struct Drawer {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    guard: Guard,
    screen: Arc<Mutex<Screen>>,
    keys: Keys,
    colours: Colours,
    closing: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Drawer {
    fn run(mut self) {
        // A terminal that has gone away ends the program, as closing a window does.
        if self.draw_until_closed().is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn draw_until_closed(&mut self) -> io::Result<()> {
        let mut drawn: Option<Instant> = None;
        let mut changed = true;
        while !self.closing.load(Ordering::Relaxed) && self.guard.holds() {
            let passed = drawn.map_or(IDLE_REDRAW, |drawn| drawn.elapsed());
            if passed >= IDLE_REDRAW
                || passed >= REDRAW && (changed || lock(&self.screen).is_fresh())
            {
                self.draw()?;
                (drawn, changed) = (Some(Instant::now()), false);
            }
            let rest = drawn.map_or(REDRAW, |drawn| REDRAW.saturating_sub(drawn.elapsed()));
            // Never zero, or a terminal slower than the redraws would keep the thread spinning.
            if event::poll(rest.max(Duration::from_millis(5)))? {
                changed |= self.react(&event::read()?)?;
            }
        }
        Ok(())
    }

    /// Returns whether something is to be drawn anew.
    fn react(&mut self, event: &Event) -> io::Result<bool> {
        let Event::Key(key) = event else {
            return Ok(matches!(event, Event::Resize(..)));
        };
        match self.keys.pressed(key) {
            Action::Quit => self.stop.store(true, Ordering::Relaxed),
            Action::Repaint => self.terminal.clear()?,
            Action::Switched => {}
            Action::None => return Ok(false),
        }
        Ok(true)
    }

    fn draw(&mut self) -> io::Result<()> {
        let Self {
            terminal,
            screen,
            keys,
            colours,
            ..
        } = self;
        // The lock is held while cells are filled, not while the terminal takes them.
        terminal.draw(|frame| {
            let area = frame.area();
            layout::draw(frame.buffer_mut(), area, &mut lock(screen), keys, *colours);
        })?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
