//! Downloads from a small server that behaves as badly as real ones.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;

/// 200,000 bytes that are easy to make again; the hash is of exactly these.
fn content() -> Vec<u8> {
    (0..200_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn pinned() -> PinnedFile {
    let hash = Sha256::digest(content());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    PinnedFile {
        name: "folder/numbers.bin",
        size: 200_000,
        sha256: hex.leak(),
    }
}

/// What a server does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Good,
    /// Closes each connection after 80,000 bytes.
    Cuts,
    /// Closes the first connection after 80,000 bytes, and then answers nothing but 503.
    Dies,
    /// Cuts like `Cuts`, and sends the whole file whatever range is asked for, the last time to the end.
    IgnoresRanges,
    /// Changes one byte.
    Corrupts,
    NotFound,
}

/// Serves [`content`] until the test ends; gives its base URL and the `Range` of every request.
fn serve(habit: Habit) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/files/", listener.local_addr().unwrap());
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ranges);
    thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            answer(stream.unwrap(), habit, n, &seen);
        }
    });
    (url, ranges)
}

fn answer(mut stream: TcpStream, habit: Habit, n: usize, seen: &Mutex<Vec<String>>) {
    let mut range = String::new();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    assert!(request.starts_with("GET /files/numbers.bin "), "{request}");
    for line in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("range")
        {
            range = value.to_owned();
        }
    }
    seen.lock().unwrap().push(range.clone());
    let mut body = content();
    let from = match range
        .strip_prefix("bytes=")
        .and_then(|r| r.strip_suffix('-'))
    {
        Some(from) if habit != Habit::IgnoresRanges => from.parse().unwrap(),
        _ => 0,
    };
    let status = match (habit, from) {
        (Habit::NotFound, _) => "404 Not Found".to_owned(),
        (Habit::Dies, _) if n > 0 => "503 Service Unavailable".to_owned(),
        (_, 0) => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\nContent-Range: bytes {from}-199999/200000"),
    };
    if habit == Habit::Corrupts {
        body[123_456] ^= 1;
    }
    let body = if status.starts_with('2') {
        &body[from..]
    } else {
        b"sorry"
    };
    let sent = match habit {
        Habit::Cuts | Habit::Dies => body.len().min(80_000),
        Habit::IgnoresRanges if n == 0 => 80_000,
        _ => body.len(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The other side may hang up first; that is its business.
    let _ = stream.write_all(&body[..sent]);
}

fn store(cache: &Path, upstream: String) -> Store {
    Store {
        cache: cache.to_owned(),
        mirror: None,
        upstream,
    }
}

#[test]
fn goes_on_where_the_connection_broke() {
    for (habit, expected) in [
        (Habit::Cuts, vec!["", "bytes=80000-", "bytes=160000-"]),
        (Habit::IgnoresRanges, vec!["", "bytes=80000-"]),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let (url, ranges) = serve(habit);
        let (path, place) = store(cache.path(), url).get(&pinned()).unwrap();
        assert_eq!(place, Place::Upstream);
        assert!(fs::read(&path).unwrap() == content());
        assert_eq!(*ranges.lock().unwrap(), expected);
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_gave_up() {
    let cache = tempfile::tempdir().unwrap();
    let error = store(cache.path(), serve(Habit::Dies).0)
        .get(&pinned())
        .unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Interrupted {
                received: 80_000,
                ..
            }
        ),
        "{error}"
    );
    assert!(!cache.path().join(pinned().name).exists());
    let (url, ranges) = serve(Habit::Good);
    store(cache.path(), url).get(&pinned()).unwrap();
    assert_eq!(*ranges.lock().unwrap(), ["bytes=80000-"]);
}

#[test]
fn a_file_that_is_not_the_pinned_one_is_thrown_away() {
    let cache = tempfile::tempdir().unwrap();
    let error = store(cache.path(), serve(Habit::Corrupts).0)
        .get(&pinned())
        .unwrap_err();
    assert!(matches!(error, FetchError::Differs { .. }), "{error}");
    assert_eq!(
        fs::read_dir(cache.path().join("folder")).unwrap().count(),
        0
    );
    let error = store(cache.path(), serve(Habit::NotFound).0)
        .get(&pinned())
        .unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
}

#[test]
fn cache_then_mirror_and_never_a_damaged_copy() {
    let folders = tempfile::tempdir().unwrap();
    let [cache, mirror] = ["cache", "mirror"].map(|name| folders.path().join(name));
    for folder in [&cache, &mirror] {
        fs::create_dir_all(folder.join("folder")).unwrap();
        fs::write(folder.join(pinned().name), content()).unwrap();
    }
    // Nobody listens there: a download would fail.
    let store = Store {
        cache: cache.clone(),
        mirror: Some(mirror.clone()),
        upstream: "http://127.0.0.1:9/".to_owned(),
    };
    assert_eq!(store.get(&pinned()).unwrap().1, Place::Cache);
    let mut damaged = content();
    damaged[7] ^= 1;
    fs::write(cache.join(pinned().name), &damaged).unwrap();
    assert_eq!(
        store.get(&pinned()).unwrap(),
        (mirror.join(pinned().name), Place::Mirror)
    );
    fs::write(mirror.join(pinned().name), &damaged[..100]).unwrap();
    let missing = store
        .require(&table::DIGITS, &pinned())
        .unwrap_err()
        .to_string();
    assert!(missing.contains("data get digits"), "{missing}");
    assert!(matches!(
        store.get(&pinned()),
        Err(FetchError::Refused { .. })
    ));
}
