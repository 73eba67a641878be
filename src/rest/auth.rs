//! Who asks, and whether they may: one check in front of each part of the API, so that no handler can forget it and nobody's
//! body is read before it.
//!
//! | who | comes with | may use |
//! |---|---|---|
//! | people (`user`, `otomo`, `admin`) | `Authorization: Bearer` | `/api` |
//! | backends (`service`) | `X-API-Key`, or a token with that role | `/api/server` |
//! | admins | `Authorization: Bearer` | `/admin/api` |
//!
//! Instead of a header, pages of the app may send its cookie (`auth.cookie`).
//!
//! Tokens in a query are for sockets alone: here they would end up in logs of proxies, and headers can be sent.

use actix_web::{
    Error, HttpMessage as _, ResponseError as _,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};

use super::{Shared, error::ApiError};
use crate::{
    kernel::{
        config::AuthConfig,
        identity::Role,
        token::{bearer, from_cookie},
    },
    people::Person,
    protocol::error_code::ErrorCode,
};

/// The header of a backend's key.
pub(super) const API_KEY: &str = "x-api-key";

/// Whoever is a person: the endpoints of apps.
pub(super) async fn people<B: MessageBody>(
    shared: Data<Shared>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(
        &[Role::User, Role::Otomo, Role::Admin],
        &shared,
        request,
        next,
    )
    .await
}

/// Backends of the app.
pub(super) async fn backends<B: MessageBody>(
    shared: Data<Shared>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(&[Role::Service], &shared, request, next).await
}

/// Admins.
pub(super) async fn admins<B: MessageBody>(
    shared: Data<Shared>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(&[Role::Admin], &shared, request, next).await
}

/// Lets those of some roles through. The person whom a token names reaches handlers as `ReqData<Person>`.
async fn guard<B: MessageBody>(
    roles: &[Role],
    shared: &Shared,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match identify(roles, shared, request.headers()).await {
        Ok(person) => {
            if let Some(person) = person {
                request.extensions_mut().insert(person);
            }
            Ok(next.call(request).await?.map_into_left_body())
        }
        // An answer and not an `Err`: what the app adds to all answers (CORS) is added to this one too.
        Err(error) => Ok(request
            .into_response(error.error_response())
            .map_into_right_body()),
    }
}

/// Who asks. `None` is a backend that came with its key and has no name.
async fn identify(
    roles: &[Role],
    shared: &Shared,
    headers: &HeaderMap,
) -> Result<Option<Person>, ApiError> {
    let from_page = || from_cookie(headers, &shared.config).map(Credential::Token);
    let Some(credential) = Credential::of(headers).or_else(from_page) else {
        let message = "say who you are: Authorization: Bearer, or X-API-Key for backends";
        return Err(ApiError::new(ErrorCode::Unauthorized, message));
    };
    match credential {
        Credential::Token(token) => {
            let identity = shared.verifier.verify(token, shared.store.now())?;
            permit(roles, identity.role)?;
            Ok(Some(shared.people.enter(identity).await?))
        }
        Credential::Key(key) if !is_known(&shared.config.auth.now(), key) => {
            let message = "the key is not one of auth.api_keys";
            Err(ApiError::new(ErrorCode::Unauthorized, message))
        }
        Credential::Key(_) => permit(roles, Role::Service).map(|()| None),
    }
}

fn permit(roles: &[Role], role: Role) -> Result<(), ApiError> {
    if roles.contains(&role) {
        return Ok(());
    }
    Err(ApiError::forbidden(told_who_may(roles, role)))
}

/// Why somebody may not, and who may.
fn told_who_may(roles: &[Role], role: Role) -> String {
    let those: Vec<String> = roles.iter().map(|it| format!("`{it}`")).collect();
    let key = match roles.contains(&Role::Service) {
        true => ", or a backend with X-API-Key",
        false => "",
    };
    let those = those.join(" or ");
    format!("the role `{role}` may not do this; a token of the role {those} may{key}")
}

/// What a request says of who sends it. Only tests print it: it is a secret.
#[cfg_attr(test, derive(Debug))]
#[derive(PartialEq, Eq)]
enum Credential<'a> {
    Token(&'a str),
    Key(&'a str),
}

impl<'a> Credential<'a> {
    /// The first that is there.
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap_or_default())
        };
        let token = text(header::AUTHORIZATION.as_str()).and_then(bearer);
        token
            .map(Self::Token)
            .or_else(|| text(API_KEY).map(Self::Key))
    }
}

/// Whether a key is one of ours. All are compared, so that the time says nothing about which.
fn is_known(auth: &AuthConfig, key: &str) -> bool {
    auth.api_keys
        .iter()
        .fold(false, |known, own| known | own.is(key))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::kernel::config::{Sources, load};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn who_may_not_is_told_who_may() {
        let app = [Role::User, Role::Otomo];
        for (roles, role, told) in [
            (
                &[Role::Admin][..],
                Role::User,
                "`user` may not do this; a token of the role `admin` may",
            ),
            (
                &[Role::Service],
                Role::Admin,
                "`admin` may not do this; a token of the role `service` may, or a backend with X-API-Key",
            ),
            (
                &app,
                Role::Service,
                "`service` may not do this; a token of the role `user` or `otomo` may",
            ),
        ] {
            assert_eq!(told_who_may(roles, role), format!("the role {told}"));
        }
    }

    #[test]
    fn the_first_credential_counts() {
        let token = ("authorization", "bEaReR abc");
        let key = (API_KEY, "k");
        let of = |pairs: &[_]| Credential::of(&headers(pairs)).map(|it| format!("{it:?}"));
        assert_eq!(of(&[token, key]).unwrap(), r#"Token("abc")"#);
        assert_eq!(of(&[key]).unwrap(), r#"Key("k")"#);
        assert_eq!(
            of(&[("authorization", "Basic abc"), key]).unwrap(),
            r#"Key("k")"#
        );
        assert_eq!(of(&[("authorization", "abc")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn each_configured_key_is_known_and_no_other() {
        let keys = Sources::default().with("auth.api_keys", "first-key,second-key");
        let auth = load(&keys).unwrap().auth.now();
        assert!(is_known(&auth, "first-key") && is_known(&auth, "second-key"));
        for other in ["", "first-ke", "first-key,second-key"] {
            assert!(!is_known(&auth, other), "{other:?} was taken");
        }
        let none = load(&Sources::default()).unwrap().auth.now();
        assert!(!is_known(&none, ""));
    }
}
