//! Who may ask.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use axum::extract::Query;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::error::WebError;

/// Characters of a token.
pub const TOKEN_LENGTHS: RangeInclusive<usize> = 8..=128;

/// What every request is measured by.
#[derive(Debug)]
pub struct Guard {
    token: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no token in it, or another one.
    Token,
    /// It is for a host name that is not this machine's: a name that somebody made point here.
    Host,
    /// It comes from the page of another site.
    Origin,
}

impl Guard {
    /// For an address, with the user's token if there is one; where others can reach the address, one is
    /// made otherwise.
    ///
    /// # Errors
    /// [`WebError::Token`] for a token that is too short or too long or has other characters, and
    /// [`WebError::Random`].
    pub fn new(address: IpAddr, token: Option<String>) -> Result<Self, WebError> {
        let token = match token {
            Some(token) if !is_fit(&token) => return Err(WebError::Token),
            None if !address.is_loopback() => Some(random_token().map_err(WebError::Random)?),
            given => given,
        };
        Ok(Self { token })
    }

    /// The token that is wanted.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether a request comes from where it may: not from a page of another site.
    ///
    /// # Errors
    /// [`Refusal::Host`] and [`Refusal::Origin`].
    pub fn check_source(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        // Where a token is wanted, a page that does not know it gains nothing by a name of its own.
        if self.token.is_none() && !host.is_some_and(is_local) {
            return Err(Refusal::Host);
        }
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(());
        };
        let page = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        match (page, host) {
            (Some(("http" | "https", page)), Some(host)) if page.eq_ignore_ascii_case(host) => {
                Ok(())
            }
            _ => Err(Refusal::Origin),
        }
    }

    /// Whether a request has the token, where one is wanted: as `?token=` or as `Authorization: Bearer`.
    ///
    /// # Errors
    /// [`Refusal::Token`].
    pub fn check_token(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let asked = Query::<Asked>::try_from_uri(uri);
        let given = bearer.or_else(|| asked.as_ref().ok()?.token.as_deref());
        // Takes equally long wherever a guess is wrong, so that it tells nothing.
        let right =
            given.is_some_and(|given| bool::from(given.trim().as_bytes().ct_eq(token.as_bytes())));
        if right { Ok(()) } else { Err(Refusal::Token) }
    }
}

#[derive(Deserialize)]
struct Asked {
    token: Option<String>,
}

/// A name or address that means this machine, with any port.
fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_fit(token: &str) -> bool {
    TOKEN_LENGTHS.contains(&token.len())
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// 128 bits.
fn random_token() -> std::io::Result<String> {
    let mut bits = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bits)?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, sentence) = match self {
            Refusal::Token => (
                StatusCode::UNAUTHORIZED,
                "This page wants a token: open the whole address that evenkeel printed, with ?token= at its end.\n",
            ),
            Refusal::Host => (
                StatusCode::FORBIDDEN,
                "This page is for this machine alone: open it as http://localhost or http://127.0.0.1.\n",
            ),
            Refusal::Origin => (
                StatusCode::FORBIDDEN,
                "A page of another site may not use this one.\n",
            ),
        };
        (status, sentence).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost:80", "LOCALHOST", "127.0.0.1:8080", "[::1]:99"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.2:80", ""] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn a_random_token_is_long_and_never_the_same() {
        let any = "0.0.0.0".parse().unwrap();
        let token = || Guard::new(any, None).unwrap().token().unwrap().to_owned();
        assert_eq!(token().len(), 32);
        assert_ne!(token(), token());
        let short = Guard::new(any, Some("1234".into()));
        assert!(matches!(short, Err(WebError::Token)));
    }

    #[test]
    fn an_address_of_this_machine_needs_no_token_but_its_own_name() {
        let guard = Guard::new("127.0.0.1".parse().unwrap(), None).unwrap();
        let check = |pairs: &[_]| guard.check_source(&headers(pairs));
        assert_eq!(check(&[(HOST, "localhost:1")]), Ok(()));
        assert_eq!(check(&[(HOST, "evil.example:1")]), Err(Refusal::Host));
        assert_eq!(check(&[]), Err(Refusal::Host));
        let same = [(HOST, "localhost:1"), (ORIGIN, "http://localhost:1")];
        assert_eq!(check(&same), Ok(()));
        for origin in [
            "http://evil.example",
            "http://localhost:2",
            "null",
            "ftp://localhost:1",
        ] {
            let foreign = [(HOST, "localhost:1"), (ORIGIN, origin)];
            assert_eq!(check(&foreign), Err(Refusal::Origin), "{origin}");
        }
    }
}
