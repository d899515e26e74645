//! Clients that are slow, rude or many.

use std::io::{Read, Write};

use super::client::connect;
use super::*;

#[test]
fn a_client_that_never_reads_is_dropped_and_slows_nobody() {
    let limits = Limits {
        write: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut served = serve_within(limits, |_| {});
    let deaf = Socket::open(&served.server).unwrap();
    let mut reader = Socket::open(&served.server).unwrap();
    reader.json();
    let counts = |served: &Served, clients| {
        let line = format!("evenkeel_web_clients {clients}");
        get(&served.server, "/metrics").body.contains(&line)
    };
    eventually("both look on", || counts(&served, "2.0"));
    let last = std::thread::spawn(move || {
        let mut last = serde_json::Value::Null;
        while last["time"].as_f64().is_none_or(|time| time < 320.0) {
            last = reader
                .next()
                .map_or(Default::default(), |(kind, payload)| match kind {
                    1 => serde_json::from_slice(&payload).unwrap(),
                    _ => last,
                });
        }
        reader
    });
    let window = window(0);
    let mut longest = Duration::ZERO;
    for index in 0..4000 {
        let moment = moment(index);
        let begin = Instant::now();
        served.view.observe(&moment, &window, &window);
        longest = longest.max(begin.elapsed());
        if index % 5 == 0 {
            // The server sends what there is, until nothing more fits into the deaf one's buffers.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    // A busy machine may hold a thread up for a while, but not for as long as the deaf one is waited for.
    assert!(longest < limits.write / 2, "{longest:?} for a moment");
    let reader = last.join().unwrap();
    eventually("who never reads is dropped", || counts(&served, "1.0"));
    drop((deaf, reader));
}

#[test]
fn frames_that_are_malformed_or_too_long_end_only_that_client() {
    let mut served = serve(|_| {});
    let mut good = Socket::open(&served.server).unwrap();
    good.json();
    // A text of two bytes, masked with zeros, in a frame whose length says five thousand.
    let long = [&[0x81, 0xfe, 0x13, 0x88, 0, 0, 0, 0][..], &[b'x'; 5000]].concat();
    let rude: [(&str, &[u8]); 5] = [
        ("reserved bits", &[0xf1, 0x80, 0, 0, 0, 0]),
        ("not masked", &[0x81, 0x02, b'h', b'i']),
        ("an opcode that there is not", &[0x8b, 0x80, 0, 0, 0, 0]),
        ("longer than 4 KiB", &long),
        (
            "a text, which nobody asked for",
            &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'],
        ),
    ];
    for (what, bytes) in rude {
        let mut socket = Socket::open(&served.server).unwrap();
        socket.0.write_all(bytes).unwrap();
        assert!(socket.closes(), "{what}");
    }
    served.show(0);
    assert_eq!(good.json()["type"], "moment");
}

#[test]
fn more_clients_than_there_are_seats_are_turned_away_and_do_no_harm() {
    let mut served = serve(|_| {});
    let mut sockets = Vec::new();
    for _ in 0..64 {
        sockets.push(Socket::open(&served.server).unwrap());
    }
    for _ in 64..200 {
        let refused = Socket::open(&served.server).err().unwrap();
        assert_eq!(refused.status, 503);
        assert!(refused.body.contains("64"), "{}", refused.body);
    }
    assert_eq!(get(&served.server, "/").status, 200);
    served.show(0);
    for socket in &mut sockets {
        assert_eq!(socket.json()["type"], "hello");
        assert_eq!(socket.json()["type"], "moment");
    }
    sockets.clear();
    eventually("seats are free again", || {
        Socket::open(&served.server).is_ok()
    });
}

#[test]
fn headers_that_come_a_letter_at_a_time_give_the_place_back() {
    let limits = Limits {
        connections: 4,
        request: Duration::from_millis(200),
        ..Limits::default()
    };
    let served = serve_within(limits, |_| {});
    let mut slow: Vec<_> = (0..4).map(|_| connect(&served.server)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nX-Sl").unwrap();
    }
    let begin = Instant::now();
    assert_eq!(get(&served.server, "/").status, 200);
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    let closed = slow[0].read(&mut [0; 64]);
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    // A WebSocket outlives that deadline.
    let mut socket = Socket::open(&served.server).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(socket.json()["type"], "hello");
    assert!(!matches!(
        socket
            .0
            .set_nonblocking(true)
            .and_then(|()| socket.0.read(&mut [0])),
        Ok(0)
    ));
}
