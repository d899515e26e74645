//! Tells systemd how things stand.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::moment::{Moment, Observer};
use crate::engine::Verdict;
use crate::window::Window;

/// The status line is told anew at most this often.
const STATUS: Duration = Duration::from_secs(5);

/// For a service of `Type=notify` with a watchdog: ready with the first answer, alive with every one. Elsewhere it
/// does nothing.
///
/// It is the answers that feed the watchdog, not a timer: a pipeline that hangs is killed and started again, and one
/// that has lost its sensors is not, because it still answers that it has none.
#[derive(Debug, Default)]
pub struct ServiceNotifier {
    ready: bool,
    told: Option<Instant>,
}

impl ServiceNotifier {
    /// Whether a service manager wants to be told.
    pub fn is_wanted() -> bool {
        std::env::var_os("NOTIFY_SOCKET").is_some()
    }
}

/// A service manager that cannot be told is none of the pipeline's troubles; it will act on its own.
fn tell(states: &[NotifyState]) {
    let _ = sd_notify::notify(states);
}

impl Observer for ServiceNotifier {
    fn observe(&mut self, moment: &Moment, _: &Window, _: &Window) {
        if !self.ready {
            self.ready = true;
            tell(&[NotifyState::Ready]);
        }
        tell(&[NotifyState::Watchdog]);
        if self.told.is_none_or(|told| told.elapsed() >= STATUS) {
            self.told = Some(Instant::now());
            tell(&[NotifyState::Status(&status(moment))]);
        }
    }
}

impl Drop for ServiceNotifier {
    fn drop(&mut self) {
        tell(&[NotifyState::Stopping]);
    }
}

/// One line for `systemctl status`.
fn status(moment: &Moment) -> String {
    let said = match &moment.smoothed.verdict {
        Verdict::Label(label) => label,
        Verdict::Nothing => "nothing",
        Verdict::Unsure => "unsure",
        Verdict::NoSensor => return "no sensor".to_owned(),
    };
    format!(
        "{said}, {}; {:.1} answers/s, {} ms old",
        moment.smoothed.evidence.words(),
        moment.rates.measured,
        moment.age.total.as_millis()
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::live::samples;

    #[test]
    fn it_is_ready_with_the_first_answer_and_alive_with_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        // SAFETY: no other test of this program reads or writes this variable.
        unsafe { std::env::set_var("NOTIFY_SOCKET", &path) };
        let mut notifier = ServiceNotifier::default();
        let window = Window::default();
        for _ in 0..3 {
            notifier.observe(&samples::seven(2.0), &window, &window);
        }
        drop(notifier);
        let mut told = String::new();
        let mut buffer = [0; 1024];
        while let Ok(length) = socket.recv(&mut buffer) {
            told += &String::from_utf8_lossy(&buffer[..length]);
            told.push('\n');
        }
        assert_eq!(told.matches("READY=1").count(), 1, "{told}");
        assert_eq!(told.matches("WATCHDOG=1").count(), 3, "{told}");
        assert_eq!(told.matches("STATUS=").count(), 1, "{told}");
        assert!(told.trim_end().ends_with("STOPPING=1"), "{told}");
    }
}
