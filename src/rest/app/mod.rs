//! `/api`: what apps ask for their people.

mod calls;
mod conversations;
mod friends;
mod inbox;
mod me;
mod messages;
mod otomo;
mod points;
mod users;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::{auth, read};

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/api")
        .service(at("/me").route(read().to(me::show)))
        .service(at("/logout").post(me::log_out))
        .service(at("/otomo").route(read().to(otomo::list)))
        // Before `{id}`, which would take it for somebody.
        .service(at("/otomo/status").put(otomo::choose))
        .service(at("/otomo/{id}").route(read().to(otomo::show)))
        .service(at("/calls").route(read().to(calls::list)))
        .service(at("/calls/{id}").route(read().to(calls::show)))
        .service(at("/calls/{id}/ring").route(read().to(calls::ring)))
        .service(
            at("/conversations")
                .route(read().to(conversations::list))
                .post(conversations::begin),
        )
        .service(at("/conversations/{id}").route(read().to(conversations::show)))
        .service(
            at("/conversations/{id}/members/{user}")
                .put(conversations::add)
                .delete(conversations::remove),
        )
        .service(
            at("/conversations/{id}/messages")
                .route(read().to(messages::list))
                .post(messages::send),
        )
        .service(at("/conversations/{id}/read").post(messages::read))
        .service(at("/conversations/{id}/typing").post(messages::typing))
        .service(at("/friends").route(read().to(friends::list)))
        // Before `{id}`, which would take it for somebody.
        .service(at("/friends/online-status").route(read().to(friends::online_status)))
        .service(
            at("/friends/{id}")
                .put(friends::ask)
                .delete(friends::remove),
        )
        .service(at("/users/{id}/status").route(read().to(users::status)))
        .service(at("/ice-servers").route(read().to(calls::ice_servers)))
        .service(at("/points").route(read().to(points::show)))
        .service(at("/points/transactions").route(read().to(points::transactions)))
        .service(at("/inbox").route(read().to(inbox::read)))
        .wrap(from_fn(auth::people))
}
