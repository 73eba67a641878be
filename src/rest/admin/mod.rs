//! `/admin/api`: what admins see and correct. Every correction is audited ([`audited`]).

mod audit;
pub(super) mod audited;
mod calls;
mod drain;
mod nodes;
mod otomo;
mod overview;
mod sessions;
mod users;

use actix_web::{dev::HttpServiceFactory, middleware::from_fn, web};

use super::{auth, read};

pub(super) fn scope() -> impl HttpServiceFactory {
    let at = web::resource::<&str>;
    web::scope("/admin/api")
        .service(at("/overview").route(read().to(overview::show)))
        .service(at("/otomo").route(read().to(otomo::list)))
        .service(at("/otomo/{id}/why").route(read().to(otomo::why)))
        .service(at("/otomo/{id}/status").post(otomo::force))
        .service(at("/otomo/{id}/free").post(otomo::free))
        .service(at("/calls").route(read().to(calls::list)))
        .service(at("/calls/{id}/timeline").route(read().to(calls::timeline)))
        .service(at("/calls/{id}/end").post(calls::end))
        .service(at("/sessions").route(read().to(sessions::list)))
        .service(at("/sessions/{id}/disconnect").post(sessions::disconnect))
        .service(at("/slow").route(read().to(sessions::slow)))
        .service(at("/users/{id}/inbox/resend").post(users::resend))
        .service(at("/nodes").route(read().to(nodes::list)))
        .service(
            at("/drain")
                .route(read().to(drain::show))
                .post(drain::begin),
        )
        .service(at("/audit").route(read().to(audit::list)))
        .wrap(from_fn(auth::admins))
}
