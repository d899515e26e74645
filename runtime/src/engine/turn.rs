//! What the sensors' frontends and encoders do for one window, one after the other or side by side.

use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::encoder::Encoder;
use super::{Encoding, EngineError};
use crate::frontend::SensorFrontend;
use crate::window::{Modality, PerSensor, Window};

/// What became of one sensor's part of a window.
#[derive(Default)]
pub(super) struct Ran {
    pub features: Option<Vec<f32>>,
    pub encoding: Option<Encoding>,
    pub spent: Duration,
}

/// One sensor's turn in a window: its frontend, then its encoder.
pub(super) struct Turn<'a> {
    pub modality: Modality,
    frontend: &'a mut SensorFrontend,
    encoder: &'a mut Encoder,
    /// Whether the features are encoded, too.
    wanted: bool,
    pub outcome: Result<Ran, EngineError>,
}

/// The turns of the sensors that run.
pub(super) fn turns<'a>(
    frontends: &'a mut PerSensor<Option<SensorFrontend>>,
    encoders: &'a mut PerSensor<Option<Encoder>>,
    runs: PerSensor<bool>,
    wanted: PerSensor<bool>,
) -> [Option<Turn<'a>>; Modality::ALL.len()] {
    let encoders = encoders.iter_mut().map(|(_, encoder)| encoder);
    let mut sensors = frontends.iter_mut().zip(encoders);
    std::array::from_fn(|_| {
        let ((modality, frontend), encoder) = sensors.next()?;
        let (frontend, encoder) = (frontend.as_mut()?, encoder.as_mut()?);
        runs[modality].then(|| Turn {
            modality,
            frontend,
            encoder,
            wanted: wanted[modality],
            outcome: Ok(Ran::default()),
        })
    })
}

/// Takes all turns, at the same time where there are `threads`.
pub(super) fn take(turns: &mut [Option<Turn>], window: &Window, threads: Option<&ThreadPool>) {
    side_by_side(turns, threads, &|turn: &mut Turn| {
        turn.outcome = turn.run(window);
    });
}

/// Does the tasks that there are, at the same time where there are `threads`.
pub(super) fn side_by_side<T: Send>(
    tasks: &mut [Option<T>],
    threads: Option<&ThreadPool>,
    work: &(impl Fn(&mut T) + Sync),
) {
    let left = tasks.iter().flatten().count();
    let Some((first, rest)) = tasks.split_first_mut() else {
        return;
    };
    match (first, threads) {
        (None, _) => side_by_side(rest, threads, work),
        (Some(task), Some(pool)) if left > 1 => {
            pool.join(|| work(task), || side_by_side(rest, threads, work));
        }
        (Some(task), _) => {
            work(task);
            side_by_side(rest, threads, work);
        }
    }
}

impl Turn<'_> {
    fn run(&mut self, window: &Window) -> Result<Ran, EngineError> {
        let begin = Instant::now();
        let features = self.frontend.features(self.modality, window)?;
        let encoding = match &features {
            Some(values) if self.wanted => Some(self.encoder.run(values)?),
            _ => None,
        };
        Ok(Ran {
            features,
            encoding,
            spent: begin.elapsed(),
        })
    }
}
