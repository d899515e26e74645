//! Who looks on, and where they show what they see.

use std::io::{self, IsTerminal, Stdout};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use evenkeel::live::web::{WebConfig, WebServer, WebView};
use evenkeel::live::{
    Detail, Facts, JsonLines, Keep, Observer, PlainLines, RecordOptions, Recorder, ServiceNotifier,
    Switchboard, TerminalView, parse_size,
};
use evenkeel::package::Manifest;
use evenkeel::sensor::Clock;

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Args {
    /// Print one JSON object for each answer, as docs/live.md describes
    #[arg(long)]
    json: bool,
    /// Add the probability of each label to the JSON
    #[arg(long, requires = "json")]
    probabilities: bool,
    /// Print a line for each change, as where the output is no terminal
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    plain: bool,
    /// Print only what goes wrong and what is well again, as for the log of a service
    #[arg(long, conflicts_with = "json")]
    quiet: bool,
    /// Serve a page with the live view, on this address
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:8080",
          value_parser = address)]
    web: Option<SocketAddr>,
    /// Let the page spoil and cut sensors
    #[arg(long, requires = "web")]
    control: bool,
    /// What a browser has to show; made at random for an address that other machines reach
    #[arg(long, value_name = "TOKEN", requires = "web")]
    token: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordArgs {
    /// Keep what the sensors give as clips in this folder, with the answers beside them
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// How much the clips may take together; the oldest go first
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size, requires = "record")]
    record_limit: u64,
    /// How long a clip may be
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clip_length, requires = "record")]
    record_seconds: Duration,
    /// Which clips are kept: all, events (something was recognised), or trouble (a sensor was not well, or an
    /// answer unsure)
    #[arg(long, value_name = "WHICH", default_value = "all", requires = "record")]
    record_when: Keep,
}

fn clip_length(text: &str) -> Result<Duration, String> {
    crate::commands::seconds(text, 1.0, 3600.0)
}

/// Reads `192.168.1.5:8080`, `:8080` for all addresses, or `8080` for this machine alone.
fn address(text: &str) -> Result<SocketAddr, String> {
    let whole = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None if text.parse::<u16>().is_ok() => format!("127.0.0.1:{text}"),
        None => text.to_owned(),
    };
    whole.parse().map_err(|_| {
        "it must be a port, as in 8080, or an address and a port, as in 192.168.1.5:8080".to_owned()
    })
}

/// Everybody who looks on.
pub struct Shown {
    text: Text,
    web: Option<(WebServer, WebView)>,
    recorder: Option<Recorder>,
    service: Option<ServiceNotifier>,
}

/// What is shown where the program was started.
enum Text {
    Json(JsonLines<Stdout>),
    Lines(Box<PlainLines<Stdout>>),
    Terminal(TerminalView),
}

impl Args {
    /// Opens the views.
    ///
    /// # Errors
    /// When the terminal or the page's address cannot be had.
    pub fn open(
        &self,
        manifest: &Manifest,
        recording: &RecordArgs,
        switchboard: &Switchboard,
        clock: &Clock,
        stop: &Arc<AtomicBool>,
    ) -> anyhow::Result<Shown> {
        let facts = Facts::from(manifest);
        let recorder = recording.open(manifest, clock)?;
        let web = self.serve(&facts, switchboard)?;
        Ok(Shown {
            // After the page, whose address it would hide.
            text: self.text(facts, switchboard, stop)?,
            web,
            recorder,
            service: ServiceNotifier::is_wanted().then(ServiceNotifier::default),
        })
    }

    fn text(
        &self,
        facts: Facts,
        switchboard: &Switchboard,
        stop: &Arc<AtomicBool>,
    ) -> anyhow::Result<Text> {
        let out = io::stdout();
        let stop = Arc::clone(stop);
        if self.json {
            let lines = JsonLines::new(out, stop);
            return Ok(Text::Json(match self.probabilities {
                true => lines.with_probabilities(facts.labels),
                false => lines,
            }));
        }
        let detail = match self.quiet {
            true => Detail::Trouble,
            false => Detail::Changes,
        };
        // With a page, the address stays in sight.
        let full = !self.plain && !self.quiet && self.web.is_none();
        if full && TerminalView::is_possible() && io::stdin().is_terminal() {
            let view = TerminalView::new(facts, switchboard.clone(), stop)
                .context("the terminal cannot be taken over; use --plain")?;
            return Ok(Text::Terminal(view));
        }
        let lines = PlainLines::new(out, detail, stop);
        Ok(Text::Lines(Box::new(lines)))
    }

    fn serve(
        &self,
        facts: &Facts,
        switchboard: &Switchboard,
    ) -> anyhow::Result<Option<(WebServer, WebView)>> {
        let Some(address) = self.web else {
            return Ok(None);
        };
        let config = WebConfig {
            address,
            control: self.control,
            token: self.token.clone(),
        };
        let (server, view) = WebServer::start(config, facts.clone(), switchboard.clone())?;
        for url in server.urls() {
            eprintln!("page: {url}");
        }
        Ok(Some((server, view)))
    }
}

impl RecordArgs {
    fn open(&self, manifest: &Manifest, clock: &Clock) -> anyhow::Result<Option<Recorder>> {
        let Some(folder) = &self.record else {
            return Ok(None);
        };
        let options = RecordOptions {
            longest: self.record_seconds,
            limit: self.record_limit,
            keep: self.record_when,
            ..RecordOptions::new(folder)
        };
        Ok(Some(Recorder::start(&options, manifest, clock)?))
    }
}

impl Shown {
    /// All of them.
    pub fn observers(&mut self) -> Vec<&mut dyn Observer> {
        let mut observers: Vec<&mut dyn Observer> = vec![match &mut self.text {
            Text::Json(lines) => lines,
            Text::Lines(lines) => lines.as_mut(),
            Text::Terminal(view) => view,
        }];
        if let Some((_, view)) = &mut self.web {
            observers.push(view);
        }
        if let Some(recorder) = &mut self.recorder {
            observers.push(recorder);
        }
        if let Some(service) = &mut self.service {
            observers.push(service);
        }
        observers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_short() {
        let read = |text: &str| address(text).map(|address| address.to_string());
        assert_eq!(read("8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(read(":80").unwrap(), "0.0.0.0:80");
        assert_eq!(read("[::1]:9").unwrap(), "[::1]:9");
        assert!(read("localhost").unwrap_err().contains("8080"));
    }
}
