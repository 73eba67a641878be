//! Where state is kept, what nodes tell each other through, and what time it is there.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use redis::{Client, Commands as _, Connection, RedisResult};
use uuid::Uuid;

use super::{PATIENCE, Report};
use crate::{
    kernel::{
        config::{Config, DatabaseUrl, format_duration},
        logging::chain,
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
    },
    repair,
    store::{
        StoreError,
        inspection::{Inspection, can_make, inspect},
    },
};

/// A commit that takes longer is felt by people.
const SLOW_WRITE: Duration = Duration::from_millis(100);

/// The database: whether it opens, whether it is up to date, what a write takes.
pub(super) fn database(config: &Config, report: &mut Report) {
    const ABOUT: &str = "database";
    let shown = match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            return tell_first_start(path, report);
        }
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(url) => url.shown(),
    };
    match inspect(&config.database) {
        Err(fault) => {
            report.failed(
                ABOUT,
                format!("{shown}: {}", chain(&fault)),
                remedy(&fault, &config.database.url),
            );
        }
        Ok(found) => {
            match &found.unlisted {
                Some(column) => report.failed(
                    ABOUT,
                    format!("{shown}: {column} is there, and not in the list of changes that were made (__diesel_schema_migrations)"),
                    repair::relisting(&config.database.url),
                ),
                None => tell_database(&shown, &found, report),
            }
            if let Some(clock) = found.clock {
                tell_clock("the database", clock, report);
            }
        }
    }
}

/// A database that is not there yet: whether the first start can make it.
fn tell_first_start(path: &Path, report: &mut Report) {
    const ABOUT: &str = "database";
    let found = format!("{} is not there yet", path.display());
    match can_make(path) {
        Ok(()) => report.ok(ABOUT, format!("{found}; the first start makes it")),
        Err(fault) => report.failed(
            ABOUT,
            format!("{found}, and {}", chain(&fault)),
            "let the user of the server (run this as that one) write there, or name a file in database.url in a folder where it may",
        ),
    }
}

/// What to do about a database that cannot be used.
fn remedy(fault: &StoreError, url: &DatabaseUrl) -> String {
    let said = match fault {
        StoreError::Unavailable(..) | StoreError::Overloaded(_) => {
            "look at database.url, at the rights of this user, and whether the database runs"
        }
        StoreError::Newer(_) => "a server of this version does not start with it",
        StoreError::Corrupt(..) => {
            let restoring = repair::restoring(url);
            return format!("look whether database.url names the right database; {restoring}");
        }
        _ => "report this, with what the database says",
    };
    said.to_owned()
}

fn tell_database(shown: &str, found: &Inspection, report: &mut Report) {
    const ABOUT: &str = "database";
    let pending = found.pending.len();
    let (Some(schema), Some(write)) = (&found.schema, found.write) else {
        let text = format!("{shown} has nothing of Otomo's in it");
        let todo = format!("if it is the right one, the next start makes the {pending} changes");
        return report.warning(ABOUT, text, todo);
    };
    let took = write.as_millis();
    let text = format!("{shown}, schema {schema}, a write took {took} ms");
    if pending > 0 {
        let todo = format!("{pending} changes are made by the next start, or by otomo migrate");
        return report.warning(ABOUT, text, todo);
    }
    if write > SLOW_WRITE {
        return report.warning(ABOUT, text, "people wait for each: look at its disk");
    }
    report.ok(ABOUT, text);
}

fn tell_clock(whose: &str, theirs: Timestamp, report: &mut Report) {
    const ABOUT: &str = "clock";
    let ours = Clock::system().now();
    let apart = ours.apart(theirs);
    let text = format!("{} ms apart from {whose}", apart.as_millis());
    if apart > CLOCK_TOLERANCE {
        let most = format_duration(CLOCK_TOLERANCE);
        let todo = format!("let NTP set both clocks; beyond {most} a node is not ready");
        return report.failed(ABOUT, text, todo);
    }
    report.ok(ABOUT, text);
}

/// Redis: whether it answers, whether what is published comes back.
pub(super) fn redis(config: &Config, report: &mut Report) {
    const ABOUT: &str = "redis";
    let Some(url) = &config.redis.url else {
        if config.database.url.is_shared() {
            let todo = "set it, the same on all nodes, before a second one serves this database";
            return report.warning(ABOUT, "redis.url is not set: this node is alone", todo);
        }
        return report.ok(ABOUT, "not used: this node is alone");
    };
    let client = match Client::open(url.reveal()) {
        Ok(client) => client,
        Err(error) => return report.failed(ABOUT, error.to_string(), "look at redis.url"),
    };
    // Host and port alone: the whole of it may hold a password.
    let place = client.get_connection_info().addr().to_string();
    match try_redis(&client) {
        Ok((version, took, clock)) => {
            let took = took.as_millis();
            let text = format!("version {version}, what is published comes back in {took} ms");
            report.ok(ABOUT, text);
            tell_clock("Redis", clock, report);
        }
        // Its own text names its cause already.
        Err(error) => report.failed(
            ABOUT,
            format!("{place}: {error}"),
            "look at redis.url, its password, and whether a Redis runs there and may be reached from here",
        ),
    }
}

fn try_redis(client: &Client) -> RedisResult<(String, Duration, Timestamp)> {
    let connect = || -> RedisResult<Connection> {
        let connection = client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    };
    let (mut speaking, mut hearing) = (connect()?, connect()?);
    let info = redis::cmd("INFO")
        .arg("server")
        .query::<String>(&mut speaking)?;
    let version = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    let version = version.unwrap_or("unknown").trim().to_owned();
    let channel = format!("otomo:doctor:{}", Uuid::now_v7());
    let mut heard = hearing.as_pubsub();
    heard.subscribe(&channel)?;
    let began = Instant::now();
    let () = speaking.publish(&channel, "are you well?")?;
    heard.get_message()?;
    let took = began.elapsed();
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query(&mut speaking)?;
    Ok((
        version,
        took,
        Timestamp::from_millis(seconds * 1000 + micros / 1000),
    ))
}
