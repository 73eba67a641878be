//! Sign-in by a cookie of the app (`auth.cookie`), for pages of the same site (source documents 002 and 004 use it).
//!
//! A browser sends a cookie with every request to its site, even if a foreign page makes it. So a cookie counts only if the
//! browser itself says that one of the app's own pages makes the request: `Origin` names the server's own origin or one of
//! `server.origins`, of which `*` is none; or, where browsers send no `Origin` (an `EventSource`, or another GET of a page's
//! own origin), `Sec-Fetch-Site: same-origin`, which no page can set (Fetch Metadata Request Headers, W3C).

use actix_http::header::{self, HeaderMap};

use crate::kernel::config::{Config, Origins};

const FETCH_SITE: &str = "sec-fetch-site";

/// The token in the app's cookie, if cookies are enabled and one of the app's own pages sent it.
pub fn from_cookie<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    let auth = config.auth.now();
    let name = auth.cookie.as_deref()?;
    comes_from_own_page(headers, &config.server.origins.now())
        .then(|| cookie(headers, name))
        .flatten()
}

fn comes_from_own_page(headers: &HeaderMap, origins: &Origins) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    match text(header::ORIGIN.as_str()) {
        Some(origin) => origins.trust(origin, text(header::HOST.as_str())),
        None => text(FETCH_SITE) == Some("same-origin"),
    }
}

/// The value of a cookie (RFC 6265, 4.2.1). HTTP/2 may bring several headers of them.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lists = headers
        .get_all(header::COOKIE)
        .filter_map(|list| list.to_str().ok());
    let mut pairs = lists
        .flat_map(|list| list.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use actix_http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::kernel::config::{Sources, load};

    const SESSION: (&str, &str) = ("cookie", "theme=dark; session=eyJ.a.b; lang=ja");
    const HOST: (&str, &str) = ("host", "app.example.com");

    fn taken(settings: &[(&str, &str)], sent: &[(&str, &str)]) -> Option<String> {
        let sources = settings
            .iter()
            .fold(Sources::default(), |sources, (key, value)| {
                sources.with(key, *value)
            });
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        from_cookie(&headers, &load(&sources).unwrap()).map(str::to_owned)
    }

    #[test]
    fn a_cookie_counts_only_where_cookies_are_configured() {
        let own = [HOST, ("origin", "https://app.example.com"), SESSION];
        assert_eq!(taken(&[], &own), None);
        let named = [("auth.cookie", "session")];
        assert_eq!(taken(&named, &own).as_deref(), Some("eyJ.a.b"));
        assert_eq!(taken(&[("auth.cookie", "token")], &own), None);
    }

    #[test]
    fn a_cookie_counts_only_from_pages_that_are_named() {
        let named = ("auth.cookie", "session");
        let foreign = [HOST, ("origin", "https://evil.example.com"), SESSION];
        assert_eq!(taken(&[named], &foreign), None);
        assert_eq!(taken(&[named, ("server.origins", "*")], &foreign), None);
        let listed = ("server.origins", "https://evil.example.com");
        assert!(taken(&[named, listed], &foreign).is_some());
        assert_eq!(taken(&[named], &[HOST, ("origin", "null"), SESSION]), None);
    }

    #[test]
    fn without_an_origin_the_browser_must_say_that_the_page_is_ours() {
        let named = [("auth.cookie", "session")];
        assert_eq!(taken(&named, &[HOST, SESSION]), None);
        for (site, counts) in [
            ("same-origin", true),
            ("same-site", false),
            ("cross-site", false),
            ("none", false),
        ] {
            let sent = [HOST, ("sec-fetch-site", site), SESSION];
            assert_eq!(taken(&named, &sent).is_some(), counts, "{site}");
        }
    }

    #[test]
    fn cookies_may_come_in_several_headers() {
        let sent = [
            HOST,
            ("sec-fetch-site", "same-origin"),
            ("cookie", "a=1"),
            ("cookie", "session=eyJ.a.b"),
        ];
        let named = [("auth.cookie", "session")];
        assert_eq!(taken(&named, &sent).as_deref(), Some("eyJ.a.b"));
    }
}
