//! Where two peer connections find each other: the STUN and TURN servers of the configuration.
//!
//! TURN relays cost money, so clients get credentials that run out, made by the scheme that coturn calls
//! `use-auth-secret` (draft-uberti-behave-turn-rest-00): the username is the UNIX time at which they run out and the
//! user, the password is its HMAC-SHA1 under a secret that only we and the TURN server know.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::{
    kernel::{
        config::{CallsConfig, TurnConfig},
        ids::UserId,
        time::Timestamp,
    },
    protocol::event::IceServer,
};

/// The servers for one user, with credentials that are good from `now` on.
pub fn servers(config: &CallsConfig, user: &UserId, now: Timestamp) -> Vec<IceServer> {
    let stun = (!config.stun.is_empty()).then(|| IceServer {
        urls: config.stun.clone(),
        username: None,
        credential: None,
    });
    let turn = config.turn.as_ref().map(|turn| relays(turn, user, now));
    stun.into_iter().chain(turn).collect()
}

fn relays(turn: &TurnConfig, user: &UserId, now: Timestamp) -> IceServer {
    let expiry = (now + turn.ttl).unix_seconds();
    let username = format!("{expiry}:{user}");
    let credential = password(turn.secret.reveal(), &username);
    IceServer {
        urls: turn.urls.clone(),
        username: Some(username),
        credential,
    }
}

/// `None` is not to be had: HMAC takes a key of any length.
fn password(secret: &str, username: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(username.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernel::{
        config::{Sources, load},
        secret::Secret,
    };

    #[test]
    fn a_password_is_the_hmac_of_the_username() {
        // RFC 2202, section 3, test case 2: effcdf6a e5eb2fa2 ..
        let known = password("Jefe", "what do ya want for nothing?");
        assert_eq!(known.as_deref(), Some("7/zfauXrL6LSdBbV8YTfnCWafHk="));
    }

    #[test]
    fn credentials_name_the_user_and_run_out() {
        let config = CallsConfig {
            stun: vec!["stun:stun.example.com".to_owned()],
            turn: Some(TurnConfig {
                urls: vec!["turn:turn.example.com?transport=udp".to_owned()],
                secret: Secret::new("north"),
                ttl: Duration::from_secs(600),
            }),
            ..load(&Sources::default()).unwrap().calls
        };
        let now = Timestamp::from_millis(1_706_604_120_500);
        let servers = servers(&config, &"taro".parse().unwrap(), now);
        let [stun, turn] = servers.as_slice() else {
            panic!("{servers:?}");
        };
        assert_eq!((&stun.username, &stun.credential), (&None, &None));
        assert_eq!(turn.username.as_deref(), Some("1706604720:taro"));
        assert_eq!(
            turn.credential,
            password("north", "1706604720:taro"),
            "of this very username"
        );
    }
}
