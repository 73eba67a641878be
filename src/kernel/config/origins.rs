//! Which web pages may connect. Browsers send a page's origin with every WebSocket and every request across
//! origins; other clients send none, and only their token counts.

use super::{fault::ConfigFault, reader::Section};

/// The pages that may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    listed: Vec<String>,
}

impl Origins {
    pub(super) fn read(section: &mut Section<'_>, key: &str) -> Result<Self, ConfigFault> {
        let allowed =
            "origins like https://app.example.com (no path, no slash at the end), or \"*\"";
        let mut listed = section.list(key, allowed, |text| match text {
            "*" => Some(text.to_owned()),
            _ => normalized(text),
        })?;
        let any = listed.iter().any(|origin| origin == "*");
        listed.retain(|origin| origin != "*");
        Ok(Self { any, listed })
    }

    /// Whether a page of `origin` (the header of that name) may connect to us as `host` (likewise). A page
    /// that we served ourselves may; its scheme is not compared, as a proxy may have added TLS.
    pub fn admit(&self, origin: &str, host: Option<&str>) -> bool {
        self.any || self.trust(origin, host)
    }

    /// The same for a page that sends what only the app's own pages may use, such as its cookie: `*` is no answer then.
    pub fn trust(&self, origin: &str, host: Option<&str>) -> bool {
        let Some(origin) = normalized(origin) else {
            // `null`, from sandboxed frames and files: an origin that anybody can have.
            return false;
        };
        let own = host.is_some_and(|host| {
            ["http", "https"]
                .iter()
                .any(|scheme| normalized(&format!("{scheme}://{host}")).as_deref() == Some(&origin))
        });
        own || self.listed.contains(&origin)
    }
}

/// An origin as RFC 6454 compares them: lower case, without the scheme's own port. `None` if the text is not an origin.
fn normalized(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let unfit = |c: char| {
        matches!(c, '/' | '?' | '#' | '@' | '*' | ',') || c.is_whitespace() || c.is_control()
    };
    if authority.is_empty() || authority.contains(unfit) {
        return None;
    }
    let authority = authority.strip_suffix(own_port).unwrap_or(authority);
    Some(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(origins: &[&str]) -> Origins {
        Origins {
            any: false,
            listed: origins
                .iter()
                .filter_map(|origin| normalized(origin))
                .collect(),
        }
    }

    #[test]
    fn only_listed_pages_and_our_own_may_connect() {
        let origins = listed(&["https://app.example.com", "http://localhost:3000"]);
        let host = Some("rt.example.com");
        for origin in [
            "https://app.example.com",
            "HTTPS://App.Example.com:443",
            "http://localhost:3000",
            "https://rt.example.com",
        ] {
            assert!(origins.admit(origin, host), "{origin} was refused");
        }
        for origin in [
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://evil.example",
            "https://app.example.com:8443",
            "http://localhost",
            "https://rt.example.com:1",
            "https://app.example.com/",
            "https://app.example.com@evil.example",
            "null",
            "",
        ] {
            assert!(!origins.admit(origin, host), "{origin:?} was admitted");
        }
        assert!(!origins.admit("https://rt.example.com", None));
    }

    #[test]
    fn our_own_pages_are_known_by_host_and_port() {
        let none = Origins::default();
        assert!(none.admit("http://127.0.0.1:8080", Some("127.0.0.1:8080")));
        assert!(none.admit("https://rt.example.com", Some("rt.example.com")));
        assert!(!none.admit("http://127.0.0.1:3000", Some("127.0.0.1:8080")));
    }

    #[test]
    fn a_star_admits_any_page() {
        let any = Origins {
            any: true,
            listed: Vec::new(),
        };
        assert!(any.admit("https://whoever.example", None));
        assert!(any.admit("null", None));
    }
}
