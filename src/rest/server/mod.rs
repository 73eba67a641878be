//! `/api/server`: what backends of the app tell the server.

mod calls;
mod events;
mod points;
mod rooms;
mod users;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::{auth, read};

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/api/server")
        .service(at("/users/{id}").put(users::put))
        .service(at("/users/{id}/disconnect").post(users::disconnect))
        .service(at("/points/{user}/grant").post(points::grant))
        .service(at("/points/{user}/consume").post(points::consume))
        .service(at("/calls/{id}/media").post(calls::media))
        .service(
            web::resource("/events")
                .app_data(web::PayloadConfig::new(events::BATCH_BYTES_MAX))
                .post(events::publish),
        )
        .service(at("/rooms/{room}").route(read().to(rooms::show)))
        .service(
            at("/rooms/{room}/members/{user}")
                .put(rooms::grant)
                .delete(rooms::revoke),
        )
        .wrap(from_fn(auth::backends))
}
