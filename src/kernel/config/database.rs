//! `[database]`: where state is kept.

use std::path::PathBuf;

use super::{fault::ConfigFault, reader::Section};

/// Where state is kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Which database.
    pub url: DatabaseUrl,
    /// Connections that read, beside the one that writes.
    pub pool_size: u32,
}

/// Which database, by the scheme of its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://<path>`: one file, relative to the working directory unless the path begins with a slash.
    Sqlite(PathBuf),
}

impl DatabaseConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            // Not through `parsed`: the URL of another database may hold a password, and must not be repeated.
            url: match section.text("url")?.as_deref().and_then(parse_url) {
                Some(url) => url,
                None => return Err(section.refuse("url", "sqlite://<path>, the path of a file")),
            },
            pool_size: section.count("pool_size", 1..=64)?,
        })
    }
}

fn parse_url(text: &str) -> Option<DatabaseUrl> {
    let path = text.strip_prefix("sqlite://")?;
    // `:memory:` is a database for each connection, and we have several.
    let unfit =
        path.is_empty() || path.ends_with('/') || path.contains('?') || path.contains(":memory:");
    (!unfit).then(|| DatabaseUrl::Sqlite(path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file() {
        for (url, path) in [
            ("sqlite://./data/otomo.db", "./data/otomo.db"),
            ("sqlite://otomo.db", "otomo.db"),
            (
                "sqlite:///var/lib/otomo/otomo.db",
                "/var/lib/otomo/otomo.db",
            ),
        ] {
            assert_eq!(parse_url(url), Some(DatabaseUrl::Sqlite(path.into())));
        }
        for url in [
            "",
            "otomo.db",
            "sqlite://",
            "sqlite://data/",
            "sqlite://:memory:",
            "sqlite://a.db?mode=ro",
            "mysql://a/b",
        ] {
            assert_eq!(parse_url(url), None, "{url:?} passed");
        }
    }
}
