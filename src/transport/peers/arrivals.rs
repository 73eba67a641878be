//! Where errands of other nodes come in. Nothing of them is looked at before the signature is right, and the body is not even
//! read.

use std::sync::PoisonError;

use actix_http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use bytes::Bytes;

use super::{
    Courier, Peers,
    errand::{Errand, NotOurs, digest},
};
use crate::{
    kernel::time::Timestamp,
    protocol::{error_code::ErrorCode, fault::Fault},
    transport::refusal::Refusal,
};

/// Says that an answer is that of the session's node, and not of something on the way to it.
pub(super) const ANSWERED_BY: HeaderName = HeaderName::from_static("x-otomo-node");

/// An errand of another node, signed and not seen before.
pub(in crate::transport) struct Arrived {
    /// What the client sent.
    pub(in crate::transport) body: Bytes,
}

impl Courier {
    /// Takes an errand in. `limit` is how many bytes its body may have.
    pub(in crate::transport) async fn take_in(
        &self,
        request: &HttpRequest,
        body: Payload,
        limit: usize,
        now: Timestamp,
    ) -> Result<Arrived, HttpResponse> {
        let peers = &*self.peers;
        let errand = peers
            .believed(request, now)
            .map_err(|why| refuse(request, why))?;
        let malformed = || refuse(request, NotOurs::Malformed);
        let body = body.to_bytes_limited(limit).await;
        let body = body.map_err(|_exceeded| malformed())?;
        let body = body.map_err(|_unread| malformed())?;
        if digest(&body) != errand.digest {
            return Err(refuse(request, NotOurs::Altered));
        }
        let (from, client) = (&errand.from, &errand.client);
        log::trace!(
            "request taken in node={from} client={client} errand={}",
            errand.id
        );
        Ok(Arrived { body })
    }

    /// The answer to an errand.
    pub(in crate::transport) fn answer(&self, mut answer: HttpResponse) -> HttpResponse {
        // A node's name has no characters that a header could not.
        if let Ok(node) = HeaderValue::from_str(self.peers.node.as_str()) {
            answer.headers_mut().insert(ANSWERED_BY, node);
        }
        answer
    }
}

impl Peers {
    fn believed(&self, request: &HttpRequest, now: Timestamp) -> Result<Errand, NotOurs> {
        let target = request.uri().path_and_query();
        let target = target.ok_or(NotOurs::Malformed)?.as_str();
        let (head, secret) = (request.head(), &self.secret);
        let errand = Errand::read(&head.headers, &head.method, target, secret, &self.node, now)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.is_new(errand.id, now) {
            true => Ok(errand),
            false => Err(NotOurs::Repeated),
        }
    }
}

/// Strangers are not told what was wrong.
fn refuse(request: &HttpRequest, why: NotOurs) -> HttpResponse {
    let address = request.peer_addr().map(|address| address.ip());
    log::debug!("request in the name of a node refused address={address:?} cause={why}");
    Refusal::from(Fault::new(ErrorCode::Forbidden, "this is for nodes alone")).into()
}
