//! `/api/server`: what backends of the app tell the server.

mod calls;
mod users;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::auth;

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/api/server")
        .service(at("/users/{id}").put(users::put))
        .service(at("/users/{id}/disconnect").post(users::disconnect))
        .service(at("/calls/{id}/media").post(calls::media))
        .wrap(from_fn(auth::backends))
}
