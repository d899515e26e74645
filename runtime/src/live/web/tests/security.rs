//! Who may ask for what.

use super::*;

const TOKEN: &str = "open-sesame_42";

fn with_token() -> Served {
    serve(|config| config.token = Some(TOKEN.into()))
}

#[test]
fn a_token_is_wanted_everywhere_once_there_is_one() {
    let served = with_token();
    for path in ["/", "/health", "/metrics", "/live", "/elsewhere"] {
        for wrong in [
            "",
            "?token=",
            "?token=open-sesame_43",
            "?token=open-sesame_42x",
        ] {
            let answer = get(&served.server, &format!("{path}{wrong}"));
            assert_eq!(answer.status, 401, "{path}{wrong}");
            assert_eq!(answer.body.lines().count(), 1, "{}", answer.body);
        }
    }
    let bearer = |token| format!("Authorization: Bearer {token}\r\n");
    assert_eq!(
        get_with(&served.server, "/metrics", &bearer("nonsense")).status,
        401
    );
    assert_eq!(
        get_with(&served.server, "/metrics", &bearer(TOKEN)).status,
        200
    );
    assert_eq!(get(&served.server, &format!("/?token={TOKEN}")).status, 200);
    assert_eq!(Socket::open(&served.server).err().unwrap().status, 401);
    let path = format!("/live?token={TOKEN}");
    assert_eq!(
        Socket::open_with(&served.server, &path, "").unwrap().json()["type"],
        "hello"
    );
    let url = format!("http://{}/?token={TOKEN}", served.server.address());
    assert_eq!(served.server.urls(), [url]);
}

#[test]
fn an_address_that_others_reach_has_a_token_in_any_case() {
    let served = serve(|config| config.address = "0.0.0.0:0".parse().unwrap());
    let urls = served.server.urls();
    let (_, token) = urls[0].split_once("/?token=").unwrap();
    assert_eq!(token.len(), 32);
    assert!(
        urls.last().unwrap().starts_with("http://127.0.0.1:"),
        "{urls:?}"
    );
    assert_eq!(get(&served.server, "/health").status, 401);
    // By any name, since who knows the token may come.
    let named = format!("GET /?token={token} HTTP/1.1\r\nHost: board.local\r\n\r\n");
    assert_eq!(request(&served.server, &named).status, 200);
    let unfit = WebConfig {
        token: Some("no spaces please".into()),
        ..WebConfig::default()
    };
    let error = WebServer::start(unfit, facts(), Switchboard::default())
        .err()
        .unwrap();
    assert!(
        matches!(error, WebError::Token) && error.to_string().contains("8 to 128"),
        "{error}"
    );
}

#[test]
fn a_page_of_another_site_is_refused() {
    let served = serve(|config| config.control = true);
    let foreign = "Origin: http://evil.example\r\n";
    let answer = Socket::open_with(&served.server, "/live", foreign)
        .err()
        .unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("another site"), "{}", answer.body);
    let body = r#"{"sensor":"camera","corruption":"camera/fog"}"#;
    let steer = |origin: &str| {
        let (host, length) = (served.server.address(), body.len());
        let head = format!("POST /control HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}");
        request(
            &served.server,
            &format!("{head}\r\nOrigin: {origin}\r\n\r\n{body}"),
        )
        .status
    };
    assert_eq!(steer("http://evil.example"), 403);
    assert_eq!(steer("null"), 403);
    assert_eq!(served.switchboard.switched_on().camera, None);
    let own = format!("http://{}", served.server.address());
    assert_eq!(steer(&own), 204);
    assert!(Socket::open_with(&served.server, "/live", &format!("Origin: {own}\r\n")).is_ok());
}

#[test]
fn a_name_that_somebody_made_point_here_is_refused() {
    let served = serve(|_| {});
    let rebound =
        "GET /health HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n";
    let answer = request(&served.server, rebound);
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("localhost"), "{}", answer.body);
    let tunnelled = "GET /health HTTP/1.1\r\nHost: localhost:9999\r\n\r\n";
    assert_eq!(
        request(&served.server, tunnelled).status,
        503,
        "no answers yet, but allowed"
    );
}
