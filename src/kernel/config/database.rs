//! `[database]`: where state is kept.

use std::{path::PathBuf, str::FromStr};

use super::{fault::ConfigFault, reader::Section};

/// Where state is kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Which database.
    pub url: DatabaseUrl,
    /// Connections that read, beside the one that writes.
    pub pool_size: u32,
    /// Writes that may wait.
    pub queue: usize,
}

impl DatabaseConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        // Not through `parsed`: the URL may hold a password, and must not be repeated.
        let written = section.text("url")?.unwrap_or_default();
        let url = written.parse().map_err(|fault: UrlFault| {
            section.refuse("url", &format!("sqlite://<path>; {fault}"))
        })?;
        Ok(Self {
            url,
            pool_size: section.count("pool_size", 1..=64)?,
            queue: section.count("queue", 1..=1_000_000)?,
        })
    }
}

/// Which database, by the scheme of its URL.
///
/// `sqlite://data/otomo.db` is relative to the working directory, `sqlite:///var/lib/otomo/otomo.db` absolute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// A text that is not the URL of a database that this binary can use. Never repeats the URL: it may carry a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlFault {
    /// There is no `sqlite://` in front.
    #[error("it begins otherwise")]
    Scheme,
    /// PostgreSQL, which this binary does not have.
    #[error("this binary was built without PostgreSQL")]
    Postgres,
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
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(UrlFault::Postgres);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_path_behind_its_scheme() {
        let path = |text: &str| text.parse().map(|DatabaseUrl::Sqlite(path)| path);
        assert_eq!(path("sqlite://data/otomo.db"), Ok("data/otomo.db".into()));
        assert_eq!(path("sqlite://./otomo.db"), Ok("./otomo.db".into()));
        assert_eq!(path("sqlite:///var/o.db"), Ok("/var/o.db".into()));
        assert_eq!(path("data/otomo.db"), Err(UrlFault::Scheme));
        assert_eq!(path("mysql://u:p@h/db"), Err(UrlFault::Scheme));
        assert_eq!(path("postgres://u:p@h/db"), Err(UrlFault::Postgres));
        assert_eq!(path("sqlite://"), Err(UrlFault::NoFile));
        assert_eq!(path("sqlite://data/"), Err(UrlFault::NoFile));
        assert_eq!(path("sqlite://:memory:"), Err(UrlFault::Memory));
        assert_eq!(path("sqlite://o.db?mode=ro"), Err(UrlFault::Options));
    }
}
