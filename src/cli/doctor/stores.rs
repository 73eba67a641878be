//! Where state is kept, what nodes tell each other through, and what time it is there.

use std::time::{Duration, Instant};

use redis::{Client, Commands as _, Connection, RedisResult};
use uuid::Uuid;

use super::{PATIENCE, finding::Report};
use crate::{
    kernel::{
        config::{Config, DatabaseUrl},
        logging::chain,
        secret::Secret,
        time::{Clock, Timestamp},
    },
    store::inspection::{Inspection, inspect},
};

/// A commit that takes longer is felt by people.
const SLOW_WRITE: Duration = Duration::from_millis(100);

/// By how much clocks may differ before a node says that it is not ready.
const APART_MAX: Duration = Duration::from_secs(1);

/// The database: whether it opens, whether it is up to date, what a write takes.
pub(super) fn database(config: &Config, report: &mut Report) {
    const ABOUT: &str = "database";
    let shown = match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            let found = format!("{} is not there yet", path.display());
            return report.ok(ABOUT, format!("{found}; the first start makes it"));
        }
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(url) => url.shown(),
    };
    let found = match inspect(&config.database) {
        Ok(found) => found,
        Err(fault) => {
            let todo =
                "look at database.url, at the rights of this user, and whether the database runs";
            return report.failed(ABOUT, format!("{shown}: {}", chain(&fault)), todo);
        }
    };
    of_database(&shown, &found, report);
    if let Some(clock) = found.clock {
        clock_of("the database", clock, report);
    }
}

fn of_database(shown: &str, found: &Inspection, report: &mut Report) {
    const ABOUT: &str = "database";
    let took = found.write.as_millis();
    let schema = found.schema.as_deref().unwrap_or("none");
    let text = format!("{shown}, schema {schema}, a write took {took} ms");
    if !found.pending.is_empty() {
        let todo = format!(
            "{} changes are made by the next start, or by otomo migrate",
            found.pending.len()
        );
        return report.warning(ABOUT, text, todo);
    }
    if found.write > SLOW_WRITE {
        return report.warning(ABOUT, text, "people wait for each: look at its disk");
    }
    report.ok(ABOUT, text)
}

fn clock_of(whose: &str, theirs: Timestamp, report: &mut Report) {
    const ABOUT: &str = "clock";
    let ours = Clock::system().now();
    let apart = ours.until(theirs).max(theirs.until(ours));
    let text = format!("{} ms apart from {whose}", apart.as_millis());
    match apart > APART_MAX {
        true => report.failed(
            ABOUT,
            text,
            "let NTP set both clocks; beyond 1 s a node is not ready",
        ),
        false => report.ok(ABOUT, text),
    }
}

/// Redis: whether it answers, whether what is published comes back.
pub(super) fn redis(config: &Config, report: &mut Report) {
    const ABOUT: &str = "redis";
    let Some(url) = &config.redis.url else {
        return match config.database.url.is_shared() {
            true => report.warning(
                ABOUT,
                "redis.url is not set: this node is alone",
                "set it, the same on all nodes, before a second one serves this database",
            ),
            false => report.ok(ABOUT, "not used: this node is alone"),
        };
    };
    if !config.database.url.is_shared() {
        report.warning(
            ABOUT,
            "nodes cannot share an SQLite file",
            "redis.url is of use with PostgreSQL (database.url)",
        );
    }
    match try_redis(url) {
        Ok((version, took, clock)) => {
            let took = took.as_millis();
            let text = format!("version {version}, what is published comes back in {took} ms");
            report.ok(ABOUT, text);
            clock_of("Redis", clock, report);
        }
        // Without the address: it may hold a password.
        Err(error) => report.failed(
            ABOUT,
            format!("{}", chain(&error)),
            "look at redis.url, its password, and whether Redis runs and may be reached from here",
        ),
    }
}

fn try_redis(url: &Secret) -> RedisResult<(String, Duration, Timestamp)> {
    let client = Client::open(url.reveal())?;
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
