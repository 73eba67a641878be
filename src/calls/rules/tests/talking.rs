//! After the accept: media, signals, loss and return, the end; and what a restart does to a call.

use super::world::{World, seconds, signal};
use crate::calls::rules::{
    call::{Method, PhaseName},
    command::{Ask, Authority, Decline, Happening, Signal},
    ending::By,
    refusal::Refusal,
    speech::restate,
};
use crate::kernel::config::ConnectedBy;

#[test]
fn a_call_is_connected_when_both_have_reported_media() {
    let mut world = World::new();
    let call = world.accepted();
    world.asks("taro-1", call, Ask::Connected).unwrap();
    world.asks("taro-1", call, Ask::Connected).unwrap();
    assert_eq!(world.call(call).phase.name(), PhaseName::Connecting);
    world.asks("hana-1", call, Ask::Connected).unwrap();
    assert_eq!(
        world.call(call).connection().unwrap().method,
        Method::PeerReport
    );
    assert_eq!(world.hears("taro-1"), ["call_connected{peer_report}"]);
    assert_eq!(world.hears("hana-1"), ["call_connected{peer_report}"]);

    world.asks("hana-1", call, Ask::Connected).unwrap();
    assert!(world.hears("taro-1").is_empty());
}

#[test]
fn the_policy_says_whose_word_is_enough_and_the_media_servers_always_is() {
    let after_a_report = [
        (ConnectedBy::Both, PhaseName::Connecting),
        (ConnectedBy::Either, PhaseName::Connected),
        (ConnectedBy::Server, PhaseName::Connecting),
    ];
    for (connected_by, phase) in after_a_report {
        let mut world = World::new();
        world.policy.connected_by = connected_by;
        let call = world.accepted();
        world.asks("hana-1", call, Ask::Connected).unwrap();
        assert_eq!(world.call(call).phase.name(), phase);
        world.media(call, Happening::MediaAlive).unwrap();
        assert_eq!(world.call(call).phase.name(), PhaseName::Connected);
    }
}

#[test]
fn media_before_the_accept_or_after_the_end_is_refused() {
    let mut world = World::new();
    let call = world.rings();
    let phase = PhaseName::Ringing;
    let early = Err(Refusal::InvalidPhase { phase });
    assert_eq!(world.asks("taro-1", call, Ask::Connected), early);
    assert_eq!(world.media(call, Happening::MediaAlive), early);
    assert_eq!(world.media(call, Happening::MediaLost), early);
    world.asks("taro-1", call, Ask::Cancel).unwrap();
    assert!(world.asks("taro-1", call, Ask::Connected).is_err());
    assert!(world.media(call, Happening::MediaAlive).is_err());
    assert_eq!(world.media(call, Happening::MediaLost), Ok(()));
}

#[test]
fn media_that_does_not_come_up_in_time_fails_the_call() {
    let mut world = World::new();
    let call = world.accepted();
    world.asks("taro-1", call, Ask::Connected).unwrap();
    world.wait(seconds(20));
    assert_eq!(world.end(call), "failed, timeout");
    assert_eq!(world.call(call).duration(), seconds(0));
    let heard = ["call_end{timeout}", "hana is online"];
    assert_eq!(world.hears("hana-1"), heard);
}

#[test]
fn either_side_may_end_from_any_device_and_hears_so_before_the_status() {
    for (by, reason) in [("taro-2", "user_end"), ("hana-2", "otomo_end")] {
        let mut world = World::new();
        let call = world.talks();
        world.wait(seconds(61));
        world.asks(by, call, Ask::End).unwrap();
        assert_eq!(world.end(call), format!("completed, {reason}"));
        assert_eq!(world.call(call).duration(), seconds(61));

        let end = format!("call_end{{{reason}}}");
        for device in ["taro-1", "taro-2", "hana-1", "hana-2"] {
            let heard = world.hears(device);
            assert_eq!(heard[..2], [end.as_str(), "hana is online"]);
            let acknowledged = heard.get(2).map(String::as_str);
            assert_eq!(
                acknowledged,
                (device == by).then_some("call_end_request_ack")
            );
        }
    }
}

#[test]
fn a_clock_that_is_set_back_makes_no_end_before_the_beginning() {
    let mut world = World::new();
    let call = world.talks();
    world.now = world.now - seconds(5);
    world.asks("taro-1", call, Ask::End).unwrap();
    let connected_at = world.call(call).connection().unwrap().at;
    assert_eq!(world.call(call).ended().unwrap().at, connected_at);
    assert_eq!(world.call(call).duration(), seconds(0));
}

#[test]
fn a_talk_is_not_rejected() {
    let mut world = World::new();
    let call = world.talks();
    let refused = world.asks("hana-1", call, Ask::Reject(Decline::Busy));
    let phase = PhaseName::Connected;
    assert_eq!(refused, Err(Refusal::InvalidPhase { phase }));
}

#[test]
fn signals_go_between_the_two_bound_devices_alone() {
    let mut world = World::new();
    let call = world.accepted();
    for kind in Signal::ALL {
        world.asks("taro-1", call, signal(*kind)).unwrap();
        assert_eq!(world.hears("hana-1"), ["signal"]);
        world.asks("hana-1", call, signal(*kind)).unwrap();
        assert_eq!(world.hears("taro-1"), ["signal"]);
        for unbound in ["taro-2", "hana-2"] {
            let refused = world.asks(unbound, call, signal(*kind));
            assert_eq!(refused, Err(Refusal::OtherDevice));
            assert!(world.hears(unbound).is_empty());
        }
    }
}

#[test]
fn a_lost_participant_has_ten_seconds_and_the_other_side_is_told() {
    let mut world = World::new();
    let call = world.talks();
    world.leaves("hana-1");
    assert_eq!(world.hears("taro-1"), ["call_peer_reconnecting"]);
    let to_nobody = world.asks("taro-1", call, signal(Signal::Offer));
    assert_eq!(to_nobody, Err(Refusal::PeerUnavailable));
    world.wait(seconds(9));
    world.arrives("hana-1");
    assert_eq!(world.hears("taro-1"), ["call_peer_back"]);

    world.leaves("hana-1");
    world.wait(seconds(10));
    assert_eq!(world.end(call), "completed, disconnect");
    assert_eq!(world.call(call).ended().unwrap().by, By::Otomo);
    let heard = [
        "call_peer_reconnecting",
        "call_end{disconnect}",
        "hana is online",
    ];
    assert_eq!(world.hears("taro-1"), heard);
}

#[test]
fn a_device_that_is_gone_before_its_accept_is_stored_is_lost_at_once() {
    let mut world = World::new();
    let call = world.rings();
    world.leaves("hana-1");
    world.asks("hana-1", call, Ask::Accept).unwrap();
    assert!(
        world
            .hears("taro-1")
            .contains(&"call_peer_reconnecting".to_owned())
    );
    world.wait(seconds(10));
    assert_eq!(world.end(call), "failed, disconnect");
}

#[test]
fn the_devices_that_do_not_talk_may_come_and_go() {
    let mut world = World::new();
    let call = world.talks();
    let before = world.call(call).clone();
    for bystander in ["taro-2", "hana-2"] {
        world.leaves(bystander);
        world.arrives(bystander);
    }
    assert_eq!(*world.call(call), before);
}

#[test]
fn who_comes_back_hears_that_the_other_is_gone_meanwhile() {
    let mut world = World::new();
    let call = world.talks();
    world.leaves("taro-1");
    world.wait(seconds(3));
    world.leaves("hana-1");
    world.wait(seconds(3));
    world.arrives("taro-1");
    assert_eq!(world.hears("taro-1"), ["call_peer_reconnecting"]);
    // Taro is back; ten seconds after Hana left it is over.
    world.wait(seconds(7));
    assert_eq!(world.end(call), "completed, disconnect");
}

#[test]
fn media_that_stops_has_ten_seconds_and_repeats_move_no_deadline() {
    let mut world = World::new();
    let call = world.talks();
    world.media(call, Happening::MediaLost).unwrap();
    world.wait(seconds(9));
    world.media(call, Happening::MediaAlive).unwrap();
    world.media(call, Happening::MediaLost).unwrap();
    world.wait(seconds(6));
    world.media(call, Happening::MediaLost).unwrap();
    world.wait(seconds(4));
    assert_eq!(world.end(call), "completed, rtp_stopped");
}

#[test]
fn after_a_talk_the_otomo_wraps_up() {
    let mut world = World::new();
    world.policy.wrap_up = seconds(60);
    let call = world.talks();
    world.asks("taro-1", call, Ask::End).unwrap();
    let too_soon = world.requests("yuki-1", "hana");
    assert_eq!(world.end(too_soon), "rejected, busy");
    world.wait(seconds(60));
    let later = world.requests("yuki-1", "hana");
    assert!(world.call(later).is_live());
}

#[test]
fn an_admin_or_the_server_may_end_the_talk() {
    for (authority, end) in [
        (Authority::Admin, "completed, admin_end"),
        (Authority::System, "completed, system_error"),
    ] {
        let mut world = World::new();
        let call = world.talks();
        world.stops(call, authority);
        assert_eq!(world.end(call), end);
        // Again: nothing.
        world.stops(call, authority);
        assert_eq!(world.ends(call), 1);
    }
}

#[test]
fn after_a_restart_both_have_the_loss_grace_to_come_back() {
    let mut world = World::new();
    let call = world.talks();
    world.restarts();
    world.wait(seconds(9));
    world.arrives("taro-1");
    world.arrives("hana-1");
    world.wait(seconds(60));
    assert!(world.call(call).is_live());
}

#[test]
fn after_a_restart_a_ring_goes_on_for_who_comes_back() {
    let mut world = World::new();
    let call = world.rings();
    world.restarts();
    world.wait(seconds(9));
    world.arrives("taro-1");
    world.arrives("hana-2");
    assert_eq!(world.hears("hana-2"), ["incoming_call"]);
    world.asks("hana-2", call, Ask::Accept).unwrap();
    assert_eq!(
        world.hears("taro-1"),
        ["hana is busy", "call_accepted", "signaling_start"]
    );
}

#[test]
fn what_was_overdue_at_a_restart_ends_at_its_deadline() {
    let mut world = World::new();
    let call = world.rings();
    let deadline = world.call(call).due_at().unwrap();
    world.now = deadline + seconds(3600);
    world.restarts();
    assert_eq!(world.end(call), "missed, timeout");
    assert_eq!(world.call(call).ended().unwrap().at, deadline);
}

#[test]
fn what_was_stored_and_not_said_can_be_said_again() {
    let mut world = World::new();
    let said_again = |world: &World, call| restate(world.call(call), 0).len();
    let call = world.rings();
    assert_eq!(said_again(&world, call), 1, "incoming_call");
    world.asks("hana-1", call, Ask::Accept).unwrap();
    assert_eq!(
        said_again(&world, call),
        4,
        "accepted, answered elsewhere, two starts"
    );
    world.media(call, Happening::MediaAlive).unwrap();
    world.leaves("taro-1");
    assert_eq!(
        said_again(&world, call),
        3,
        "connected to both, reconnecting to one"
    );
    world.asks("hana-1", call, Ask::End).unwrap();
    assert_eq!(said_again(&world, call), 2, "the end to both");

    world.draining = true;
    let refused = world.requests("yuki-1", "hana");
    assert_eq!(
        said_again(&world, refused),
        1,
        "the rejection, to the caller alone"
    );
}
