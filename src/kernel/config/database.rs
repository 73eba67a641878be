//! `[database]`: where state is kept.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

/// Where state is kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Which database.
    pub url: DatabaseUrl,
    /// Connections that read, beside the one that writes.
    pub pool_size: u32,
    /// Writes that may wait.
    pub queue: usize,
    /// How long PostgreSQL may work at one statement.
    pub statement_timeout: Duration,
}

impl DatabaseConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        // Neither refused nor shown as it is: it may hold a password.
        let shown = |text: &str| match text.parse() {
            Ok(DatabaseUrl::Postgres(url)) => url.shown(),
            Ok(DatabaseUrl::Sqlite(_)) => text.to_owned(),
            Err(_) => String::new(),
        };
        let url = section.text_shown_as("url", shown)?.parse();
        let url = url.map_err(|fault: UrlFault| {
            let allowed = "sqlite://<path> or postgres://<user>@<host>/<database>";
            section.refuse("url", &format!("{allowed}; {fault}"))
        })?;
        Ok(Self {
            url,
            pool_size: section.count("pool_size", 1..=64)?,
            queue: section.count("queue", 1..=1_000_000)?,
            statement_timeout: section.duration(
                "statement_timeout",
                Duration::from_millis(100)..=Duration::from_mins(5),
            )?,
        })
    }
}

/// Which database, by the scheme of its URL.
///
/// `sqlite://data/otomo.db` is relative to the working directory, `sqlite:///var/lib/otomo/otomo.db` absolute. What begins with
/// `postgres://` or `postgresql://` is for PostgreSQL's own client library, which takes several hosts, and settings behind
/// a question mark (`sslmode=..`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(PostgresUrl),
}

/// Where a PostgreSQL server is, and who we are there. Its `Debug` shows no password.
#[derive(Clone)]
pub struct PostgresUrl(Secret);

impl PostgresUrl {
    /// The whole URL, for the one who connects.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The URL without what may be secret.
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.reveal().split_once("://").unwrap_or_default();
        let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may have an @ in it that is not escaped.
        let (person, place) = place.rsplit_once('@').unwrap_or(("", place));
        let user = person.split_once(':').map_or(person, |(user, _)| user);
        let at = if person.is_empty() { "" } else { "@" };
        let more = if settings.is_empty() { "" } else { "?.." };
        format!("{scheme}://{user}{at}{place}{more}")
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for PostgresUrl {}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.shown())
    }
}

/// A text that is not the URL of a database that this binary can use. Never repeats the URL: it may carry a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlFault {
    /// Neither `sqlite://` nor `postgres://` is in front.
    #[error("it begins otherwise")]
    Scheme,
    /// A server without a database, or a space or the like in the text.
    #[error("it names no database, or has a character that must be escaped (%20, %3F)")]
    Malformed,
    /// Nothing after the scheme, or a folder.
    #[error("it names no file")]
    NoFile,
    /// A database in memory: each connection would have one of its own.
    #[error("in memory each connection would have a database of its own")]
    Memory,
    /// Options in the URL. What a connection needs is set by the store.
    #[error("it takes no ?options")]
    Options,
}

impl DatabaseUrl {
    /// Whether several nodes can serve it.
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres(text).map(Self::Postgres);
        }
        let path = text.strip_prefix("sqlite://").ok_or(UrlFault::Scheme)?;
        match path {
            ":memory:" => Err(UrlFault::Memory),
            path if path.is_empty() || path.ends_with('/') => Err(UrlFault::NoFile),
            path if path.contains('?') => Err(UrlFault::Options),
            path => Ok(Self::Sqlite(path.into())),
        }
    }
}

/// The client library looks at the rest. A database must be named: else it would be one by the name of the user.
fn postgres(text: &str) -> Result<PostgresUrl, UrlFault> {
    let escaped = |c: char| c.is_whitespace() || c.is_control();
    let (_, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
    let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
    // An @ behind the question mark: that is a part of the password, and what is before it would be taken for a server.
    if settings.contains('@') || text.contains(escaped) {
        return Err(UrlFault::Malformed);
    }
    match place.rsplit_once('/') {
        Some((_, database)) if !database.is_empty() => Ok(PostgresUrl(Secret::new(text))),
        _ => Err(UrlFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_postgresql_is_shown_without_its_password() {
        let shown = |text: &str| match text.parse() {
            Ok(DatabaseUrl::Postgres(url)) => Ok(format!("{} {url:?}", url.shown())),
            Ok(DatabaseUrl::Sqlite(path)) => panic!("{path:?}"),
            Err(fault) => Err(fault),
        };
        for (text, public) in [
            ("postgres://u:p@h/db", "postgres://u@h/db"),
            ("postgresql://u@h:1,i:2/db", "postgresql://u@h:1,i:2/db"),
            ("postgres://h/db", "postgres://h/db"),
            ("postgres://u:a@b@h/db?password=p", "postgres://u@h/db?.."),
            ("postgresql:///db?host=/run", "postgresql:///db?.."),
        ] {
            assert_eq!(shown(text), Ok(format!("{public} PostgresUrl({public})")));
        }
        for text in [
            "postgres://",
            "postgres://u:p@h",
            "postgres://u:p@h/",
            "postgres://u:p q@h/d",
        ] {
            assert_eq!(shown(text), Err(UrlFault::Malformed));
        }
    }

    #[test]
    fn a_password_that_was_not_escaped_is_not_taken_for_a_server_and_shown() {
        for text in ["postgres://u:p/s?q@h/db", "postgres://u:/s?q@h/db"] {
            let refused = text.parse::<DatabaseUrl>();
            assert_eq!(refused, Err(UrlFault::Malformed), "{text}");
        }
        let escaped: DatabaseUrl = "postgres://u:p%2Fs%3Fq@h/db".parse().unwrap();
        assert_eq!(
            format!("{escaped:?}"),
            "Postgres(PostgresUrl(postgres://u@h/db))"
        );
    }

    #[test]
    fn a_url_is_a_path_behind_its_scheme() {
        let path = |text: &str| match text.parse()? {
            DatabaseUrl::Sqlite(path) => Ok(path),
            DatabaseUrl::Postgres(url) => panic!("{url:?}"),
        };
        assert_eq!(path("sqlite://data/otomo.db"), Ok("data/otomo.db".into()));
        assert_eq!(path("sqlite://./otomo.db"), Ok("./otomo.db".into()));
        assert_eq!(path("sqlite:///var/o.db"), Ok("/var/o.db".into()));
        assert_eq!(path("data/otomo.db"), Err(UrlFault::Scheme));
        assert_eq!(path("mysql://u:p@h/db"), Err(UrlFault::Scheme));
        assert_eq!(path("sqlite://"), Err(UrlFault::NoFile));
        assert_eq!(path("sqlite://data/"), Err(UrlFault::NoFile));
        assert_eq!(path("sqlite://:memory:"), Err(UrlFault::Memory));
        assert_eq!(path("sqlite://o.db?mode=ro"), Err(UrlFault::Options));
    }
}
