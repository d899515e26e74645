//! A client that is as good or as bad as a test wants it.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::WebServer;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: HashMap<String, String>,
    pub body: String,
}

impl Answer {
    /// Empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

pub fn connect(server: &WebServer) -> TcpStream {
    let port = server.address().port();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream
}

pub fn get(server: &WebServer, path: &str) -> Answer {
    get_with(server, path, "")
}

/// With further header lines, each ended by `\r\n`.
pub fn get_with(server: &WebServer, path: &str, headers: &str) -> Answer {
    let host = format!("Host: {}\r\n", server.address());
    request(
        server,
        &format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n"),
    )
}

pub fn post(server: &WebServer, path: &str, body: &str) -> Answer {
    let (host, length) = (server.address(), body.len());
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n");
    request(server, &format!("{head}\r\n{body}"))
}

/// Sends this, and reads all that comes back until the connection is closed.
pub fn request(server: &WebServer, text: &str) -> Answer {
    let mut stream = connect(server);
    stream.write_all(text.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // What was refused before it was read ends in a reset, after the answer.
    let _ = stream.read_to_end(&mut bytes);
    parse(&String::from_utf8(bytes).unwrap())
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    Answer {
        status: status.and_then(|status| status.parse().ok()).unwrap_or(0),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

/// A WebSocket, by RFC 6455.
pub struct Socket(pub TcpStream);

impl Socket {
    pub fn open(server: &WebServer) -> Result<Self, Answer> {
        Self::open_with(server, "/live", "")
    }

    /// With further header lines. An answer other than 101 is an error.
    pub fn open_with(server: &WebServer, path: &str, headers: &str) -> Result<Self, Answer> {
        let mut stream = connect(server);
        let host = server.address();
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n"
        );
        stream.write_all(handshake.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        let mut answer = parse(&String::from_utf8(head).unwrap());
        if answer.status == 101 {
            return Ok(Self(stream));
        }
        stream.read_to_string(&mut answer.body).unwrap();
        Err(answer)
    }

    /// The next message: its opcode and payload; `None` when the server has closed.
    pub fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut bytes = [0; 2];
                self.0.read_exact(&mut bytes).ok()?;
                usize::from(u16::from_be_bytes(bytes))
            }
            127 => {
                let mut bytes = [0; 8];
                self.0.read_exact(&mut bytes).ok()?;
                u64::from_be_bytes(bytes) as usize
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[0] & 0xf, payload))
    }

    fn next_of(&mut self, opcode: u8) -> Vec<u8> {
        loop {
            let (kind, payload) = self.next().expect("the server has closed");
            // Pings may come in between.
            if kind == opcode {
                return payload;
            }
            assert_eq!(kind, 9, "{payload:?}");
        }
    }

    pub fn json(&mut self) -> serde_json::Value {
        serde_json::from_slice(&self.next_of(1)).unwrap()
    }

    pub fn binary(&mut self) -> Vec<u8> {
        self.next_of(2)
    }

    /// Whether the server closes the connection, whatever it sends before.
    pub fn closes(mut self) -> bool {
        let mut bytes = [0; 1024];
        loop {
            match self.0.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }
}
