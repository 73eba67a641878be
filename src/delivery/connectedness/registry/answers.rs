//! What Redis answers, as it is read.

use redis::{ErrorKind, FromRedisValue, Value};

use crate::{
    backplane::redis::commands::RedisFault,
    kernel::{ids::UserId, time::Timestamp},
};

/// The keys that held something else than they should, and are empty or written anew.
pub(super) fn tell_mended(keys: &[String]) {
    for key in keys {
        log::warn!("a key of Redis had another type and was written anew key={key}");
    }
}

pub(super) fn names(users: &[UserId]) -> Vec<&str> {
    users.iter().map(UserId::as_str).collect()
}

pub(super) fn value<T: FromRedisValue>(answer: Option<Value>) -> Result<T, RedisFault> {
    let value = redis::from_redis_value(answer.unwrap_or(Value::Nil));
    value.map_err(|fault| RedisFault::Unexpected(fault.into()))
}

pub(super) fn number(text: &str) -> Result<u64, RedisFault> {
    text.parse().map_err(|_none| unexpected("a number", text))
}

pub(super) fn time(text: &str) -> Result<Timestamp, RedisFault> {
    let millis = text.parse().map_err(|_none| unexpected("a time", text))?;
    Ok(Timestamp::from_millis(millis))
}

pub(super) fn user(id: &str) -> Result<UserId, RedisFault> {
    id.parse().map_err(|_unfit| unexpected("a user", id))
}

fn unexpected(what: &'static str, text: &str) -> RedisFault {
    let detail = format!("{text:?} is not {what}");
    RedisFault::Unexpected((ErrorKind::UnexpectedReturnType, "what Redis keeps", detail).into())
}
