//! Commands whose session is on another node: passed on to it, and answered here when they come from there.
//!
//! The node that a command came to has checked who sends it; the session's node is told who that is.

use std::{fmt::Write as _, rc::Rc, time::Duration};

use actix_http::Method;
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Payload, Query},
};
use bytes::Bytes;
use serde::Deserialize;

use super::commands::{self, Recipient};
use crate::{
    backplane::Link,
    kernel::ids::{SessionId, UserId},
    protocol::{error_code::ErrorCode, fault::Fault},
    session::env::Env,
    transport::{
        peers::{Ask, COMMANDS, Courier},
        refusal::Refusal,
    },
};

/// How long a command may take on another node, beyond the `actions.timeout` that an action's backend has.
const PATIENCE: Duration = Duration::from_secs(10);

/// When to try again.
const RETRY: Duration = Duration::from_secs(1);

/// A command of another node.
#[derive(Deserialize)]
struct Passed {
    user: UserId,
    session: SessionId,
}

/// Passes a command on to the node where the asker has the session that they name.
pub(super) async fn pass_on(
    request: &HttpRequest,
    user: &UserId,
    recipient: &Recipient,
    command: Bytes,
    env: &Env,
    courier: Option<&Courier>,
) -> Result<HttpResponse, Refusal> {
    let Some(courier) = courier else {
        return Err(commands::no_session());
    };
    let mut sessions = env.dispatch.sessions_elsewhere(user).await;
    sessions.retain(|it| recipient.fits(it.session, &it.device));
    // The newest one.
    let Some(found) = sessions.into_iter().max_by_key(|it| it.session) else {
        return Err(match env.dispatch.backplane().link() {
            Link::Alone | Link::Up => commands::no_session(),
            // Perhaps there is one.
            Link::Down => unavailable("this node does not hear others at the moment"),
        });
    };
    let target = format!(
        "{COMMANDS}?session={}&user={}",
        found.session,
        escaped(user.as_str())
    );
    let passed = courier.pass_on(Ask {
        to: &found.node,
        method: Method::POST,
        target: &target,
        body: command,
        client: request.peer_addr().map(|address| address.ip()),
        patience: PATIENCE + env.config.actions.timeout,
        now: env.store.now(),
    });
    let answer = passed.await;
    answer.map_err(|_unpassed| unavailable("the node of this session does not answer"))
}

fn unavailable(message: &str) -> Refusal {
    let fault = Fault::new(ErrorCode::Unavailable, message);
    fault.retry_after(RETRY).into()
}

/// Answers a command that another node has passed on.
pub(super) async fn answer(
    request: HttpRequest,
    body: Payload,
    env: Rc<Env>,
    courier: Rc<Courier>,
) -> HttpResponse {
    let (limit, now) = (env.config.limits.now().message_size, env.store.now());
    let command = match courier.take_in(&request, body, limit, now).await {
        Ok(arrived) => arrived.body,
        Err(refused) => return refused,
    };
    let answered = match Query::<Passed>::from_query(request.query_string()) {
        Err(_malformed) => Err(commands::no_session()),
        Ok(passed) => {
            let recipient = Recipient::session(passed.session);
            match recipient.here(&passed.user, &env) {
                None => Err(commands::no_session()),
                Some(to) => commands::hand_over(to, command, &env).await,
            }
        }
    };
    courier.answer(answered.unwrap_or_else(HttpResponse::from))
}

/// As it may stand in a query (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            // Writing to a `String` does not fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_a_command_is_of_comes_through_a_query() {
        for user in [
            "taro",
            "a&b=c#d",
            "user+1@example.com",
            "花",
            "100%",
            "a?b/c",
        ] {
            let session = SessionId::new();
            let query = format!("session={session}&user={}", escaped(user));
            assert!(format!("/?{query}").parse::<actix_http::Uri>().is_ok());
            let read = Query::<Passed>::from_query(&query).unwrap();
            assert_eq!((read.user.as_str(), read.session), (user, session));
        }
    }
}
