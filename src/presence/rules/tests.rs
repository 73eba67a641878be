//! The rules one by one, and the golden table of all facts.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use super::*;
use crate::{
    delivery::leave::{Graces, Leave},
    kernel::{ids::SessionId, time::Timestamp},
};

pub(super) const POLICY: Policy = Policy {
    busy_while_ringing: false,
    missed_limit: 3,
    graces: Graces {
        reload: Duration::from_secs(3),
        leave: Duration::from_secs(15),
    },
    restart_grace: Duration::from_secs(15),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn lease(device: &str, expires_at: Timestamp) -> Lease {
    Lease {
        session: SessionId::new(),
        device: device.parse().unwrap(),
        node: "node-1".parse().unwrap(),
        expires_at,
        leaving: false,
    }
}

fn standing(status: Status) -> Standing {
    let mut standing = Standing::new("otomo-1".parse().unwrap(), at(0));
    standing.published.status = status;
    standing
}

/// Goal: a change of rule shows in review as a changed line. Method: every connected x chosen x call, with
/// and without `calls.busy_while_ringing`, written down and compared; `UPDATE_GOLDEN=1` writes anew.
#[test]
fn the_table_of_facts_is_the_golden_one() {
    let calls = std::iter::once(None).chain(LiveCall::ALL.iter().copied().map(Some));
    let mut table =
        String::from("connected  chosen  call        ->  status   if a ring shows  cause\n");
    for connected in [true, false] {
        for chosen in Chosen::ALL {
            for call in calls.clone() {
                let readiness = Readiness::NEW
                    .choose(*chosen, None, Chooser::Own, at(0))
                    .unwrap();
                let facts = Facts {
                    connected,
                    readiness,
                    call,
                };
                let decision = decide(&facts, &POLICY);
                let shown = Policy {
                    busy_while_ringing: true,
                    ..POLICY
                };
                assert!(invariants::the_cause_explains_the_status(&decision));
                assert!(invariants::busy_means_in_call(&facts, &decision, &POLICY));
                writeln!(
                    table,
                    "{:<9}  {chosen:<6}  {:<10}  ->  {:<7}  {:<15}  {}",
                    if connected { "yes" } else { "no" },
                    call.map_or("none", LiveCall::as_str),
                    decision.status.as_str(),
                    decide(&facts, &shown).status.as_str(),
                    decision.cause.as_str(),
                )
                .unwrap();
            }
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/presence_table.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &table).unwrap();
    }
    assert_eq!(table, fs::read_to_string(golden).unwrap());
}

#[test]
fn logging_in_means_ready_and_returning_within_a_grace_does_not() {
    let on_break = Readiness::NEW
        .choose(Chosen::Break, None, Chooser::Own, at(0))
        .unwrap();
    for status in Status::ALL {
        let before = Standing {
            readiness: on_break,
            ..standing(*status)
        };
        let expected = match status {
            Status::Offline => Readiness::NEW,
            Status::Online | Status::Busy | Status::Break => on_break,
        };
        assert_eq!(before.arrived().readiness, expected, "after {status}");
    }
}

#[test]
fn a_break_with_an_end_ends_there() {
    let choose = |chosen, until| Readiness::NEW.choose(chosen, until, Chooser::Own, at(10));
    let on_break = choose(Chosen::Break, Some(at(60))).unwrap();
    assert_eq!(on_break.lapse(at(59)), on_break);
    let ready = on_break.lapse(at(60));
    assert_eq!(
        (ready.chosen, ready.cause, ready.until),
        (Chosen::Online, ChosenCause::Elapsed, None)
    );
    assert_eq!(choose(Chosen::Break, Some(at(10))), Err(PastUntil));
    assert_eq!(
        choose(Chosen::Online, Some(at(5))).unwrap().until,
        None,
        "online has no end"
    );
}

#[test]
fn the_limit_counts_missed_rings_in_a_row() {
    let twice = Readiness::NEW.missed(&POLICY).missed(&POLICY);
    assert_eq!((twice.chosen, twice.missed), (Chosen::Online, 2));
    assert_eq!(twice.answered().missed, 0);
    let limit = twice.login().missed(&POLICY);
    assert_eq!(
        (limit.chosen, limit.cause, limit.missed),
        (Chosen::Break, ChosenCause::MissedCalls, 0)
    );
    let own = twice
        .choose(Chosen::Break, Some(at(60)), Chooser::Own, at(0))
        .unwrap();
    assert_eq!(own.missed(&POLICY), Readiness { missed: 0, ..own });
    let unlimited = Policy {
        missed_limit: 0,
        ..POLICY
    };
    assert_eq!(twice.missed(&unlimited).chosen, Chosen::Online);
}

#[test]
fn how_a_session_left_decides_how_long_it_counts() {
    for leave in Leave::ALL {
        let until = lease("phone", at(30))
            .left(leave, &[], &POLICY, at(10))
            .map(|it| it.expires_at);
        let expected = match leave {
            Leave::Clean => None,
            Leave::Reload => Some(at(13)),
            Leave::Broken | Leave::ServerClosed(_) => Some(at(25)),
        };
        assert_eq!(until, expected, "{leave:?}");
    }
}

#[test]
fn a_device_that_is_still_connected_needs_no_grace() {
    let (old, new) = (lease("phone", at(30)), lease("phone", at(30)));
    let other = lease("tablet", at(30));
    let leave = |others: &[Lease]| old.clone().left(Leave::Broken, others, &POLICY, at(10));
    assert_eq!(leave(&[old.clone(), new]), None);
    assert!(leave(&[old.clone(), other]).is_some());
    assert!(
        leave(&[lease("phone", at(9))]).is_some(),
        "one that ran out keeps nobody"
    );
}

#[test]
fn a_device_that_returns_ends_its_own_grace_alone() {
    let gone = |device| {
        lease(device, at(30))
            .left(Leave::Broken, &[], &POLICY, at(10))
            .unwrap()
    };
    let back = lease("phone", at(30));
    assert!(gone("phone").gives_way_to(&back));
    assert!(!gone("tablet").gives_way_to(&back));
    assert!(
        !lease("phone", at(30)).gives_way_to(&back),
        "two tabs are two sessions"
    );
    assert!(back.gives_way_to(&back));
}

#[test]
fn after_a_restart_statuses_are_held() {
    let ran_out = lease("phone", at(10));
    let held = ran_out.held(&POLICY, at(1_000));
    let online = standing(Status::Online);
    let early = settle(
        online.clone(),
        std::slice::from_ref(&held),
        None,
        &POLICY,
        at(1_014),
    );
    assert_eq!(early.change, None);
    let late = settle(online, &[held], None, &POLICY, at(1_015));
    assert_eq!(late.change.unwrap().status, Status::Offline);
}

#[test]
fn a_change_is_told_once_with_the_next_version() {
    let leases = [lease("phone", at(30))];
    let first = settle(
        standing(Status::Offline).arrived(),
        &leases,
        None,
        &POLICY,
        at(10),
    );
    let change = first.change.unwrap();
    assert_eq!((change.status, change.version), (Status::Online, 1));
    assert_eq!(
        (change.at, change.cause),
        (at(10), Cause::Chosen(ChosenCause::Login))
    );
    let second = settle(first.standing.clone(), &leases, None, &POLICY, at(11));
    assert_eq!(
        second,
        Settled {
            standing: first.standing,
            change: None,
            facts: first.facts,
        }
    );
}

#[test]
fn an_admin_can_give_every_status_but_busy() {
    for status in Status::ALL {
        let expected = match status {
            Status::Online => Ok(Forced::Choose(Chosen::Online)),
            Status::Break => Ok(Forced::Choose(Chosen::Break)),
            Status::Offline => Ok(Forced::Offline),
            Status::Busy => Err(Busy),
        };
        assert_eq!(force(*status), expected);
    }
}

#[test]
fn people_see_who_can_be_called_first() {
    let mut list = [
        (Status::Offline, at(9)),
        (Status::Online, at(1)),
        (Status::Break, at(5)),
        (Status::Online, at(2)),
        (Status::Busy, at(3)),
    ];
    list.sort_by_key(|(status, changed_at)| list_order(*status, *changed_at));
    let order: Vec<_> = list
        .iter()
        .map(|(status, changed_at)| (status.as_str(), changed_at.unix_seconds()))
        .collect();
    assert_eq!(
        order,
        [
            ("online", 2),
            ("online", 1),
            ("busy", 3),
            ("break", 5),
            ("offline", 9)
        ]
    );
}

#[test]
fn why_names_every_connection_the_choice_and_the_call() {
    let here = lease("phone", at(30));
    let in_grace = Lease {
        leaving: true,
        ..lease("tablet", at(12))
    };
    let gone = Lease {
        leaving: true,
        ..lease("desk", at(9))
    };
    let call = (crate::kernel::ids::CallId::new(), LiveCall::Connected);
    let leases = vec![here, in_grace, gone];
    let stored = Stored {
        standing: standing(Status::Online),
        leases,
        call: Some(call),
        held: false,
        free_at: at(0),
    };
    let explanation = why(stored, &POLICY, at(10));
    let presences: Vec<_> = explanation
        .connections
        .iter()
        .map(|it| it.presence)
        .collect();
    assert_eq!(
        presences,
        [Presence::Connected, Presence::InGrace, Presence::Expired]
    );
    assert_eq!(
        explanation.published.status,
        Status::Online,
        "as it was told"
    );
    assert_eq!(
        explanation.decision.cause,
        Cause::InCall(LiveCall::Connected)
    );
    assert_eq!(explanation.call_id, Some(call.0));
}

#[test]
fn a_restart_takes_nothing_from_a_grace_that_was_promised_for_longer() {
    let left = lease("phone", at(30));
    let wait = Leave::ServerClosed(std::time::Duration::from_secs(40));
    let leaving = left.left(wait, &[], &POLICY, at(10)).unwrap();
    assert_eq!(
        leaving.expires_at,
        at(65),
        "the wait counts beside the grace"
    );
    assert_eq!(leaving.clone().held(&POLICY, at(20)).expires_at, at(65));
    assert_eq!(leaving.held(&POLICY, at(60)).expires_at, at(75));
}
