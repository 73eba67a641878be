//! A node that dies between storing and speaking: whoever sweeps next says it.

use diesel::prelude::*;
use otomo::{
    calls::{
        ClientCommand, records,
        rules::{
            call::{Call, Device},
            command::{Ask, Command, Decline},
            effect::Durable,
            meter::Moment,
            policy::Policy,
            step::advance,
        },
    },
    kernel::ids::CallId,
    store::{StoreError, run, sql::schema::calls},
};

use crate::{
    calling::{accept, ring, talk},
    fixture::{Fixture, Server},
    phone::types,
    waiting::eventually,
};

/// Does what a node does with a command, up to the commit. Then it is dead.
async fn stores_and_dies(server: &Server, call: CallId, command: Command) -> Call {
    let policy = Policy::from(&server.config.calls);
    let stored: Result<Call, StoreError> = server
        .store
        .write(move |tx| {
            let call = records::find(tx, call)?.unwrap();
            let moment = Moment {
                now: tx.now(),
                balance: 0,
            };
            let step = advance(&call, &command, moment, &policy).outcome.unwrap();
            for durable in &step.durable {
                match durable {
                    Durable::Persist(event, by) => {
                        records::update(tx, &step.next)?;
                        records::timeline::append(tx, &step.next, *event, *by)?;
                    }
                    Durable::Release => records::release(tx, step.next.id)?,
                    _ => {}
                }
            }
            Ok(step.next)
        })
        .await;
    stored.unwrap()
}

fn asked(device: &str, ask: Ask) -> Command {
    let (user, _) = device.split_once('-').unwrap();
    let device = Device {
        user: user.parse().unwrap(),
        id: device.parse().unwrap(),
    };
    Command::Asked(device, ask)
}

async fn spoken(server: &Server, call: CallId) -> i64 {
    let spoken: Result<_, StoreError> = server
        .store
        .read(move |conn| {
            run!(conn, |c| calls::table
                .find(call.to_string())
                .select(calls::spoken_version)
                .first(c))
        })
        .await;
    spoken.unwrap()
}

/// Waits until that version has been told.
async fn until_spoken(server: &Server, call: CallId, version: i64) {
    eventually("it is told", async || spoken(server, call).await == version).await;
}

#[actix_rt::test]
async fn what_was_said_is_noted() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    until_spoken(&server, call, 5).await;
    taro.asks(ClientCommand::End(call));
    taro.hears_until("call_end").await;
    server.calls.stop().await;
    assert_eq!(
        spoken(&server, call).await,
        6,
        "a server that stops leaves nothing to repeat"
    );
}

#[actix_rt::test]
async fn an_accept_that_nobody_was_told_of_is_told() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    until_spoken(&server, call, 2).await;
    stores_and_dies(&server, call, asked("hana-1", Ask::Accept)).await;
    taro.hears(&["call_accepted", "signaling_start"]).await;
    hana.hears(&["signaling_start"]).await;
    until_spoken(&server, call, 3).await;
}

#[actix_rt::test]
async fn an_end_that_nobody_was_told_of_is_told_after_the_restart() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    until_spoken(&server, call, 2).await;
    let reject = Ask::Reject(Decline::Away);
    let ended = stores_and_dies(&server, call, asked("hana-1", reject)).await;
    server.dies().await;

    let server = fixture.server().await;
    let mut taro = server.connect("taro-1").await;
    let told = taro.hears(&["call_rejected"]).await;
    assert_eq!(
        (&told["callId"], &told["reason"]),
        (&call.to_string().into(), &"away".into())
    );
    assert_eq!(
        server.call(call).await,
        ended,
        "a terminal record never changes"
    );
    until_spoken(&server, call, 3).await;
}

#[actix_rt::test]
async fn what_comes_after_does_not_hide_what_was_left_unsaid() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    until_spoken(&server, call, 2).await;
    stores_and_dies(&server, call, asked("hana-1", Ask::Accept)).await;
    taro.asks(ClientCommand::Connected(call));
    eventually("the report is stored", async || {
        server.call(call).await.version == 4
    })
    .await;
    taro.hears(&["call_accepted", "signaling_start"]).await;
    until_spoken(&server, call, 4).await;
}

#[actix_rt::test]
async fn after_a_restart_who_is_back_in_time_hears_what_the_dead_node_had_stored() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = accept(&mut taro, &mut hana).await;
    until_spoken(&server, call, 3).await;
    for device in ["taro-1", "hana-1"] {
        stores_and_dies(&server, call, asked(device, Ask::Connected)).await;
    }
    server.dies().await;

    let server = fixture.server().await;
    let mut taro = server.connect("taro-1").await;
    let mut hana = server.connect("hana-1").await;
    let heard = taro.hears_until("call_connected").await;
    assert!(
        types(&heard).contains(&"call_peer_reconnecting"),
        "{heard:?}"
    );
    hana.hears_until("call_connected").await;
    let returned = async || server.call(call).await.lost().caller.is_none();
    eventually("the caller is back", returned).await;
}
