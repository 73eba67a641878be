//! Where the database is: `sqlite://<path>`.

use std::{path::PathBuf, str::FromStr};

/// A checked `database.url`.
///
/// `sqlite://data/otomo.db` is relative to the working directory, `sqlite:///var/lib/otomo/otomo.db` absolute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// A text that is no database URL that this binary can serve. Never repeats the URL: it may carry a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlFault {
    /// There is no `sqlite://` in front.
    #[error("a database url begins with sqlite://, as in sqlite://data/otomo.db")]
    Scheme,
    /// PostgreSQL, which this binary does not have.
    #[error("this binary was built without postgres; use sqlite://<path>")]
    Postgres,
    /// Nothing after the scheme.
    #[error("sqlite:// wants the path of a file after it")]
    NoPath,
    /// A database in memory: each connection would have one of its own.
    #[error("sqlite in memory is one database per connection; use the path of a file")]
    Memory,
    /// Options in the URL. What a connection needs is set by the store.
    #[error("sqlite://<path> takes no ?options")]
    Options,
}

impl FromStr for DatabaseUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(UrlFault::Postgres);
        }
        let path = text.strip_prefix("sqlite://").ok_or(UrlFault::Scheme)?;
        match path {
            "" => Err(UrlFault::NoPath),
            ":memory:" => Err(UrlFault::Memory),
            path if path.contains('?') => Err(UrlFault::Options),
            path => Ok(Self::Sqlite(path.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_path_behind_its_scheme() {
        let path = |text: &str| text.parse().map(|DatabaseUrl::Sqlite(path)| path);
        assert_eq!(path("sqlite://data/otomo.db"), Ok("data/otomo.db".into()));
        assert_eq!(path("sqlite:///var/o.db"), Ok("/var/o.db".into()));
        assert_eq!(path("data/otomo.db"), Err(UrlFault::Scheme));
        assert_eq!(path("mysql://u:p@h/db"), Err(UrlFault::Scheme));
        assert_eq!(path("postgres://u:p@h/db"), Err(UrlFault::Postgres));
        assert_eq!(path("sqlite://"), Err(UrlFault::NoPath));
        assert_eq!(path("sqlite://:memory:"), Err(UrlFault::Memory));
        assert_eq!(path("sqlite://o.db?mode=ro"), Err(UrlFault::Options));
    }
}
