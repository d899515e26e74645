//! The live page in a real browser.

use std::net::TcpStream;
use std::path::PathBuf;

use evenkeel_tests::browser::Browser;
use evenkeel_tests::live::{Live, film};
use tempfile::TempDir;

/// Where the pictures stay, for people to look at.
fn pictures() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let target = test
        .ancestors()
        .nth(3)
        .expect("tests lie three folders deep");
    let folder = target.join("live-page");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// A film of a seven, played for ever with the page beside it, and the page's address.
fn serve(folder: &TempDir) -> (Live, String) {
    let film = film(folder.path(), "seven");
    let film = film.to_str().expect("a plain name");
    let mut live = Live::start(&[
        "--clip",
        film,
        "--loop",
        "--web",
        "127.0.0.1:0",
        "--control",
        "--plain",
    ]);
    let told = live.error_line();
    let address = told
        .strip_prefix("page: ")
        .expect("it says where the page is");
    (live, address.to_owned())
}

const SEVEN: &str = "document.getElementById('answer').textContent === 'seven'";

fn evidence(what: &str) -> String {
    format!("{SEVEN} && document.getElementById('evidence').dataset.evidence === '{what}'")
}

fn press(group: &str, button: &str) -> String {
    format!(
        "[...document.querySelectorAll('#{group} button')].find(b => b.textContent === '{button}').click() === undefined"
    )
}

#[test]
fn the_page_shows_the_answer_holding_while_sensors_are_spoiled() {
    let folder = TempDir::new().unwrap();
    let (_live, address) = serve(&folder);
    let pictures = pictures();
    let mut page = Browser::open(&address, 1400, 1100, false);
    page.wait_for(&evidence("both"));
    page.wait_for("document.getElementById('camera-status').dataset.state === 'well'");
    page.wait_for("document.getElementById('link').dataset.state === 'live'");
    page.screenshot(&pictures.join("clean.png"));

    page.wait_for(&press("buttons-camera", "Cover the lens"));
    page.wait_for(&evidence("microphone"));
    page.wait_for("document.getElementById('camera-status').dataset.reason === 'dark'");
    page.wait_for("document.getElementById('camera-status').innerText.includes('left out')");
    page.screenshot(&pictures.join("camera-dead.png"));
    page.wait_for("document.getElementById('clear').click() === undefined");
    page.wait_for(&evidence("both"));

    page.wait_for(&press("buttons-audio", "Hiss"));
    page.wait_for(
        "document.getElementById('microphone-status').innerText.includes('spoiled on purpose')",
    );
    // Noise is no fault that shuts a sensor out: attention moves to the other one, and the answer stays.
    let share =
        "Number.parseInt(document.querySelectorAll('#microphone-status .number')[1].textContent)";
    page.wait_for(&format!("{share} < 40"));
    page.wait_for(SEVEN);
    page.screenshot(&pictures.join("microphone-noisy.png"));

    for (name, dark) in [("phone.png", false), ("phone-dark.png", true)] {
        let mut phone = Browser::open(&address, 390, 844, dark);
        phone.wait_for(SEVEN);
        let width = phone.evaluate("document.documentElement.scrollWidth");
        assert_eq!(width, 390, "nothing sticks out to the side");
        phone.screenshot(&pictures.join(name));
    }
}

#[test]
fn the_page_says_when_the_program_has_gone() {
    let folder = TempDir::new().unwrap();
    let (live, address) = serve(&folder);
    let mut page = Browser::open(&address, 1000, 800, false);
    page.wait_for(&evidence("both"));
    drop(live);
    page.wait_for("document.getElementById('link').dataset.state !== 'live'");
    page.wait_for("document.getElementById('link').innerText.includes('again')");
    let port = address.trim_start_matches("http://").trim_end_matches('/');
    assert!(TcpStream::connect(port).is_err(), "the port is free again");
}
