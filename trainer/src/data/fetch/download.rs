//! One file over HTTP: resumed where it stopped, checked before it gets its name.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use evenkeel::files::sync_folder;
use indicatif::{ProgressBar, ProgressStyle};
use ureq::http::Response;
use ureq::{Agent, Body};

use super::error::FetchError;
use super::sha256;
use super::table::PinnedFile;

/// Broken connections in a row that bring nothing before it gives up.
const FRUITLESS_TRIES: u32 = 3;

/// Downloads `url` to `path`. What has come is kept in `path` + `.part`, so that a later call goes
/// on from there; `path` itself appears only when its hash has been checked.
pub fn download(url: &str, file: &PinnedFile, path: &Path) -> Result<(), FetchError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part_path = PathBuf::from(format!("{}.part", path.display()));
    let cannot = |source| FetchError::File {
        path: part_path.clone(),
        source,
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut part = File::options()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(&part_path)
        .map_err(cannot)?;
    if part.try_lock().is_err() {
        return Err(FetchError::Busy { path: part_path });
    }
    receive(url, file, &mut part, &part_path)?;
    part.sync_all().map_err(cannot)?;
    let found = sha256(&part_path).map_err(cannot)?;
    if found != file.sha256 {
        fs::remove_file(&part_path).map_err(cannot)?;
        return Err(FetchError::Differs {
            url: url.to_owned(),
            found,
            expected: file.sha256,
        });
    }
    fs::rename(&part_path, path).map_err(cannot)?;
    sync_folder(folder).map_err(cannot)
}

/// Appends to `part` until it is as long as `file`.
fn receive(
    url: &str,
    file: &PinnedFile,
    part: &mut File,
    part_path: &Path,
) -> Result<(), FetchError> {
    let cannot = |source| FetchError::File {
        path: part_path.to_owned(),
        source,
    };
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        // A link that hangs is cut in the end; what came is kept and the next try goes on.
        .timeout_recv_body(Some(Duration::from_secs(600)))
        .build()
        .into();
    let bar = ProgressBar::new(file.size)
        .with_message(file.name)
        .with_style(
            ProgressStyle::with_template(
                "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            )
            .expect("the template is fixed"),
        );
    let mut fruitless = 0;
    loop {
        let received = part.seek(SeekFrom::End(0)).map_err(cannot)?;
        if received == file.size {
            bar.finish_and_clear();
            return Ok(());
        }
        if received > file.size {
            part.set_len(0).map_err(cannot)?;
            continue;
        }
        let reason = match request(&agent, url, received, part) {
            Ok(mut response) => {
                let start = part.stream_position().map_err(cannot)?;
                bar.set_position(start);
                // One byte more than there should be shows that it is another file.
                let body = response.body_mut().as_reader().take(file.size - start + 1);
                copy(body, part, &bar)
            }
            Err(Refusal::Final(reason)) => {
                return Err(FetchError::Refused {
                    url: url.to_owned(),
                    reason,
                });
            }
            Err(Refusal::Broken(reason)) => Err(io::Error::other(reason)),
            Err(Refusal::File(source)) => return Err(cannot(source)),
        };
        let now = part.seek(SeekFrom::End(0)).map_err(cannot)?;
        if now > file.size {
            part.set_len(0).map_err(cannot)?;
            return Err(FetchError::Refused {
                url: url.to_owned(),
                reason: format!("it is longer than the {} bytes it should have", file.size),
            });
        }
        fruitless = if now > received { 0 } else { fruitless + 1 };
        if now < file.size && fruitless == FRUITLESS_TRIES {
            bar.abandon();
            let url = url.to_owned();
            let reason = reason.err().map_or_else(
                || "the server sent no more".to_owned(),
                |error| error.to_string(),
            );
            return Err(match now {
                0 => FetchError::Refused { url, reason },
                received => FetchError::Interrupted {
                    url,
                    received,
                    size: file.size,
                    reason,
                },
            });
        }
    }
}

/// Why a request gave no body.
enum Refusal {
    /// Trying again is of no use.
    Final(String),
    /// The connection failed.
    Broken(String),
    /// The unfinished file could not be changed.
    File(io::Error),
}

/// Asks for everything from byte `received` on, and leaves `part` where the answer begins.
fn request(
    agent: &Agent,
    url: &str,
    received: u64,
    part: &mut File,
) -> Result<Response<Body>, Refusal> {
    let mut request = agent.get(url);
    if received > 0 {
        request = request.header("Range", format!("bytes={received}-"));
    }
    let response = request.call().map_err(|error| match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Refusal::Final(error.to_string()),
        _ => Refusal::Broken(error.to_string()),
    })?;
    match response.status().as_u16() {
        206 if goes_on_from(&response, received) => Ok(response),
        // The server knows no ranges, sent another one, or finds ours beyond its end: start over.
        200 | 206 | 416 => {
            part.set_len(0).map_err(Refusal::File)?;
            part.rewind().map_err(Refusal::File)?;
            match response.status().as_u16() {
                200 => Ok(response),
                _ => Err(Refusal::Broken(
                    "the server gave another part than asked for".to_owned(),
                )),
            }
        }
        status @ 500..=599 => Err(Refusal::Broken(format!("the server answered {status}"))),
        status => Err(Refusal::Final(format!("the server answered {status}"))),
    }
}

/// `Content-Range: bytes 100-199/200` begins where we stopped.
fn goes_on_from(response: &Response<Body>, received: u64) -> bool {
    response
        .headers()
        .get("content-range")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            value
                .strip_prefix("bytes ")?
                .split('-')
                .next()?
                .parse()
                .ok()
        })
        == Some(received)
}

fn copy(mut from: impl Read, to: &mut File, bar: &ProgressBar) -> io::Result<()> {
    let mut block = vec![0; 1 << 16];
    loop {
        match from.read(&mut block)? {
            0 => return Ok(()),
            n => {
                to.write_all(&block[..n])?;
                bar.inc(n as u64);
            }
        }
    }
}
