//! Microphones, and whatever else sound can be captured from.
//!
//! The sound system calls back on a thread of its own, which puts the samples into a ring; see [`ring`]. A second
//! thread keeps the stream and closes it when the microphone is no longer wanted, because closing may hang.

mod buffering;
mod choice;
mod faults;
mod listing;
mod mix;
mod ring;
mod sources;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, Data, Device, ErrorKind, InputCallbackInfo};

use self::buffering::{PieceLength, Strain};
use self::choice::{Choice, cheapest};
use self::faults::{Meaning, fault, gone, meaning, overrun, unfit};
use self::ring::{Heard, ring};
use self::sources::{Source, meant};
use super::closing::while_closing;
use super::{Capture, Clock, Intake, Sensor, SensorError, Trouble};
use crate::panics;
use crate::window::SampleRate;

pub(super) use listing::list;

/// A microphone by its place in the list, its ALSA name, or part of its name; the default if it is not named.
pub struct Microphone {
    spec: Option<String>,
    wanted: SampleRate,
    /// What was open last, to find it again.
    last: Mutex<Option<Last>>,
    /// How long pieces have to be, by what was seen so far.
    piece: Arc<Mutex<PieceLength>>,
}

#[derive(Clone)]
struct Last {
    id: String,
    shown: String,
}

/// The sound system looks for so long before it looks whether the device is still there.
const PATIENCE: Duration = Duration::from_millis(500);

impl Microphone {
    /// Nothing is opened yet.
    pub fn new(spec: Option<&str>, wanted: SampleRate) -> Self {
        Self {
            spec: spec.map(str::to_owned),
            wanted,
            last: Mutex::new(None),
            piece: Arc::new(Mutex::new(PieceLength::SHORTEST)),
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Last>> {
        locked(&self.last)
    }
}

/// What is kept is whole at any time, also when a thread crashed that had it.
fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sensor for Microphone {
    fn name(&self) -> String {
        match (&*self.last(), &self.spec) {
            (Some(last), _) => last.shown.clone(),
            (None, Some(spec)) => spec.clone(),
            (None, None) => "the default microphone".into(),
        }
    }

    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        let (tell, told) = channel();
        let (stop, stopped) = channel();
        let request = Request {
            spec: self.spec.clone(),
            before: self.last().clone().map(|last| last.id),
            wanted: self.wanted,
            piece: *locked(&self.piece),
            clock: clock.clone(),
        };
        let task = move || keep(&request, &tell, &stopped);
        let broken = |why: String| {
            let what = format!(
                "opening the microphone {} failed ({why}); try again",
                self.name()
            );
            SensorError::new(Trouble::Broken, what)
        };
        thread::Builder::new()
            .name("microphone".into())
            .spawn(move || panics::catch(task))
            .map_err(|error| broken(error.to_string()))?;
        let begun = told
            .recv()
            .map_err(|_| broken("the sound system crashed".into()))??;
        let name = begun.last.shown.clone();
        *self.last() = Some(begun.last);
        Ok(Box::new(Listening {
            name,
            heard: begun.heard,
            format: begun.format,
            signs: begun.signs,
            strain: Strain::default(),
            piece: Arc::clone(&self.piece),
            _stop: stop,
        }))
    }
}

/// What the thread that keeps the stream has to know.
struct Request {
    spec: Option<String>,
    before: Option<String>,
    wanted: SampleRate,
    piece: PieceLength,
    clock: Clock,
}

/// A microphone that is open.
struct Begun {
    heard: Heard,
    format: String,
    signs: Signs,
    last: Last,
}

/// What the sound system tells beside the sound.
#[derive(Clone, Default)]
struct Signs {
    /// Pieces that nobody took out of the ring in time.
    left: Arc<AtomicU64>,
    /// Pieces that nobody took out of the driver's buffer in time.
    overruns: Arc<AtomicU64>,
    end: Arc<OnceLock<SensorError>>,
}

/// Opens the microphone, and closes it when the other end of `stopped` is dropped.
fn keep(request: &Request, tell: &Sender<Result<Begun, SensorError>>, stopped: &Receiver<()>) {
    match while_closing(|| begin(request)) {
        Ok((stream, begun)) => {
            if tell.send(Ok(begun)).is_ok() {
                // Nothing is ever sent.
                let _ = stopped.recv();
            }
            drop(stream);
        }
        Err(error) => {
            // If nobody listens any more, nobody needs to know.
            let _ = tell.send(Err(error));
        }
    }
}

/// Opens the likeliest of the sources that are meant.
fn begin(request: &Request) -> Result<(cpal::Stream, Begun), SensorError> {
    let host = cpal::default_host();
    let mut first_error = None;
    for source in meant(&host, request.spec.as_deref(), request.before.as_deref())? {
        for device in &source.devices {
            match begin_with(&source, device, request) {
                Ok(begun) => return Ok(begun),
                // Another microphone than the one that is meant is no help.
                Err(error) if matches!(error.trouble, Trouble::Busy | Trouble::Denied) => {
                    return Err(error);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
    }
    Err(first_error.unwrap_or_else(|| unfit("the default microphone")))
}

fn begin_with(
    source: &Source,
    device: &Device,
    request: &Request,
) -> Result<(cpal::Stream, Begun), SensorError> {
    let shown = source.shown();
    let failed = |error: cpal::Error| fault(&shown, &error);
    let offers: Vec<_> = device.supported_input_configs().map_err(failed)?.collect();
    let choice = cheapest(&offers, request.wanted, request.piece).ok_or_else(|| unfit(&shown))?;
    let rate = SampleRate::recorded(choice.config.sample_rate).map_err(|_| unfit(&shown))?;
    let signs = Signs::default();
    let (stream, heard) = build(device, choice, rate, &shown, &signs, &request.clock)
        .or_else(|error| match error.kind() {
            // Some devices do not keep their word on the size of pieces.
            ErrorKind::UnsupportedConfig | ErrorKind::InvalidInput => {
                let mut choice = choice;
                choice.config.buffer_size = BufferSize::Default;
                build(device, choice, rate, &shown, &signs, &request.clock)
            }
            _ => Err(error),
        })
        .map_err(failed)?;
    stream.play().map_err(failed)?;
    let channels = match choice.config.channels {
        1 => "1 channel".to_owned(),
        several => format!("{several} channels"),
    };
    let begun = Begun {
        heard,
        format: format!("{rate}, {channels}, {}", choice.format),
        signs,
        last: Last {
            id: source.id.clone(),
            shown,
        },
    };
    Ok((stream, begun))
}

fn build(
    device: &Device,
    Choice { format, config }: Choice,
    rate: SampleRate,
    name: &str,
    signs: &Signs,
    clock: &Clock,
) -> Result<(cpal::Stream, Heard), cpal::Error> {
    let (mut ear, heard) = ring(rate, &signs.left);
    let (clock, name, signs) = (clock.clone(), name.to_owned(), signs.clone());
    let channels = usize::from(config.channels);
    let on_sound = move |data: &Data, info: &InputCallbackInfo| {
        let stamp = info.timestamp();
        let age = stamp.callback.checked_duration_since(stamp.capture);
        let count = data.len() / channels.max(1);
        ear.hear(clock.now(), age, count, |take| {
            mix::mix(data, channels, take);
        });
    };
    let on_error = move |error: cpal::Error| match meaning(error.kind()) {
        Meaning::Nothing => {}
        Meaning::Overrun => {
            signs.overruns.fetch_add(1, Ordering::Relaxed);
        }
        Meaning::Lost => {
            signs.end.get_or_init(|| gone(&name, &error));
        }
    };
    let stream =
        device.build_input_stream_raw(config, format, on_sound, on_error, Some(PATIENCE))?;
    Ok((stream, heard))
}

/// An open microphone. The thread that keeps the stream closes it when this is dropped.
struct Listening {
    name: String,
    heard: Heard,
    format: String,
    signs: Signs,
    strain: Strain,
    piece: Arc<Mutex<PieceLength>>,
    _stop: Sender<()>,
}

impl Capture for Listening {
    fn format(&self) -> String {
        self.format.clone()
    }

    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        self.heard.drain(intake);
        if let Some(error) = self.signs.end.get() {
            return Err(error.clone());
        }
        let overruns = self.signs.overruns.load(Ordering::Relaxed);
        if self.strain.is_too_much(overruns, now) && locked(&self.piece).lengthen() {
            return Err(overrun(&self.name));
        }
        Ok(())
    }

    fn overruns(&self) -> u64 {
        let Signs { left, overruns, .. } = &self.signs;
        left.load(Ordering::Relaxed) + overruns.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microphone_that_is_not_there_does_not_open_and_says_so() {
        let rate = SampleRate::new(16_000).unwrap();
        let microphone = Microphone::new(Some("no such microphone"), rate);
        assert_eq!(microphone.name(), "no such microphone");
        let error = microphone.open(&Clock::real()).err().unwrap();
        let expected = [Trouble::NotFound, Trouble::Denied];
        assert!(expected.contains(&error.trouble), "{error:?}");
        assert!(error.message.contains("microphone") || error.message.contains("permission"));
    }
}
