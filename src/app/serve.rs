//! What every worker thread serves: HTTP, and the clients that are taken over from it.

use std::{
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
};

use actix_http::{Extensions, HttpService, TlsAcceptorConfig};
use actix_rt::net::TcpStream;
use actix_server::Server;
use actix_service::map_config;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::AppConfig, middleware::from_fn, web::ServiceConfig};

use super::{
    StartFault,
    listen::{self, Certificates},
};
use crate::{
    actions::Actions,
    delivery::{lines::Lines, outbox},
    kernel::config::Config,
    rest::{self, Shared},
    session::{arrivals::Arrivals, env::Env},
    transport::{
        connection,
        idle::{Patience, between_requests},
        peers::{Courier, Peers},
        socketio::{self, Sids},
        sse, upgrade,
    },
};

/// The fewest HTTP connections that a worker may have at a time. Each session begins as one, and operators come by HTTP.
const HTTP_CONNECTIONS_MIN: usize = 64;

/// How long a node that stops waits for HTTP requests that are being answered, in seconds. A connection that is only kept open
/// for the next request is waited for as well, so this is how much longer a restart takes while somebody has a page open.
const HTTP_SHUTDOWN: u64 = 2;

/// HTTP on the calling worker thread; WebSockets are taken out of it at the upgrade. A macro, because the stream
/// under it (TCP, TLS) is in the type of every part of it, and a function would have to name them all.
macro_rules! http {
    ($shared:ident, $sids:ident, $peers:ident, $remember:expr) => {{
        let (env, gate) = (worker(&$shared), Arc::clone(&$shared.gate));
        let courier = $peers.as_ref().map(|peers| Rc::new(Courier::new(peers)));
        let streams = sse::routes(Rc::clone(&env), Arc::clone(&gate), courier.clone());
        let sids = Arc::clone(&$sids);
        let polls = socketio::routes(Rc::clone(&env), Arc::clone(&gate), sids, courier);
        let transports = |routes: &mut ServiceConfig| {
            streams(routes);
            polls(routes);
            upgrade::routes(routes);
        };
        HttpService::build()
            .on_connect_ext($remember)
            .keep_alive($shared.config.server.keep_alive)
            .client_request_timeout($shared.config.server.handshake_timeout)
            .h1_allow_half_closed(false)
            .upgrade(upgrade::service(env, gate, Arc::clone(&$sids)))
            .finish(map_config(
                rest::app(&$shared, transports).wrap(from_fn(between_requests)),
                |()| AppConfig::default(),
            ))
    }};
}

/// Makes the service of every worker.
pub(super) fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    certificates: Option<&Arc<Certificates>>,
) -> Result<(SocketAddr, Server), StartFault> {
    let config = &shared.config.server;
    let address = listener.local_addr().map_err(|cause| StartFault::Listen {
        address: config.listen,
        cause,
    })?;
    let builder = Server::build()
        .workers(config.workers)
        // Taken-over connections are not its own: it would stop a worker that looks idle.
        .disable_signals()
        .max_concurrent_connections(http_connections(&shared.config))
        .shutdown_timeout(HTTP_SHUTDOWN);
    let shared = Arc::clone(shared);
    let sids = Arc::<Sids>::default();
    let peers = peers(&shared);
    let listening = match certificates.map(listen::tls) {
        None => builder.listen("otomo", listener, move || {
            let patience = patience(&shared.config);
            let remember = move |tcp: &TcpStream, data: &mut Extensions| {
                connection::remember(tcp, patience, data);
            };
            http!(shared, sids, peers, remember).tcp()
        }),
        Some(tls) => builder.listen("otomo", listener, move || {
            let timeout = shared.config.server.handshake_timeout;
            let acceptor = TlsAcceptorConfig::default().handshake_timeout(timeout);
            let patience = patience(&shared.config);
            let remember = move |tls: &TlsStream<TcpStream>, data: &mut Extensions| {
                connection::remember(tls.get_ref().0, patience, data);
            };
            http!(shared, sids, peers, remember).rustls_0_23_with_config(tls.clone(), acceptor)
        }),
    };
    let server = listening
        .map_err(|cause| StartFault::Listen { address, cause })?
        .run();
    Ok((address, server))
}

/// How long a connection may be idle: until its next request begins, and for the head of that; and while it is answered.
fn patience(config: &Config) -> Patience {
    Patience {
        quiet: config.server.keep_alive + config.server.handshake_timeout,
        deaf: config.outbox.write_timeout,
    }
}

/// The other nodes, as far as their clients' requests come here.
fn peers(shared: &Shared) -> Option<Arc<Peers>> {
    let (config, now) = (&shared.config.cluster, shared.store.now());
    let (nodes, metrics) = (shared.membership.nodes(), Arc::clone(&shared.metrics));
    Peers::new(config, nodes, metrics, now)
}

/// The HTTP connections of one worker: all of them together may be as many as there may be sessions at the start. Further ones
/// wait to be accepted until one has ended.
fn http_connections(config: &Config) -> usize {
    let most = config.limits.now().connections.map_or(usize::MAX, |most| {
        (most.get() as usize).div_ceil(config.server.workers)
    });
    most.max(HTTP_CONNECTIONS_MIN)
}

/// Starts delivery on the calling worker thread, and what its sessions share.
pub(super) fn worker(shared: &Shared) -> Rc<Env> {
    let config = &shared.config;
    let limits = outbox::Limits {
        soft: config.outbox.soft_limit,
        hard: config.outbox.hard_limit,
    };
    Rc::new(Env {
        config: Arc::clone(config),
        node: shared.node.clone(),
        verifier: Arc::clone(&shared.verifier),
        store: shared.store.clone(),
        arrivals: Arrivals::new(&shared.store, &shared.calls),
        lines: lines(shared),
        dispatch: shared.dispatch.clone(),
        people: shared.people.clone(),
        presence: shared.presence.clone(),
        calls: shared.calls.clone(),
        chat: shared.chat.clone(),
        friends: shared.friends.clone(),
        rooms: shared.rooms.clone(),
        actions: Actions::new(&shared.webhook),
        metrics: Arc::clone(&shared.metrics),
        outbox: Rc::new(limits),
    })
}

fn lines(shared: &Shared) -> Rc<Lines> {
    shared.dispatch.start_worker().unwrap_or_else(|| {
        // A worker thread has died and is to be replaced, before `housekeeping` has seen it: a service that serves nobody
        // must not take its place.
        log::error!("a worker thread has died: the process ends so that it can be started again");
        std::process::abort()
    })
}
