use std::sync::Mutex;

use super::*;
use crate::window::SampleRate;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What one opening of a scripted sensor does.
#[derive(Clone, Copy)]
enum Script {
    /// Fails to open.
    Refuse(Trouble),
    /// Gives data until then.
    Until(u64),
    /// Gives data until then, and then an error.
    Break(u64),
}

struct Scripted(Mutex<Vec<Script>>);

struct Playing(Script);

impl Sensor for Scripted {
    fn name(&self) -> String {
        "the sensor".into()
    }

    fn open(&self, _: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        match self.0.lock().unwrap().remove(0) {
            Script::Refuse(trouble) => Err(SensorError::new(trouble, "no")),
            script => Ok(Box::new(Playing(script))),
        }
    }
}

impl Capture for Playing {
    fn format(&self) -> String {
        "mono".into()
    }

    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        let (until, breaks) = match self.0 {
            Script::Until(end) => (ms(end), false),
            Script::Break(end) => (ms(end), true),
            Script::Refuse(_) => unreachable!("it never opened"),
        };
        if now < until {
            intake.hear(now, now, SampleRate::new(1000).unwrap(), &[0.0]);
        } else if breaks {
            return Err(SensorError::new(Trouble::Gone, "unplugged"));
        }
        Ok(())
    }
}

struct Nobody;

impl Intake for Nobody {
    fn hear(&mut self, _: Duration, _: Duration, _: SampleRate, _: &[f32]) {}
    fn see(&mut self, _: Frame, _: Duration) {}
    fn spare(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// Polls every 10 ms and tells each change of condition with its time.
fn run(script: &[Script], until: u64) -> Vec<(u64, Condition)> {
    let clock = Clock::as_fast_as_possible();
    let sensor = Arc::new(Scripted(Mutex::new(script.to_vec())));
    let mut supervisor = Supervisor::new(sensor, &clock, Times::default());
    let mut told = Vec::new();
    for time in (0..until).step_by(10) {
        clock.wait_until(ms(time));
        if supervisor.poll(ms(time), &mut Nobody) {
            told.push((time, supervisor.condition().clone()));
        }
    }
    told
}

fn is_lost(condition: &Condition, trouble: Trouble) -> bool {
    matches!(condition, Condition::Lost { error, .. } if error.trouble == trouble)
}

#[test]
fn a_sensor_that_stalls_is_noticed_after_a_second_and_comes_back() {
    let told = run(&[Script::Until(2000), Script::Until(9000)], 5000);
    assert!(
        matches!(told[0], (0, Condition::Running { .. })),
        "{told:?}"
    );
    let (noticed, lost) = &told[1];
    assert!(
        (3000..3050).contains(noticed) && is_lost(lost, Trouble::Stalled),
        "{told:?}"
    );
    let back = told
        .iter()
        .skip(2)
        .find(|(_, condition)| matches!(condition, Condition::Running { .. }));
    assert!((3200..3400).contains(&back.unwrap().0), "{told:?}");
}

#[test]
fn an_error_is_noticed_at_once_and_attempts_come_less_and_less_often() {
    let refuse = Script::Refuse(Trouble::NotFound);
    let script = [
        Script::Break(1000),
        refuse,
        refuse,
        refuse,
        Script::Until(99_000),
    ];
    let told = run(&script, 9000);
    assert!(
        told[1].0 == 1000 && is_lost(&told[1].1, Trouble::Gone),
        "{told:?}"
    );
    let back = told
        .iter()
        .rfind(|(_, condition)| matches!(condition, Condition::Running { .. }));
    // After 0.25, 0.5, 1 and 2 s.
    assert!((4700..5000).contains(&back.unwrap().0), "{told:?}");
}

#[test]
fn an_end_is_no_loss() {
    struct Ending;
    impl Sensor for Ending {
        fn name(&self) -> String {
            "clip".into()
        }
        fn open(&self, _: &Clock) -> Result<Box<dyn Capture>, SensorError> {
            Err(SensorError::new(Trouble::Ended, "over"))
        }
    }
    let clock = Clock::as_fast_as_possible();
    let mut supervisor = Supervisor::new(Arc::new(Ending), &clock, Times::default());
    assert!(supervisor.poll(ms(0), &mut Nobody));
    assert_eq!(supervisor.condition(), &Condition::Ended);
    assert!(!supervisor.poll(ms(9000), &mut Nobody));
}

#[test]
fn a_driver_that_hangs_costs_its_thread_and_not_the_program() {
    struct Hanging;
    impl Sensor for Hanging {
        fn name(&self) -> String {
            "hanging".into()
        }
        fn open(&self, _: &Clock) -> Result<Box<dyn Capture>, SensorError> {
            thread::park();
            Err(SensorError::new(Trouble::Broken, "woken"))
        }
    }
    let clock = Clock::real();
    let times = Times {
        open: ms(50),
        ..Times::default()
    };
    let mut supervisor = Supervisor::new(Arc::new(Hanging), &clock, times);
    assert!(!supervisor.poll(clock.now(), &mut Nobody));
    thread::sleep(ms(60));
    assert!(supervisor.poll(clock.now(), &mut Nobody));
    assert!(is_lost(supervisor.condition(), Trouble::Stalled));
}
