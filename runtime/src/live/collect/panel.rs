//! A session on a terminal: the class in large letters, the countdown, level and picture, and the counts.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Stdout, stdout};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::error::CollectError;
use super::event::{Event, clips_of};
use super::face::{Face, Order};
use super::phase::Phase;
use super::session::Session;
use crate::live::statistics::Level;
use crate::live::terminal::{Colours, Guard, Pen, Thumbnail, Tone, font, meter};
use crate::window::Modality;

/// Below this there is no room for what matters.
const LEAST: (u16, u16) = (64, 20);
/// What happened of late.
const NEWS: usize = 4;
/// The level is that of the last…
const HEARD: Duration = Duration::from_millis(100);
/// From one drawing to the next, at least.
const REDRAW: Duration = Duration::from_millis(90);
/// Columns of the counts, and of the picture.
const SIDE: u16 = 28;

/// The terminal, until it is dropped.
pub struct Panel {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    _guard: Guard,
    scene: Scene,
    drawn: Option<Instant>,
}

/// What is drawn beside the session itself.
struct Scene {
    colours: Colours,
    picture: Thumbnail,
    news: VecDeque<String>,
}

impl Panel {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is none.
    pub fn new() -> Result<Self, CollectError> {
        let guard = Guard::enter().map_err(CollectError::Terminal)?;
        let out = BufWriter::with_capacity(1 << 16, stdout());
        let terminal = Terminal::new(CrosstermBackend::new(out)).map_err(CollectError::Terminal)?;
        Ok(Self {
            terminal,
            _guard: guard,
            scene: Scene::new(Colours::of_this_terminal()),
            drawn: None,
        })
    }
}

impl Face for Panel {
    fn orders(&mut self, _session: &Session) -> io::Result<Vec<Order>> {
        let mut orders = Vec::new();
        while event::poll(Duration::ZERO)? {
            match event::read()? {
                Input::Key(key) if is_repaint(&key) => self.terminal.clear()?,
                Input::Key(key) => orders.extend(pressed(&key)),
                _ => self.drawn = None,
            }
        }
        Ok(orders)
    }

    fn show(&mut self, session: &Session, events: &[Event]) -> io::Result<()> {
        for event in events {
            if !matches!(
                event,
                Event::Count { .. } | Event::Next { .. } | Event::Now { .. }
            ) {
                self.scene.news.push_back(event.to_string());
            }
        }
        while self.scene.news.len() > NEWS {
            self.scene.news.pop_front();
        }
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return Ok(());
        }
        self.drawn = Some(Instant::now());
        self.scene
            .picture
            .take(session.studio().last().frames.last());
        let Self {
            terminal, scene, ..
        } = self;
        terminal.draw(|frame| {
            let area = frame.area();
            scene.draw(frame.buffer_mut(), area, session);
        })?;
        Ok(())
    }
}

fn is_repaint(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('l') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// What a key is for.
fn pressed(key: &KeyEvent) -> Option<Order> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if control => Order::Quit,
        KeyCode::Char(_) if control => return None,
        KeyCode::Char('q' | 'Q') => Order::Quit,
        KeyCode::Char(' ') | KeyCode::Enter => Order::Record,
        KeyCode::Char('r' | 'R' | 'a') => Order::Again,
        KeyCode::Char('k') => Order::Keep,
        KeyCode::Char('d' | 'x') | KeyCode::Esc => Order::Drop,
        KeyCode::Char('u') => Order::Undo,
        KeyCode::Down | KeyCode::Tab => Order::Step(1),
        KeyCode::Up | KeyCode::BackTab => Order::Step(-1),
        KeyCode::Char(digit @ '1'..='9') => Order::Choose(digit as usize - '1' as usize),
        _ => return None,
    })
}

impl Scene {
    fn new(colours: Colours) -> Self {
        Self {
            colours,
            picture: Thumbnail::default(),
            news: VecDeque::new(),
        }
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, session: &Session) {
        let mut pen = Pen::new(buffer, area, self.colours);
        if pen.lacks_room(LEAST) {
            return;
        }
        title(&mut pen, session);
        let rest = area.height - 1 - 2 - 3 - NEWS as u16 - 1 - 1;
        let (buffer, middle) = pen.take(rest);
        let side = Rect {
            x: middle.right() - SIDE,
            width: SIDE,
            ..middle
        };
        let left = Rect {
            width: middle.width - SIDE - 2,
            ..middle
        };
        self.stage(&mut Pen::new(buffer, left, self.colours), session);
        self.side(&mut Pen::new(buffer, side, self.colours), session);
        self.sound(&mut pen, session);
        pen.heading("sensors");
        for modality in Modality::LIVE {
            let about = session.studio().about(modality);
            let text = about.unwrap_or_else(|| format!("{}: not recorded", modality.sensor_name()));
            pen.line(pen.say(text, Tone::Plain));
        }
        pen.heading("what happened");
        for line in 0..NEWS {
            let text = self.news.get(line).map_or("", String::as_str);
            pen.line(pen.say(text, Tone::Faint));
        }
        keys(&mut pen, session.phase());
    }

    /// The class, and what is to be done.
    fn stage(&self, pen: &mut Pen, session: &Session) {
        let (text, tone) = match session.phase() {
            Phase::Waiting { .. } if session.is_complete() => (
                "all classes are complete: q ends, space records one more".to_owned(),
                Tone::Good,
            ),
            Phase::Waiting { .. } => ("press space, and be ready".to_owned(), Tone::Plain),
            Phase::Counting { told, .. } => (format!("in {told}"), Tone::Warning),
            Phase::Recording { .. } => ("NOW".to_owned(), Tone::Bad),
            Phase::Doubtful(take) => (format!("doubtful: {}", take.faults.join(", ")), Tone::Bad),
            Phase::Over => (String::new(), Tone::Plain),
        };
        let large = match session.phase() {
            Phase::Counting { told, .. } => format!("{} {told}", session.label()),
            _ => session.label().to_string(),
        };
        pen.line("");
        let (colours, columns, lines) = (pen.colours, pen.width(), pen.height());
        let fits = |scale: &u16| {
            let wide = font::width(&large, *scale).is_some_and(|wide| usize::from(wide) <= columns);
            wide && usize::from(font::lines(*scale)) + 3 <= lines
        };
        match [3, 2, 1].into_iter().find(fits) {
            Some(scale) => {
                let (buffer, area) = pen.take(font::lines(scale));
                font::draw(buffer, area, &large, scale, colours.style(tone));
            }
            None => pen.line(pen.say(large, tone)),
        }
        pen.line("");
        pen.text(&text, tone, 3);
    }

    /// The counts, and the picture below them.
    fn side(&self, pen: &mut Pen, session: &Session) {
        let plan = session.plan();
        let lines = pen.height();
        let shown = plan.labels.len().min(lines / 2);
        let on = plan
            .labels
            .iter()
            .position(|label| label == session.label());
        let first = on.unwrap_or(0).saturating_sub(shown.saturating_sub(1));
        for label in plan.labels.iter().skip(first).take(shown) {
            let have = session.shelf().count(label);
            let tone = match label == session.label() {
                true => Tone::Heading,
                false => Tone::Plain,
            };
            let [full, rest] = pen.bar(have as f32 / plan.per_class as f32, 8, Tone::Good);
            let name = pen.say(format!(" {:<12.12}", label.as_str()), tone);
            let count = pen.say(format!(" {have}/{}", plan.per_class), Tone::Plain);
            pen.line(vec![full, rest, name, count]);
        }
        pen.line("");
        let lines = pen.height() as u16;
        let colours = pen.colours;
        let wide = self.picture.columns(lines).min(SIDE);
        let (buffer, area) = pen.take(lines);
        let height =
            u32::from(lines) * u32::from(wide) / u32::from(self.picture.columns(lines)).max(1);
        let place = Rect {
            width: wide,
            height: (height as u16).min(area.height),
            ..area
        };
        self.picture.draw(buffer, place, colours);
    }

    fn sound(&self, pen: &mut Pen, session: &Session) {
        pen.heading("sound");
        let studio = session.studio();
        let sound = studio.last().sound.as_ref();
        let level =
            sound.and_then(|sound| Level::newest(sound, sound.start + sound.duration(), HEARD));
        meter::draw(pen, level, level.map_or(0.0, |level| level.peak));
    }
}

fn title(pen: &mut Pen, session: &Session) {
    let name = pen.say("evenkeel record", Tone::Heading);
    let list = pen.say(
        format!("  {}", session.shelf().list().display()),
        Tone::Plain,
    );
    let clips = session.shelf().new_clips();
    let end = pen.say(
        format!(
            "{}, {} in this sitting",
            session.shelf().speaker(),
            clips_of(clips)
        ),
        Tone::Faint,
    );
    pen.line_with_end(vec![name, list], end);
}

fn keys(pen: &mut Pen, phase: &Phase) {
    let keys: &[(&str, &str)] = match phase {
        Phase::Doubtful(_) => &[
            ("r", "again"),
            ("k", "keep it all the same"),
            ("x", "drop"),
            ("q", "quit"),
        ],
        Phase::Counting { .. } | Phase::Recording { .. } => &[("x", "stop"), ("q", "quit")],
        _ => &[
            ("space", "record"),
            ("↑ ↓ 1–9", "choose"),
            ("u", "undo"),
            ("q", "quit"),
        ],
    };
    let mut line = Vec::new();
    for (key, word) in keys {
        line.push(pen.say(*key, Tone::Heading));
        line.push(pen.say(format!(" {word}  "), Tone::Faint));
    }
    pen.line(line);
}

/// What a terminal of this size without colours shows.
#[cfg(test)]
pub fn drawn(session: &Session, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let mut scene = Scene::new(Colours::None);
    scene.picture.take(session.studio().last().frames.last());
    scene.draw(&mut buffer, area, session);
    let row = |y| {
        (0..width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    (0..height).map(|y| row(y) + "\n").collect()
}
