//! Counters and gauges for Prometheus.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::live::{Facts, Moment, SensorMoment};
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of the histogram of ages, seconds.
const AGES: [f64; 12] = [
    0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0,
];

/// One label: a sensor or a verdict.
type Label = [(&'static str, &'static str); 1];
type Count = Family<Label, Counter>;
type Value = Gauge<f64, AtomicU64>;
type Values = Family<Label, Value>;

/// Everything that is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    started: Instant,
    uptime: Value,
    answers: Count,
    age: Histogram,
    health: Values,
    validity: Values,
    up: Values,
    spoiled: Values,
    losses: Count,
    overruns: Count,
    stride: Value,
    clients: Value,
}

/// The counts of the moment before, since moments tell sums.
#[derive(Debug, Default)]
pub struct Before(PerSensor<(u64, u64)>);

impl Metrics {
    /// All zero.
    pub fn new(facts: &Facts) -> Self {
        let mut registry = Registry::with_prefix("evenkeel");
        let info = Info::new(vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("model", facts.model.clone()),
            ("model_version", facts.version.clone()),
        ]);
        registry.register("build", "The program and its model", info);
        let metrics = Self {
            started: Instant::now(),
            uptime: Value::default(),
            answers: Count::default(),
            age: Histogram::new(AGES),
            health: Values::default(),
            validity: Values::default(),
            up: Values::default(),
            spoiled: Values::default(),
            losses: Count::default(),
            overruns: Count::default(),
            stride: Value::default(),
            clients: Value::default(),
            registry,
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        let mut values = |name: &str, help: &str, values: &Values| {
            registry.register(name, help, values.clone());
        };
        values(
            "sensor_health",
            "Health score of a sensor, 0 (dead) to 1 (well)",
            &self.health,
        );
        values(
            "sensor_validity",
            "How much a sensor counts in the answer, 0 to 1",
            &self.validity,
        );
        values("sensor_up", "Whether a sensor gives data, 0 or 1", &self.up);
        values(
            "sensor_spoiled",
            "Whether a sensor is spoiled on purpose, 0 or 1",
            &self.spoiled,
        );
        let mut count = |name: &str, help: &str, count: &Count| {
            registry.register(name, help, count.clone());
        };
        count("answers", "Answers by verdict", &self.answers);
        count(
            "sensor_losses",
            "Times that a sensor was lost after it had run",
            &self.losses,
        );
        count(
            "sensor_overruns",
            "Times that data of a sensor was lost because nobody took it in time",
            &self.overruns,
        );
        let mut value = |name: &str, help: &str, value: &Value| {
            registry.register(name, help, value.clone());
        };
        value(
            "stride",
            "Every how many hops there is an answer; more than 1 on a machine that is too slow",
            &self.stride,
        );
        value("uptime_seconds", "Since the program began", &self.uptime);
        value(
            "web_clients",
            "Browsers that look on right now",
            &self.clients,
        );
        registry.register(
            "answer_age_seconds",
            "From the newest data in a window to its answer",
            self.age.clone(),
        );
        self
    }

    /// Counts a moment.
    pub fn note(&self, moment: &Moment, before: &mut Before) {
        self.answers
            .get_or_create(&[("verdict", moment.answer.verdict.id())])
            .inc();
        self.age.observe(moment.age.total.as_secs_f64());
        self.stride.set(f64::from(moment.rates.stride));
        for modality in Modality::LIVE {
            if let Some(sensor) = &moment.sensors[modality] {
                self.note_sensor(moment, modality, sensor, &mut before.0[modality]);
            }
        }
    }

    fn note_sensor(
        &self,
        moment: &Moment,
        modality: Modality,
        sensor: &SensorMoment,
        (losses, overruns): &mut (u64, u64),
    ) {
        let label = label(modality);
        let set = |values: &Values, value: f64| {
            values.get_or_create(&label).set(value);
        };
        let running = matches!(sensor.condition, Condition::Running { .. });
        let spoils = |what: Option<Modality>| what.is_none_or(|what| what == modality);
        let spoiled = moment
            .spoiled
            .iter()
            .any(|(corruption, _)| spoils(corruption.sensor()));
        let answer = &moment.answer;
        set(&self.health, f64::from(answer.health[modality].score));
        set(&self.validity, f64::from(answer.validity[modality]));
        set(&self.up, f64::from(u8::from(running)));
        set(&self.spoiled, f64::from(u8::from(spoiled)));
        let add = |count: &Count, new: u64, before: &mut u64| {
            // Overruns begin at zero again when a sensor is opened again.
            let more = new.checked_sub(*before).unwrap_or(new);
            *before = new;
            count.get_or_create(&label).inc_by(more);
        };
        add(&self.losses, sensor.losses, losses);
        add(&self.overruns, sensor.overruns, overruns);
    }

    /// In OpenMetrics text.
    pub fn text(&self, clients: usize) -> String {
        self.uptime.set(self.started.elapsed().as_secs_f64());
        self.clients.set(clients as f64);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn label(modality: Modality) -> Label {
    [("sensor", modality.id())]
}
