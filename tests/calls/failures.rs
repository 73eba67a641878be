//! A store that fails: the asker is told, nobody else, and what has happened is not forgotten.

use otomo::calls::{CallsFault, ClientCommand};

use crate::{
    calling::{ring, talk},
    fixture::{Fixture, passed},
    waiting::eventually,
};

/// No call can be changed any more, and then again.
const BREAK: &str = "ALTER TABLE call_events RENAME TO call_events_away";
const MEND: &str = "ALTER TABLE call_events_away RENAME TO call_events";

#[actix_rt::test]
async fn who_asks_a_store_that_is_away_is_told_so_and_nobody_else() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    server.store.close().await;
    hana.asks(ClientCommand::Accept(call));
    let error = hana.hears(&["error"]).await;
    assert_eq!(
        (&error["code"], &error["context"]["callId"]),
        (&"UNAVAILABLE".into(), &call.to_string().into())
    );
    let ended = server.calls.admin_end(call).await;
    assert!(matches!(ended, Err(CallsFault::Store(_))));
    assert!(taro.heard().is_empty());
}

#[actix_rt::test]
async fn a_lane_goes_on_after_a_failure() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    eventually("it is stored that it rang", async || {
        server.call(call).await.version == 2
    })
    .await;
    fixture.meddle(BREAK);
    hana.asks(ClientCommand::Accept(call));
    assert_eq!(hana.hears(&["error"]).await["code"], "INTERNAL_ERROR");
    fixture.meddle(MEND);
    hana.asks(ClientCommand::Accept(call));
    taro.hears_until("signaling_start").await;
    assert_eq!(server.taken().await, 2);
}

#[actix_rt::test]
async fn a_loss_that_could_not_be_stored_is_stored_later() {
    let fixture = Fixture::new(&[("calls.loss_grace", "100ms")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    fixture.meddle(BREAK);
    server.disconnect(taro);
    // Who asks for something behind it is not left waiting.
    hana.asks(ClientCommand::End(call));
    hana.hears(&["error"]).await;
    fixture.meddle(MEND);
    hana.hears(&["call_peer_reconnecting", "call_end"]).await;
    assert_eq!(server.end(call).await, "completed, disconnect");
}

#[actix_rt::test]
async fn a_deadline_that_could_not_be_stored_is_swept() {
    let fixture = Fixture::new(&[("calls.ring_timeout", "1s")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    eventually("it is stored that it rang", async || {
        server.call(call).await.version == 2
    })
    .await;
    fixture.meddle(BREAK);
    passed(server.call(call).await.requested_at + server.config.calls.ring_timeout).await;
    assert!(server.call(call).await.is_live());
    fixture.meddle(MEND);
    taro.hears(&["call_rejected"]).await;
    hana.hears(&["call_cancelled", "call_missed"]).await;
    assert_eq!(server.end(call).await, "missed, timeout");
}
