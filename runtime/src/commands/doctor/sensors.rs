//! What `evenkeel doctor` finds of cameras and microphones.

use evenkeel::sensor::list::{self, Found};
use evenkeel::sensor::{SensorError, Trouble};

use super::Finding;

/// The cameras and the microphones.
pub fn findings() -> [Finding; 2] {
    let (cameras, microphones) = (list::cameras(), list::microphones());
    [
        finding("cameras", &cameras, |camera| camera.name.clone()),
        finding("microphones", &microphones, |microphone| {
            microphone.name.clone()
        }),
    ]
}

/// What is there; a refused permission is a problem, and nothing else is, because clips need no sensors.
fn finding<T>(what: &'static str, found: &Found<T>, name: impl Fn(&T) -> String) -> Finding {
    let Found { devices, problems } = found;
    let names: Vec<String> = devices.iter().map(name).collect();
    let names = match names.as_slice() {
        [] => "none".to_owned(),
        some => some.join(", "),
    };
    let is_denied = |problem: &&SensorError| problem.trouble == Trouble::Denied;
    if let Some(denied) = problems.iter().find(is_denied) {
        return Finding::problem(what, names, denied.to_string());
    }
    if !devices.is_empty() {
        return Finding::fine(what, names);
    }
    let advice = match problems.first() {
        Some(problem) => problem.to_string(),
        None => format!("connect one to use a model live; without {what} it still reads clips"),
    };
    Finding::advice(what, names, advice)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_refused_permission_is_a_problem_and_a_missing_device_is_not() {
        let state = |devices: &[&str], problems: &[Trouble]| {
            let found = Found {
                devices: devices.to_vec(),
                problems: problems
                    .iter()
                    .map(|&trouble| SensorError::new(trouble, "do this"))
                    .collect(),
            };
            finding("cameras", &found, |name| (*name).to_owned()).state
        };
        assert_eq!(state(&["Webcam"], &[]), State::Fine);
        assert_eq!(state(&["Webcam"], &[Trouble::Unfit]), State::Fine);
        assert_eq!(state(&[], &[]), State::Advice);
        assert_eq!(state(&[], &[Trouble::NotFound]), State::Advice);
        assert_eq!(state(&["Webcam"], &[Trouble::Denied]), State::Problem);
    }
}
