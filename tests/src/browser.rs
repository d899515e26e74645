//! A headless browser, steered through Chromium's DevTools protocol.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// A browser that shows one page.
pub struct Browser {
    process: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    asked: u64,
    _profile: tempfile::TempDir,
}

/// Names that Chromium goes by.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

impl Browser {
    /// Opens `url` in a window of this size.
    ///
    /// # Panics
    /// When there is no Chromium, or it does not open the page.
    pub fn open(url: &str, width: u32, height: u32, dark: bool) -> Self {
        let profile = tempfile::tempdir().expect("there is room for a profile");
        let mut process = start(profile.path());
        let address = address(&mut process);
        let (socket, _) = tungstenite::connect(address).expect("the browser can be steered");
        let mut browser = Self {
            process,
            socket,
            session: String::new(),
            asked: 0,
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().expect("a session").to_owned();
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        browser.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.ask("Emulation.setEmulatedMedia", media);
        browser.ask("Page.navigate", json!({ "url": url }));
        browser
    }

    /// What a JavaScript expression amounts to.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        self.ask("Runtime.evaluate", parameters)["result"]["value"].clone()
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Panics
    /// When it does not become true in twenty seconds.
    #[track_caller]
    pub fn wait_for(&mut self, expression: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.evaluate(expression) != Value::Bool(true) {
            let text = self.evaluate("document.body.innerText");
            assert!(
                Instant::now() < end,
                "never true: {expression}\nThe page says:\n{text}"
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Writes a picture of the whole page as PNG.
    pub fn screenshot(&mut self, path: &Path) {
        let parameters = json!({ "format": "png", "captureBeyondViewport": true });
        let taken = self.ask("Page.captureScreenshot", parameters);
        let data = taken["data"].as_str().expect("a picture");
        let png = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data)
            .expect("a picture in base64");
        std::fs::write(path, png).expect("the picture can be written");
    }

    /// Asks for something and waits for the answer.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut question = json!({ "id": self.asked, "method": method, "params": parameters });
        if !self.session.is_empty() {
            question["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(question.to_string()))
            .expect("the browser listens");
        loop {
            let message = self.socket.read().expect("the browser answers");
            let Message::Text(text) = message else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text).expect("the browser speaks JSON");
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(profile: &Path) -> Child {
    let start = |name: &&str| {
        Command::new(name)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()
    };
    NAMES
        .iter()
        .find_map(start)
        .expect("Chromium is installed (Debian's package `chromium`)")
}

/// Where the browser can be steered; it says so when it is ready.
fn address(process: &mut Child) -> String {
    let errors = process.stderr.take().expect("its errors are piped");
    let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
    let told = lines
        .find_map(|line| Some(line.strip_prefix("DevTools listening on ")?.to_owned()))
        .expect("the browser says where it listens");
    // What else it has to say is read, so that it does not wait for a reader.
    thread::spawn(move || lines.for_each(drop));
    told
}
