use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::super::event::{Change, Evidence};
use super::super::moment::Notice;
use super::super::samples::{s, seven};
use super::samples::{facts, window};
use super::*;
use crate::corruption::Severity;
use crate::engine::Verdict;
use crate::health::{Health, Reason};
use crate::sensor::{Condition, SensorError, Trouble};
use crate::window::{Modality, PerSensor, Sound};

/// What is on a terminal of this size after these moments.
fn shown(width: u16, height: u16, moments: &[Moment], colours: Colours) -> String {
    let mut screen = Screen::new(facts());
    for moment in moments {
        let window = window(moment);
        screen.take(moment, &window, &window);
        screen.drawn();
    }
    draw(width, height, &mut screen, colours)
}

fn draw(width: u16, height: u16, screen: &mut Screen, colours: Colours) -> String {
    let keys = Keys::new(PerSensor::from_fn(|_| true), Switchboard::default());
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            let area = frame.area();
            layout::draw(frame.buffer_mut(), area, screen, &keys, colours);
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content().chunks(width.max(1).into());
    rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n")
        .collect()
}

/// The upper edge of a text in large letters.
fn large(text: &str) -> String {
    let area = Rect::new(0, 0, 60, 1);
    let mut buffer = Buffer::empty(area);
    font::draw(&mut buffer, area, text, 1, Style::new());
    let row: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
    assert!(row.chars().filter(|letter| *letter != ' ').count() > 8);
    row.trim_end().to_owned()
}

fn assert_shows(screen: &str, words: &[&str]) {
    for word in words {
        assert!(screen.contains(word), "{word:?} is not in\n{screen}");
    }
}

#[test]
fn all_that_matters_is_on_an_ordinary_terminal() {
    let mut moment = seven(12.5);
    moment.change = Some(Change::Began(moment.smoothed.event.clone().unwrap()));
    moment.truth = Some("seven".into());
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = shown(width, height, &[seven(12.4), moment.clone()], Colours::True);
        assert_shows(
            &screen,
            &[
                "digits 0.1.0",
                "0.96",
                "from both, for 0.5 s",
                "right: it is seven",
                "USB microphone",
                "48000 Hz, 2 channels",
                "/dev/video0",
                "640×480 YUYV",
                "well",
                "1.00 in full",
                "0.55",
                "0.35",
                "48.00 kHz · 12 ms late",
                "29.9 fps",
                "level",
                "peak  -20 dB",
                "p50 34 ms  p99 34 ms",
                "wait 50 %",
                "camera 12 %",
                "9.9 answers/s, one every 100 ms",
                "12.50 s  seven  0.96  from both",
                "c camera off",
                "q quit",
            ],
        );
    }
    assert_shows(
        &shown(80, 24, &[moment.clone()], Colours::True),
        &[&large("seven")],
    );
    assert_shows(
        &shown(120, 40, &[moment], Colours::True),
        &["this window alone", "0.97", "two"],
    );
}

#[test]
fn trouble_is_told_with_its_reason() {
    let mut moment = seven(12.5);
    moment.sensors.camera = moment.sensors.camera.map(|mut camera| {
        let message =
            "/dev/video0 is in use by another program; close that program, or name another camera";
        camera.condition = Condition::Lost {
            error: SensorError::new(Trouble::Busy, message),
            retry: s(14.534),
        };
        camera.losses = 3;
        camera
    });
    moment.answer.health = PerSensor::pair(
        Health {
            score: 0.31,
            reason: Some(Reason::Hum),
        },
        Health::MISSING,
    );
    moment.answer.validity.camera = 0.0;
    moment.smoothed.evidence = Evidence::Microphone;
    moment.truth = Some("two".into());
    moment.rates.stride = 3;
    let fog = "audio/wind".parse().unwrap();
    moment.spoiled.push((fog, Severity::WORST));
    moment.notices.push(Notice {
        time: s(12.3),
        sensor: Some(Modality::Camera),
        message: "/dev/video0 is in use".into(),
    });
    assert_shows(
        &shown(80, 24, &[moment], Colours::Palette),
        &[
            "from the microphone alone",
            "wrong: it is two",
            "tried again in 2.0 s: /dev/video0",
            "missing",
            "is ignored",
            "mains hum",
            "spoiled on purpose: wind 5",
            "every 300 ms: too slow for 100 ms",
            "12.30 s  camera  /dev/video0 is in use",
        ],
    );
}

#[test]
fn answers_that_are_no_labels_are_in_words() {
    let mut moment = seven(12.5);
    moment.smoothed.event = None;
    for (verdict, words) in [
        (Verdict::Nothing, "nothing"),
        (Verdict::Unsure, "unsure"),
        (Verdict::NoSensor, "no sensor"),
    ] {
        moment.smoothed.verdict = verdict;
        let screen = shown(80, 24, &[moment.clone()], Colours::True);
        assert_shows(&screen, &[&large(words)]);
    }
    let screen = shown(80, 24, &[], Colours::True);
    assert_shows(
        &screen,
        &["waiting for the sensors", "no answer yet", "q quit"],
    );
    moment.smoothed.verdict = Verdict::Label("größe".into());
    assert_shows(&shown(80, 24, &[moment], Colours::True), &[" größe"]);
}

#[test]
fn any_size_and_any_moment_can_be_drawn() {
    let mut odd = seven(12.5);
    odd.mel = vec![f32::NAN; 7];
    odd.answer.attention = [f32::NAN, f32::INFINITY, -1.0].into();
    odd.answer.validity.audio = f32::NAN;
    odd.smoothed.confidence = f32::NAN;
    odd.smoothed.event = None;
    odd.smoothed.verdict = Verdict::Label("日本語の長いラベル".repeat(9));
    odd.sensors.audio.as_mut().unwrap().name = "マイク🎤\u{1b}[2J\n".repeat(30);
    odd.sensors.audio.as_mut().unwrap().rate = f32::NAN;
    odd.sensors.camera = None;
    let moments = [seven(12.4), odd, seven(400.0)];
    let mut screen = Screen::new(facts());
    for (moment, side) in moments.iter().zip([0, 1, 900]) {
        let mut window = window(moment);
        window.frames[0].width = side;
        window.frames[0].height = 1;
        window.frames[0].rgb.resize(3 * side as usize, 9);
        screen.take(moment, &window, &window);
        for colours in [Colours::True, Colours::Few, Colours::None] {
            for width in (0..140).step_by(13).chain([63, 64, 65, 300]) {
                for height in [0, 1, 2, 5, 19, 20, 21, 22, 23, 25, 31, 32, 46, 70] {
                    let drawn = draw(width, height, &mut screen, colours);
                    assert!(!drawn.contains('\u{1b}'));
                }
            }
        }
    }
    assert_shows(
        &draw(63, 20, &mut screen, Colours::True),
        &["make the terminal larger: it is 63×20, and 64×20 is needed"],
    );
}

#[test]
fn without_colours_there_are_none_and_pictures_are_made_of_characters() {
    let mut screen = Screen::new(facts());
    let moment = seven(12.5);
    let window = window(&moment);
    screen.take(&moment, &window, &window);
    let area = Rect::new(0, 0, 80, 24);
    let mut buffer = Buffer::empty(area);
    let keys = Keys::new(PerSensor::from_fn(|_| true), Switchboard::default());
    layout::draw(&mut buffer, area, &mut screen, &keys, Colours::None);
    let coloured = |cell: &Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
    assert!(!buffer.content().iter().any(coloured));
    let characters = "#%@*+=-:";
    let drawn = |cell: &&Cell| characters.contains(cell.symbol());
    assert!(buffer.content().iter().filter(drawn).count() > 100);
}

#[test]
fn the_meter_hears_the_microphone_although_it_is_cut_on_purpose() {
    let mut screen = Screen::new(facts());
    let moment = seven(12.5);
    let mut raw = window(&moment);
    screen.take(&moment, &Window::default(), &raw);
    assert!((screen.held_peak - 0.1).abs() < 0.01);
    raw.sound = raw.sound.map(|sound| Sound {
        samples: Vec::new(),
        ..sound
    });
    for i in 1..=10 {
        screen.take(&seven(12.5 + 0.1 * f64::from(i)), &raw, &raw);
    }
    assert_eq!(screen.level, None);
    let fallen = 20.0 * (screen.held_peak / 0.1).log10();
    assert!((fallen + 15.0).abs() < 0.5, "{fallen} dB in a second");
    assert_shows(&draw(80, 24, &mut screen, Colours::True), &["no sound"]);
}
