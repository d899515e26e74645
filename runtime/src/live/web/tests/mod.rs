//! The page's server from outside, over real sockets.

mod client;
mod scene;
mod security;
mod strain;

use std::time::{Duration, Instant};

use client::{Socket, get, get_with, post, request};
use scene::{facts, lost_camera, moment, window};

use super::server::Limits;
use super::{WebConfig, WebError, WebServer, WebView};
use crate::corruption::Severity;
use crate::live::{Observer, Switchboard};
use crate::window::{Modality, Window};

/// A server on a free port of this machine, its view, and what it switches.
struct Served {
    server: WebServer,
    view: WebView,
    switchboard: Switchboard,
}

fn serve(change: impl FnOnce(&mut WebConfig)) -> Served {
    serve_within(Limits::default(), change)
}

fn serve_within(limits: Limits, change: impl FnOnce(&mut WebConfig)) -> Served {
    let mut config = WebConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        ..WebConfig::default()
    };
    change(&mut config);
    let switchboard = Switchboard::default();
    let (server, view) =
        WebServer::start_within(config, facts(), switchboard.clone(), limits).unwrap();
    Served {
        server,
        view,
        switchboard,
    }
}

impl Served {
    /// Shows the moment of this number.
    fn show(&mut self, index: u64) {
        self.view
            .observe(&moment(index), &window(index), &Window::default());
    }
}

/// Waits until something is so, for two seconds at most.
fn eventually(what: &str, so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < Duration::from_secs(2), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_page_and_all_that_it_names_come_from_the_program() {
    let served = serve(|_| {});
    let page = get(&served.server, "/");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    // Files that the page names, and modules that modules name.
    let mut wanted: Vec<String> = named(&page.body, "\"assets/", '"');
    let mut seen = 0;
    while seen < wanted.len() {
        let asset = get(&served.server, &format!("/assets/{}", wanted[seen]));
        assert_eq!(asset.status, 200, "{}", wanted[seen]);
        assert!(
            !asset.body.contains("://") || wanted[seen].ends_with("svg"),
            "{}",
            wanted[seen]
        );
        for module in named(&asset.body, "from \"./", '"') {
            if !wanted.contains(&module) {
                wanted.push(module);
            }
        }
        seen += 1;
    }
    assert_eq!(seen, super::assets::ASSETS.len(), "{wanted:?}");
    assert_eq!(get(&served.server, "/nothing").status, 404);
}

/// What stands between `before` and `after`, each time.
fn named(text: &str, before: &str, after: char) -> Vec<String> {
    let ends = text.split(before).skip(1);
    ends.filter_map(|rest| Some(rest.split_once(after)?.0.to_owned()))
        .collect()
}

#[test]
fn a_browser_is_told_who_speaks_and_then_every_moment() {
    let mut served = serve(|_| {});
    let mut socket = Socket::open(&served.server).unwrap();
    let hello = socket.json();
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["facts"]["model"], "digits");
    assert_eq!(hello["buttons"].as_array().unwrap().len(), 0);
    served.show(0);
    let told = socket.json();
    assert_eq!(told["type"], "moment");
    assert_eq!(told["smoothed"]["label"], "seven");
    assert_eq!(told["evidence"], "both");
    assert_eq!(told["sensors"]["camera"]["condition"], "running");
    assert_eq!(told["sensors"]["audio"]["reason"], "too quiet");
    assert_eq!(told["sensors"]["audio"]["share"], 0.25);
    assert_eq!(told["diary"]["events"][0]["label"], "seven");
    assert!(
        (told["level"].as_f64().unwrap() + 6.0).abs() < 0.1,
        "{told}"
    );
    let columns = socket.binary();
    assert_eq!(columns[..3], [2, scene::BANDS as u8, scene::COLUMNS as u8]);
    let picture = socket.binary();
    let decoded = image::load_from_memory(&picture[1..]).unwrap();
    assert_eq!((picture[0], decoded.width()), (1, 64));
    served.show(1);
    let told = socket.json();
    assert!(told.get("diary").is_none(), "nothing new happened: {told}");
    let columns = socket.binary();
    // A hop of 80 ms out of 640 ms with 64 columns; the newest, from its lowest band on.
    assert_eq!((columns[2], columns.len()), (8, 3 + 8 * scene::BANDS));
    assert_eq!(columns[3..3 + scene::BANDS], scene::column(56, 1));
}

#[test]
fn a_sensor_that_is_lost_is_told_with_its_reason() {
    let mut served = serve(|_| {});
    let mut socket = Socket::open(&served.server).unwrap();
    socket.json();
    served
        .view
        .observe(&lost_camera(0), &Window::default(), &Window::default());
    let told = socket.json();
    let camera = &told["sensors"]["camera"];
    assert_eq!(
        (&camera["condition"], &camera["detail"]),
        (&"lost".into(), &"unplugged".into())
    );
    assert_eq!(told["evidence"], "microphone");
    assert_eq!(
        (&told["picture"], &told["level"]),
        (&false.into(), &serde_json::Value::Null)
    );
    assert_eq!(told["diary"]["notices"][0]["message"], "unplugged");
    assert_eq!(socket.binary(), [2, 0, 64], "columns without sound");
    // Who comes in later knows it, too.
    let hello = Socket::open(&served.server).unwrap().json();
    assert_eq!(hello["diary"]["notices"][0]["sensor"], "camera");
}

#[test]
fn control_is_refused_unless_it_was_allowed() {
    const FOG: &str = r#"{"sensor":"camera","corruption":"camera/fog","severity":3}"#;
    let served = serve(|_| {});
    let refused = post(&served.server, "/control", FOG);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("--control"), "{}", refused.body);
    assert_eq!(served.switchboard.switched_on().camera, None);

    let served = serve(|config| config.control = true);
    let hello = Socket::open(&served.server).unwrap().json();
    assert!(hello["buttons"].as_array().unwrap().len() > 5);
    assert_eq!(post(&served.server, "/control", FOG).status, 204);
    let fog = (
        "camera/fog".parse().unwrap(),
        Severity::try_from(3).unwrap(),
    );
    assert_eq!(served.switchboard.switched_on().camera, Some(fog));
    for button in hello["buttons"].as_array().unwrap() {
        let corruption = button["corruption"].as_str().unwrap();
        let (sensor, _) = corruption.split_once('/').unwrap();
        let body = format!(r#"{{"sensor":"{sensor}","corruption":"{corruption}"}}"#);
        assert_eq!(
            post(&served.server, "/control", &body).status,
            204,
            "{corruption}"
        );
        let sensor = if sensor == "audio" {
            Modality::Audio
        } else {
            Modality::Camera
        };
        let (on, severity) = served.switchboard.switched_on()[sensor].unwrap();
        assert_eq!(
            (on.to_string().as_str(), severity),
            (corruption, Severity::WORST)
        );
    }
    let off = post(
        &served.server,
        "/control",
        r#"{"sensor":"camera","corruption":null}"#,
    );
    assert_eq!(
        (off.status, served.switchboard.switched_on().camera),
        (204, None)
    );
    for wrong in [
        "fog",
        "{}",
        r#"{"sensor":"camera","corruption":"camera/gremlins"}"#,
        r#"{"sensor":"camera","corruption":"audio/wind"}"#,
        r#"{"sensor":"camera","corruption":"camera/fog","severity":9}"#,
    ] {
        let answer = post(&served.server, "/control", wrong);
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.body.len() > 10, "{}", answer.body);
    }
    assert_eq!(
        post(&served.server, "/control", &" ".repeat(5000)).status,
        413
    );
    assert_eq!(get(&served.server, "/control").status, 405);
}

#[test]
fn health_follows_the_answers() {
    let mut served = serve(|_| {});
    let health = |served: &Served| {
        let answer = get(&served.server, "/health");
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, json)
    };
    let (status, json) = health(&served);
    assert_eq!((status, &json["status"]), (503, &"down".into()));
    served.show(0);
    let (status, json) = health(&served);
    assert_eq!(
        (status, &json["status"]),
        (200, &"degraded".into()),
        "too quiet"
    );
    assert_eq!(json["sensors"]["audio"]["reason"], "quiet");
    let mut well = moment(1);
    well.answer.health.audio = crate::health::Health::WELL;
    served.view.observe(&well, &window(1), &Window::default());
    assert_eq!(health(&served).1["status"], "ok");
    let mut both_lost = lost_camera(2);
    both_lost.sensors.audio = None;
    served
        .view
        .observe(&both_lost, &Window::default(), &Window::default());
    assert_eq!(health(&served).0, 503);
}

#[test]
fn metrics_count_what_was_shown() {
    let mut served = serve(|_| {});
    for index in 0..5 {
        served.show(index);
    }
    for (index, overruns) in [(5, 7), (6, 9), (7, 2)] {
        let mut lost = lost_camera(index);
        lost.sensors.audio.as_mut().unwrap().overruns = overruns;
        served
            .view
            .observe(&lost, &Window::default(), &Window::default());
    }
    let answer = get(&served.server, "/metrics");
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    for line in [
        r#"evenkeel_answers_total{verdict="label"} 8"#,
        r#"evenkeel_sensor_up{sensor="camera"} 0.0"#,
        r#"evenkeel_sensor_up{sensor="audio"} 1.0"#,
        r#"evenkeel_sensor_losses_total{sensor="camera"} 1"#,
        // 7, 2 more, and 2 after it was opened again.
        r#"evenkeel_sensor_overruns_total{sensor="audio"} 11"#,
        r#"evenkeel_sensor_spoiled{sensor="audio"} 0.0"#,
        r#"evenkeel_answer_age_seconds_bucket{le="0.05"} 8"#,
        r#"evenkeel_answer_age_seconds_count 8"#,
        "evenkeel_stride 1.0",
        "evenkeel_web_clients 0.0",
        "# EOF",
    ] {
        assert!(
            answer.body.lines().any(|one| one == line),
            "{line}\n{}",
            answer.body
        );
    }
}

#[test]
fn a_port_that_is_taken_and_an_address_of_others_are_named() {
    let served = serve(|_| {});
    let start = |address: &str| {
        let config = WebConfig {
            address: address.parse().unwrap(),
            ..WebConfig::default()
        };
        WebServer::start(config, facts(), Switchboard::default()).map(|_| ())
    };
    let taken = served.server.address();
    let error = start(&taken.to_string()).unwrap_err();
    assert!(matches!(error, WebError::Taken(_)));
    assert!(
        error.to_string().contains(&taken.port().to_string()),
        "{error}"
    );
    let error = start("192.0.2.7:0").unwrap_err();
    assert!(matches!(error, WebError::NotOurs(_)) && error.to_string().contains("192.0.2.7"));
    // When it is dropped, it is gone.
    let Served { server, view, .. } = served;
    drop(server);
    start(&taken.to_string()).unwrap();
    drop(view);
}
