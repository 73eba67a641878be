//! `/admin/api`: what admins see and correct. Every correction is audited ([`audited`]).

mod audit;
pub(super) mod audited;
mod calls;
mod drain;
mod otomo;
mod overview;
mod sessions;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::auth;

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/admin/api")
        .service(at("/overview").get(overview::show))
        .service(at("/otomo").get(otomo::list))
        .service(at("/otomo/{id}/why").get(otomo::why))
        .service(at("/otomo/{id}/status").post(otomo::force))
        .service(at("/otomo/{id}/free").post(otomo::free))
        .service(at("/calls").get(calls::list))
        .service(at("/calls/{id}/timeline").get(calls::timeline))
        .service(at("/calls/{id}/end").post(calls::end))
        .service(at("/sessions").get(sessions::list))
        .service(at("/sessions/{id}/disconnect").post(sessions::disconnect))
        .service(at("/drain").post(drain::begin))
        .service(at("/audit").get(audit::list))
        .wrap(from_fn(auth::admins))
}
