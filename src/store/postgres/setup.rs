//! How a connection to PostgreSQL is made and set up.

use std::time::Duration;

use diesel::ConnectionError;

use crate::{
    kernel::config::PostgresUrl,
    store::{StoreError, conn::Access},
};

/// What libpq is told beside the URL, unless the URL says otherwise. A server that is unreachable is found so in seconds: by
/// who connects, by who waits for an answer (keepalives), by who sends (the last one, in milliseconds).
const PARAMETERS: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("application_name", "otomo"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// A migration waits as long for another one, which may rewrite a table.
const MIGRATE_WAIT: Duration = Duration::from_secs(60);

/// What part of a statement's time a job waits for a lock before it is run again. By default a little more than PostgreSQL
/// waits (`deadlock_timeout`) before it looks whether two wait for each other, and ends one of them.
const LOCK_DIVISOR: u32 = 4;

/// How much longer than a statement a transaction may be quiet in between before the server ends it: what its owner does
/// then is compute. It bounds how long a node that was frozen keeps its locks.
const IDLE_FACTOR: u32 = 2;

/// The URL with what it leaves open. Of two equal parameters libpq takes the later one.
pub(super) fn with_parameters(url: &str) -> String {
    let ours = PARAMETERS.map(|(name, value)| format!("{name}={value}"));
    let ours = ours.join("&");
    match url.split_once('?') {
        Some((place, theirs)) => format!("{place}?{ours}&{theirs}"),
        None => format!("{url}?{ours}"),
    }
}

/// The statements that set a connection up.
pub(super) fn set_up(access: Access, statement_timeout: Duration) -> String {
    let (statement, lock) = match access {
        Access::Write | Access::Read => (statement_timeout, statement_timeout / LOCK_DIVISOR),
        Access::Migrate => (Duration::ZERO, MIGRATE_WAIT),
    };
    let idle = statement * IDLE_FACTOR;
    // An answer means that it is on the disk, whatever others want of this server.
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};
         SET default_transaction_isolation = 'read committed';
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        statement.as_millis(),
        lock.as_millis(),
        idle.as_millis(),
    )
}

/// Why there is no connection, in the words of libpq or of the server.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// What libpq says of a URL that it does not understand repeats it, and its password.
pub(super) fn unreachable(error: ConnectionError, url: &PostgresUrl) -> StoreError {
    const WITHOUT_THE_URL: [&str; 4] = [
        "connection to server",
        "could not translate host name",
        "invalid sslmode value",
        "sslmode value",
    ];
    let said = match error {
        ConnectionError::BadConnection(said) => said,
        other => other.to_string(),
    };
    let said = if WITHOUT_THE_URL.iter().any(|text| said.starts_with(text)) {
        said.trim_end().replace('\n', " ")
    } else {
        format!("libpq does not understand {}", url.shown())
    };
    StoreError::unavailable_because("the database cannot be opened", Refusal(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{config::DatabaseUrl, logging::chain},
        store::Pg,
    };

    #[test]
    fn what_the_url_says_wins() {
        let url = with_parameters("postgres://h/d?connect_timeout=1");
        assert!(
            url.starts_with("postgres://h/d?connect_timeout=5&"),
            "{url}"
        );
        assert!(url.ends_with("&connect_timeout=1"), "{url}");
    }

    #[test]
    fn a_password_is_in_no_refusal() {
        for url in [
            "postgres://u:hunter2@h:x/d",
            "postgres://u:hunter2%@h/d",
            "postgres://u:hunter2@[h/d",
        ] {
            let DatabaseUrl::Postgres(url) = url.parse().unwrap() else {
                panic!("{url}");
            };
            let refused = Pg::open(&url, Access::Read, Duration::from_secs(1))
                .err()
                .unwrap();
            let said = chain(&refused).to_string();
            assert!(
                said.contains("does not understand") && !said.contains("hunter2"),
                "{said}"
            );
        }
    }
}
