//! How a client says who it is, wherever it asks: in the words of both documents, OpenAPI's and AsyncAPI's, each of which has
//! its own form for it and lists beside these what it alone knows.

/// `Authorization: Bearer`.
pub const BEARER: &str = "`Authorization: Bearer <jwt>`: a JSON Web Token of the app. Claims: `sub` (who), `exp`, `role` (`user`, \
                          `otomo`, `admin`, `service`); optional `name`, `avatar`, `rooms`, `iss`, `aud`.";

/// The parameter of the query that may carry the token, and the cookie by the name that it mostly has.
pub const TOKEN: &str = "token";

/// The token in the query.
pub const IN_QUERY: &str =
    "`?token=<jwt>`: the same token, for an `EventSource`, which can send no headers.";

/// The token in a cookie.
pub const IN_COOKIE: &str = "The same token, in the app's own cookie, where it is on the same site as the server. Its name is the \
                             setting `auth.cookie`; without one cookies are not read.";
