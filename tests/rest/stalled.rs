//! Somebody who does not read: what they are told fills what the kernel keeps for them, then their outbox.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::{Client, Json, TestServer, Tunnel, eventually};

/// Bytes of an offer: so large that a few hundred fill all that is on the way, so small that it may be sent.
const OFFER: usize = 60_000;

/// Yuki, an otomo in a call, behind a way on which nothing gets through any more. Dropped, the way is gone, and with it her
/// connection.
pub struct Stalled {
    offer: Json,
    _yuki: Client,
    _way: Tunnel,
}

impl Stalled {
    /// She takes a call, and then reads no more.
    pub async fn in_a_call_of(caller: &mut Client, server: &TestServer) -> Self {
        let way = Tunnel::to(server.address()).await;
        let yuki = server.connecting("yuki", Role::Otomo).through(&way);
        let mut yuki = yuki.ready().await;
        let call = caller.request("yuki").await;
        yuki.accept(call).await;
        caller.expect("signaling_start").await;
        way.block();
        let offer = json!({"type": "offer", "sdp": "x".repeat(OFFER)});
        Self {
            offer: json!({"type": "webrtc_offer", "callId": call, "offer": offer}),
            _yuki: yuki,
            _way: way,
        }
    }

    /// Her caller sends her offers until something holds.
    pub async fn is_flooded_until(
        &self,
        caller: &mut Client,
        what: &str,
        mut holds: impl AsyncFnMut() -> bool,
    ) {
        eventually(what, async || {
            caller.send(self.offer.clone()).await;
            holds().await
        })
        .await;
    }
}
