//! The service on this board, by way of systemd's own programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// The unit.
pub const UNIT: &str = "evenkeel.service";
/// The unit that settles power cuts.
pub const SETTLE: &str = "evenkeel-settle.service";

/// How long a release gets.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To its first answer.
    pub first_answer: Duration,
    /// In which it has to go on answering.
    pub hold: Duration,
}

/// How the service is, as systemd sees it.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// `active`, `activating`, `failed`, …
    pub active: String,
    /// How often it was started again since it was started by hand.
    pub restarts: u64,
    /// What it says of itself: the answer, the sensors it rests on, the rate.
    pub says: String,
    /// Why it ended, if it did.
    pub result: String,
}

impl Sight {
    /// Whether it has answered, which makes it ready.
    pub fn answers(&self) -> bool {
        self.active == "active"
    }
}

const POLL: Duration = Duration::from_millis(250);
/// For golden windows, of which there are a few; an emulated board takes a minute.
const PROOF_SECONDS: u32 = 600;

/// Lets systemd read its units again.
///
/// # Errors
/// When it does not.
pub fn reload() -> Result<()> {
    systemctl(&["daemon-reload"]).map(drop)
}

/// Starts the service, or starts it again, and returns at once.
///
/// # Errors
/// When systemd refuses.
pub fn restart() -> Result<()> {
    reload()?;
    // It may have failed too often to be started.
    let _ = systemctl(&["reset-failed", UNIT]);
    systemctl(&["restart", "--no-block", UNIT]).map(drop)
}

/// Stops the service, if it runs.
///
/// # Errors
/// When systemd refuses.
pub fn stop(unit: &str) -> Result<()> {
    systemctl(&["stop", unit]).map(drop)
}

/// Looks how the service is.
///
/// # Errors
/// When systemd does not say.
pub fn look() -> Result<Sight> {
    let wanted = "--property=ActiveState,NRestarts,StatusText,Result";
    let output = systemctl(&["show", UNIT, wanted])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut values: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let mut value = |name: &str| values.remove(name).unwrap_or_default().to_owned();
    Ok(Sight {
        active: value("ActiveState"),
        restarts: value("NRestarts").parse().unwrap_or(0),
        says: value("StatusText"),
        result: value("Result"),
    })
}

/// Waits until the service has answered and has gone on answering.
///
/// # Errors
/// When it ends, does not answer in time, or stops answering. systemd's watchdog ends one that hangs.
pub fn wait_until_good(patience: Patience) -> Result<()> {
    let began = Instant::now();
    let mut answered = None;
    loop {
        let sight = look()?;
        ensure!(
            sight.restarts == 0 && sight.active != "failed",
            "it {} after {:.0} s",
            ended(&sight.result),
            began.elapsed().as_secs_f64()
        );
        match (sight.answers(), answered) {
            (true, None) => answered = Some(Instant::now()),
            (true, Some(since)) if since.elapsed() >= patience.hold => return Ok(()),
            (true, Some(_)) => {}
            (false, Some(_)) => bail!("it stopped answering"),
            (false, None) if began.elapsed() > patience.first_answer => {
                bail!(
                    "it did not answer within {} s",
                    patience.first_answer.as_secs()
                )
            }
            (false, None) => {}
        }
        sleep(POLL);
    }
}

/// systemd's words for how a service ended, in ours.
fn ended(result: &str) -> String {
    match result {
        "exit-code" => "ended with an error".into(),
        "signal" | "core-dump" => "crashed".into(),
        "watchdog" => "stopped answering".into(),
        "timeout" => "did not answer in time".into(),
        "oom-kill" => "took too much memory".into(),
        // systemd forgets how it ended as soon as it has started it again.
        "success" | "" => "ended by itself".into(),
        other => format!("ended ({other})"),
    }
}

/// Has a program of a release run its golden windows, as a user who may do nothing else.
///
/// # Errors
/// When an answer differs from what the desk computed, or the program does not run.
pub fn prove(release: &Path) -> Result<()> {
    let mut command = Command::new("systemd-run");
    command.args(["--quiet", "--wait", "--pipe", "--collect"]);
    let seconds = format!("RuntimeMaxSec={PROOF_SECONDS}");
    let limits = [
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "PrivateNetwork=yes",
        &seconds,
    ];
    for limit in limits {
        command.args(["--property", limit]);
    }
    command
        .arg(release.join("bin/evenkeel"))
        .arg("inspect")
        .arg(release.join("model"));
    let output = command.output().context("systemd-run cannot be run")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().map(str::trim).rfind(|line| !line.is_empty());
        bail!("{}", why.unwrap_or("the golden windows were not answered"));
    }
    Ok(())
}

fn systemctl(arguments: &[&str]) -> Result<Output> {
    let output = Command::new("systemctl")
        .args(arguments)
        .output()
        .context("systemctl cannot be run: the board needs systemd")?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!(
        "`systemctl {}` failed: {}",
        arguments.join(" "),
        said.trim()
    )
}
