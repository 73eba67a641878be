//! A call as a row: what is written is what is read, and only who has the version writes.

use std::{num::NonZeroU32, time::Duration};

use otomo::{
    calls::{
        records::{self, Saved, history},
        rules::{
            call::{Accepted, Call, Connection, Lost, Method, Phase, Ring, Setup, Talk},
            ending::{By, Cancellation, End, Ended, Hangup, Rejection},
            meter::Tariff,
        },
    },
    kernel::{
        ids::CallId,
        time::{Clock, Timestamp},
    },
    store::{self, StoreError, Tx},
};

use crate::fixture::{Fixture, Server, user};

const NOW: Timestamp = Timestamp::from_millis(1_706_604_120_123);

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

/// Where no time passes: nothing falls due while it is written and read.
fn at_once() -> Fixture {
    Fixture::new(&[]).by(&Clock::manual(NOW))
}

fn call(phase: Phase) -> Call {
    Call {
        id: CallId::new(),
        caller: user("taro"),
        caller_device: "taro-1".parse().unwrap(),
        otomo: user("hana"),
        requested_at: NOW,
        tariff: Some(Tariff {
            price: NonZeroU32::MAX,
            minute: Duration::from_millis(1_234),
        }),
        version: 1,
        phase,
    }
}

/// Who may be lost: nobody, either, both.
fn losses() -> Vec<Lost> {
    let until = [None, Some(at(5))];
    let both = until
        .iter()
        .flat_map(|caller| until.iter().map(move |otomo| (*caller, *otomo)));
    both.map(|(caller, otomo)| Lost { caller, otomo }).collect()
}

fn accepted() -> Accepted {
    Accepted {
        device: "hana-1".parse().unwrap(),
        at: at(1),
    }
}

fn live_phases() -> Vec<Phase> {
    let mut phases = Vec::new();
    for lost in losses() {
        let ring = Ring {
            deadline: at(30),
            lost,
        };
        phases.push(Phase::Requesting(ring.clone()));
        phases.push(Phase::Ringing(ring));
        for media_lost_until in [None, Some(at(7))] {
            let talk = Talk {
                accepted: accepted(),
                lost,
                media_lost_until,
                unseen_since: media_lost_until.map(|at| at - Duration::from_millis(1)),
            };
            for method in Method::ALL {
                let connection = Connection {
                    at: at(3),
                    method: *method,
                    charges: 7,
                };
                phases.push(Phase::Connected {
                    talk: talk.clone(),
                    connection,
                });
            }
            for caller_reported in [false, true] {
                phases.push(Phase::Connecting {
                    talk: talk.clone(),
                    setup: Setup {
                        deadline: at(20),
                        caller_reported,
                        otomo_reported: !caller_reported,
                    },
                });
            }
        }
    }
    phases
}

fn ends(into: CallId) -> Vec<End> {
    let connections = [None, Some(Method::PeerReport), Some(Method::SfuRtpDetected)];
    let hung_up = connections.into_iter().flat_map(|method| {
        let connection = method.map(|method| Connection {
            at: at(3),
            method,
            charges: u32::MAX,
        });
        Hangup::ALL.iter().map(move |reason| End::HungUp {
            accepted: accepted(),
            connection,
            reason: *reason,
        })
    });
    let rejected = Rejection::ALL.iter().copied().map(End::Rejected);
    let cancelled = Cancellation::ALL.iter().copied().map(End::Cancelled);
    rejected
        .chain(cancelled)
        .chain([End::Missed, End::Joined { into }])
        .chain(hung_up)
        .collect()
}

async fn inserts(server: &Server, call: &Call) {
    let stored = call.clone();
    let inserted: Result<(), StoreError> = server
        .store
        .write(move |tx| records::insert(tx, &stored))
        .await;
    inserted.unwrap();
}

async fn updates(server: &Server, call: &Call) -> Saved {
    let stored = call.clone();
    let updated: Result<_, StoreError> = server
        .store
        .write(move |tx| records::update(tx, &stored))
        .await;
    updated.unwrap()
}

#[actix_rt::test]
async fn a_call_that_is_read_is_the_call_that_was_written() {
    let fixture = at_once();
    let server = fixture.server().await;
    let first = call(live_phases().remove(0));
    inserts(&server, &first).await;
    let mut written = Vec::new();
    for phase in live_phases() {
        written.push(call(phase));
    }
    for (number, end) in ends(first.id).into_iter().enumerate() {
        let ended = Ended {
            at: at(9),
            by: By::ALL[number % By::ALL.len()],
            end,
        };
        written.push(call(Phase::Ended(ended)));
    }
    for call in &written {
        inserts(&server, call).await;
        assert_eq!(server.call(call.id).await, *call);
    }
    // The same through an update: nothing of the row before is left.
    let mut current = first;
    for call in written {
        current = Call {
            version: current.version + 1,
            id: current.id,
            ..call
        };
        // A call is not joined into itself.
        if current.end().and_then(End::joined).is_none() {
            assert_eq!(updates(&server, &current).await, Saved::Updated);
            assert_eq!(server.call(current.id).await, current);
        } else {
            current.version -= 1;
        }
    }
}

#[actix_rt::test]
async fn only_who_has_the_version_changes_a_call() {
    let fixture = at_once();
    let server = fixture.server().await;
    let phases = live_phases();
    let first = call(phases[0].clone());
    assert_eq!(
        updates(
            &server,
            &Call {
                version: 2,
                ..first.clone()
            }
        )
        .await,
        Saved::Missing
    );
    inserts(&server, &first).await;
    let second = Call {
        version: 2,
        phase: phases[1].clone(),
        ..first.clone()
    };
    assert_eq!(updates(&server, &second).await, Saved::Updated);
    assert_eq!(updates(&server, &second).await, Saved::Stale);
    assert_eq!(
        updates(
            &server,
            &Call {
                version: 4,
                ..second.clone()
            }
        )
        .await,
        Saved::Stale
    );
    assert_eq!(server.call(first.id).await, second);
}

#[actix_rt::test]
async fn nobody_is_in_two_live_calls() {
    let fixture = at_once();
    let server = fixture.server().await;
    let phases = live_phases();
    let (first, second) = (call(phases[0].clone()), call(phases[0].clone()));
    for call in [&first, &second] {
        inserts(&server, call).await;
    }
    let reserve = async |call: &Call| -> Result<(), StoreError> {
        let call = call.clone();
        let reserved = server.store.write(move |tx| records::reserve(tx, &call));
        reserved.await
    };
    reserve(&first).await.unwrap();
    let refused = reserve(&second).await.unwrap_err();
    assert!(
        refused.is_conflict_on("live_participants.user_id"),
        "{refused:?}"
    );
    assert_eq!(server.taken().await, 2);
}

/// The fault: every look of every node at the calls of the others failed for as long as it was among the latest.
#[actix_rt::test]
async fn a_call_that_is_over_and_cannot_be_read_hides_no_other() {
    let fixture = at_once();
    let server = fixture.server().await;
    let over = || {
        let end = End::Missed;
        let by = By::System;
        call(Phase::Ended(Ended { at: at(9), by, end }))
    };
    let (sound, broken) = (over(), over());
    for call in [&sound, &broken] {
        inserts(&server, call).await;
    }
    let id = broken.id.to_string();
    let breaks = move |tx: &mut Tx<'_>| {
        let change = "UPDATE calls SET ended_by = 'mood' WHERE id = $1";
        store::repair::execute(tx, change, &[&id])
    };
    let changed: Result<usize, StoreError> = server.store.write(breaks).await;
    assert_eq!(changed.unwrap(), 1);
    let read = server
        .store
        .read(|conn| history::over_since(conn, NOW, NOW));
    let read: Result<Vec<Call>, StoreError> = read.await;
    assert_eq!(read.unwrap(), std::slice::from_ref(&sound));
    let both = [broken.id, sound.id];
    let read = server
        .store
        .read(move |conn| records::find_many(conn, &both));
    assert_eq!(read.await.unwrap(), [sound]);
}
