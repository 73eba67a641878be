//! Floor 6: HTTP for apps, backends, admins and operators. Thin: a handler checks what it was sent, asks a room below, and
//! puts the answer into the words of the wire. It never uses `transport`, which serves the same people over sockets.
//!
//! | path | who | room |
//! |---|---|---|
//! | `/api` | people | `app` |
//! | `/api/server` | backends of the app | `server` |
//! | `/admin/api` | admins | `admin` |
//! | `/health`, `/metrics` | operators | `health` |
//! | `/`, `/demo`, `/admin`, `/shared`, `/client` | browsers | `pages` |
//! | `/openapi.json`, `/asyncapi.json`, `/schemas` | who builds clients and backends | `pages` |
//! | `/dev` | the demo page, in development mode only | `dev` |
//!
//! Around all of them: `auth` (who may come in), `error` (the one shape of every refusal), `paging` (lists),
//! `access` (CORS, whose pages may ask at all, and the line in the log), `body` (JSON that is sent), `body_time`
//! (how long it may take), `http_1_0` (answers without chunks), `idempotency` (what makes a repeat known), `tags`
//! (the systems, as OpenAPI groups by them), `to_the_end` (what nobody stops half way by hanging up). What several of
//! them tell of: `call`, `otomo`. `evict`: ending a user's part in everything.

mod access;
mod admin;
mod app;
mod auth;
mod body;
mod body_time;
mod call;
mod dev;
mod error;
mod evict;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod health;
mod http_1_0;
mod idempotency;
mod otomo;
mod pages;
mod paging;
mod server;
mod tags;
mod to_the_end;

use std::sync::Arc;

use actix_web::{
    App, Error, Scope,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};

use self::error::ApiError;
pub use self::health::StoreCheck;
use crate::{
    actions::Webhook,
    calls::Calls,
    chat::Chat,
    cluster::Membership,
    contract::Area,
    delivery::dispatch::Dispatch,
    friends::Friends,
    kernel::{config::Config, ids::NodeId, metrics::Metrics, token::Verifier},
    people::People,
    points::Points,
    presence::Presence,
    rooms::Rooms,
    session::gate::Gate,
    store,
};

/// What handlers work with: one for the whole server.
pub struct Shared {
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// Who may connect, and whether the node drains.
    pub gate: Arc<Gate>,
    /// The settings in force.
    pub config: Arc<Config>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Durable state.
    pub store: store::Handle,
    /// Whether it works, for all who ask.
    pub store_check: StoreCheck,
    /// This server.
    pub node: NodeId,
    /// This server among the others of its database.
    pub membership: Membership,
    /// The way to connected clients.
    pub dispatch: Dispatch,
    /// Who is known.
    pub people: People,
    /// The otomo's statuses.
    pub presence: Presence,
    /// The calls.
    pub calls: Calls,
    /// The chat.
    pub chat: Chat,
    /// Friends, and who is online.
    pub friends: Friends,
    /// The rooms, and what backends publish.
    pub rooms: Rooms,
    /// The points.
    pub points: Points,
    /// The app's backend, for the actions of clients.
    pub webhook: Arc<Webhook>,
}

/// What a handler answers with.
type Answer<T> = Result<web::Json<T>, ApiError>;

/// What is described in the OpenAPI document of what is served here; files, and what only development has, are not.
pub fn areas() -> [Area; 4] {
    [app::area(), server::area(), admin::area(), health::area()]
}

fn scope(area: Area) -> Scope {
    web::scope(area.prefix()).configure(|routes| area.serve(routes))
}

/// The HTTP application of one worker. `streams` adds what is served over HTTP and is no request with an answer.
pub fn app<F: FnOnce(&mut web::ServiceConfig)>(
    shared: &Arc<Shared>,
    streams: F,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<F>,
> {
    let config = &shared.config;
    let development = config.development();
    App::new()
        .app_data(Data::from(Arc::clone(shared)))
        .app_data(
            web::JsonConfig::default()
                .limit(config.limits.now().message_size)
                .error_handler(|error, _| ApiError::from(error).into()),
        )
        .app_data(
            web::QueryConfig::default().error_handler(|error, _| ApiError::from(error).into()),
        )
        .app_data(web::PathConfig::default().error_handler(|error, _| ApiError::from(error).into()))
        // Before `/api`, in which they would lie.
        .configure(streams)
        .service(scope(server::area()).wrap(from_fn(auth::backends)))
        .service(scope(app::area()).wrap(from_fn(auth::people)))
        .service(scope(admin::area()).wrap(from_fn(auth::admins)))
        .configure(|routes| health::area().serve(routes))
        .configure(pages::routes)
        .configure(|routes| {
            if development {
                dev::routes(routes);
            }
        })
        .wrap(from_fn(access::own_host))
        .wrap(access::cors(config))
        .wrap(from_fn(error::in_one_shape))
        .wrap(from_fn(body_time::limit))
        .wrap(from_fn(http_1_0::without_chunks))
        .wrap(from_fn(access::log))
}
