//! What can be wrong with a configuration, said so that whoever wrote it can put it right: which key, where
//! it came from, what is allowed. Values of secrets are never part of it.

use std::{io, path::PathBuf};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration file is not TOML.
    #[error("the configuration file {} is not TOML: {problem}", path.display())]
    Malformed {
        /// The file as it was named.
        path: PathBuf,
        /// Where and what, without the line itself: it may hold a secret.
        problem: String,
    },
    /// A key, a section or a variable that nothing reads.
    #[error("unknown setting {name} ({origin}): {allowed}")]
    Unknown {
        /// The key, or the name of the variable.
        name: String,
        /// Where it was written.
        origin: String,
        /// What could have been meant.
        allowed: String,
    },
    /// A value that its key does not take.
    #[error("{key} ({origin}): must be {allowed}{}", found.as_ref().map(|text| format!(", not {text:?}")).unwrap_or_default())]
    Refused {
        /// Section and key.
        key: String,
        /// Where the value was written.
        origin: String,
        /// What the key takes.
        allowed: String,
        /// The value as written; none where it is, or may hold, a secret.
        found: Option<String>,
    },
    /// Values that are fine alone and not together.
    #[error("{keys}: {problem}", keys = keys.join(" and "))]
    Conflict {
        /// The keys concerned.
        keys: &'static [&'static str],
        /// What does not go together, and what would.
        problem: String,
    },
    /// The sources could not be laid over each other.
    #[error("the configuration cannot be put together")]
    Merge(#[source] config::ConfigError),
}
