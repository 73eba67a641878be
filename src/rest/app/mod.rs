//! `/api`: what apps ask for their people.

mod calls;
mod inbox;
mod me;
mod otomo;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::auth;

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/api")
        .service(at("/me").get(me::show))
        .service(at("/logout").post(me::log_out))
        .service(at("/otomo").get(otomo::list))
        // Before `{id}`, which would take it for somebody.
        .service(at("/otomo/status").put(otomo::choose))
        .service(at("/otomo/{id}").get(otomo::show))
        .service(at("/calls").get(calls::list))
        .service(at("/calls/{id}").get(calls::show))
        .service(at("/calls/{id}/ring").get(calls::ring))
        .service(at("/ice-servers").get(calls::ice_servers))
        .service(at("/inbox").get(inbox::read))
        .wrap(from_fn(auth::people))
}
