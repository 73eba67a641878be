//! Metered calls: what is charged, when, what both hear, and what is never charged.

use super::world::{World, call_id, seconds, user};
use crate::{
    calls::rules::{
        call::{Call, Phase, PhaseName},
        command::{Ask, Authority, Happening},
        invariants,
        refusal::Refusal,
        speech::restate,
    },
    kernel::{config::PartialMinute, ids::CallId},
};

/// A world in which a minute with Hana costs 100, and Taro has so many points.
fn world(points: i64) -> World {
    let mut world = World::new();
    world.prices.insert(user("hana"), 100);
    world.grants("taro", points);
    world
}

/// Taro talks with Hana.
fn talks(points: i64) -> (World, CallId) {
    let mut world = world(points);
    let call = world.talks();
    (world, call)
}

fn full(points: i64) -> (World, CallId) {
    let (mut world, call) = talks(points);
    world.policy.partial_minute = PartialMinute::Full;
    (world, call)
}

fn taken(world: &World, call: CallId) -> Vec<u32> {
    let call = world.call(call);
    let partial = world.policy.partial_minute;
    assert!(
        invariants::charged_by_the_minute(call, world.now, partial),
        "{call:?}"
    );
    let taken = world.taken(call.id);
    assert!(taken.iter().all(|(_, points)| *points == 100), "{taken:?}");
    taken.into_iter().map(|(number, _)| number).collect()
}

fn is_over(call: &Call) -> bool {
    matches!(call.phase, Phase::Ended(_))
}

#[test]
fn each_minute_that_has_passed_is_charged_and_told_to_both() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(59));
    assert!(taken(&world, call).is_empty());
    world.wait(seconds(1));
    assert_eq!(taken(&world, call), [1]);
    let heard = ["sp_update{900}", "call_tick{1, 100 points, ok}"];
    assert_eq!(world.hears("taro-1"), heard);
    assert_eq!(world.hears("taro-2"), [heard[0]]);
    assert_eq!(world.hears("hana-1"), [heard[1]]);
    assert!(world.hears("hana-2").is_empty());
    world.wait(seconds(60));
    assert_eq!(taken(&world, call), [1, 2]);
    assert_eq!(world.call(call).charged_points(), 200);
}

#[test]
fn a_call_is_charged_by_the_price_of_its_request() {
    let (mut world, call) = talks(1_000);
    world.prices.insert(user("hana"), 500);
    world.policy.minute = seconds(1);
    world.wait(seconds(60));
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn who_has_not_enough_for_a_minute_is_refused_and_may_try_again() {
    let mut world = world(99);
    let id = call_id(0);
    let refused = Refusal::InsufficientPoints {
        required: 100,
        balance: 99,
    };
    let outcome = world.requests_as(id, "taro-1", "hana");
    assert_eq!(outcome, Err(refused));
    assert!(world.calls.is_empty() && world.participants.is_empty());
    world.grants("taro", 1);
    world.requests_as(id, "taro-1", "hana").unwrap();
    assert_eq!(world.call(id).phase.name(), PhaseName::Ringing);
}

#[test]
fn who_costs_nothing_is_called_without_points() {
    let mut world = World::new();
    world.prices.insert(user("hana"), 0);
    let call = world.talks();
    world.wait(seconds(600));
    assert!(taken(&world, call).is_empty());
    assert!(world.hears("taro-1").is_empty());
}

#[test]
fn nothing_is_charged_before_media_is_up() {
    let mut world = world(1_000);
    let call = world.accepted();
    world.wait(seconds(15));
    world.asks("taro-1", call, Ask::Connected).unwrap();
    world.asks("hana-1", call, Ask::Connected).unwrap();
    world.wait(seconds(59));
    assert!(taken(&world, call).is_empty());
    world.wait(seconds(1));
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn low_balance_is_told_a_minute_ahead_and_ends_the_call() {
    let (mut world, call) = talks(250);
    world.wait(seconds(60));
    world.wait(seconds(60));
    world.hears("hana-2");
    assert_eq!(
        world.hears("taro-1")[3],
        "call_tick{2, 100 points, low_balance}"
    );
    world.hears("hana-1");
    world.wait(seconds(59));
    assert!(!is_over(world.call(call)));
    world.wait(seconds(5));
    assert_eq!(world.end(call), "completed, low_balance");
    assert_eq!(world.call(call).duration(), seconds(180));
    assert_eq!(taken(&world, call), [1, 2]);
    assert_eq!(world.balance(&user("taro")), 50);
    let heard = [
        "call_tick{3, 0 points, ended}",
        "call_end{low_balance}",
        "hana is online",
    ];
    assert_eq!(world.hears("taro-1"), heard);
    assert_eq!(world.hears("hana-1"), heard);
    assert_eq!(world.hears("hana-2"), heard[1..]);
}

#[test]
fn points_that_come_just_before_the_end_let_the_call_go_on() {
    let (mut world, call) = talks(100);
    world.wait(seconds(119));
    world.grants("taro", 100);
    world.wait(seconds(1));
    assert!(!is_over(world.call(call)));
    assert_eq!(taken(&world, call), [1, 2]);
}

#[test]
fn a_charge_that_is_made_late_is_made_for_its_own_minute() {
    let (mut world, call) = talks(1_000);
    // No sweeper comes by for a while; what comes to the call makes up for it.
    world.now = world.now + seconds(185);
    world.asks("hana-1", call, Ask::End).unwrap();
    assert_eq!(taken(&world, call), [1, 2, 3]);
    assert_eq!(world.end(call), "completed, otomo_end");
    assert_eq!(world.call(call).duration(), seconds(185));
}

#[test]
fn who_hangs_up_after_the_points_have_run_out_had_been_cut_off() {
    let (mut world, call) = talks(100);
    world.now = world.now + seconds(185);
    world.asks("hana-1", call, Ask::End).unwrap();
    assert_eq!(world.end(call), "completed, low_balance");
    assert_eq!(world.call(call).duration(), seconds(120));
}

#[test]
fn the_minute_that_has_begun_costs_nothing() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(119));
    world.hears("taro-1");
    world.asks("taro-1", call, Ask::End).unwrap();
    assert_eq!(taken(&world, call), [1]);
    assert_eq!(world.hears("taro-1")[0], "call_end{user_end}");
}

#[test]
fn or_as_much_as_a_whole_one() {
    let (mut world, call) = full(1_000);
    world.wait(seconds(61));
    world.hears("taro-1");
    world.hears("hana-1");
    world.asks("taro-1", call, Ask::End).unwrap();
    assert_eq!(taken(&world, call), [1, 2]);
    let heard = [
        "sp_update{800}",
        "call_tick{2, 100 points, ended}",
        "call_end{user_end}",
    ];
    assert_eq!(world.hears("taro-1")[..3], heard);
    assert_eq!(world.hears("hana-1")[..2], heard[1..]);
}

#[test]
fn a_minute_that_has_not_begun_costs_nothing_either_way() {
    for at in [0, 60, 120] {
        let (mut world, call) = full(1_000);
        world.wait(seconds(at));
        world.asks("taro-1", call, Ask::End).unwrap();
        assert_eq!(taken(&world, call).len() as u64, at / 60, "{at}");
    }
}

#[test]
fn a_minute_for_which_the_points_do_not_reach_costs_nothing() {
    let (mut world, call) = full(150);
    world.wait(seconds(90));
    world.asks("hana-1", call, Ask::End).unwrap();
    assert_eq!(taken(&world, call), [1]);
    assert_eq!(world.balance(&user("taro")), 50);
}

#[test]
fn whatever_ends_a_call_the_last_minute_costs_the_same() {
    type End = fn(&mut World, CallId);
    let ends: [(&str, End); 7] = [
        ("user_end", |it, call| {
            it.asks("taro-1", call, Ask::End).unwrap();
        }),
        ("user_end", |it, call| {
            it.asks("taro-1", call, Ask::Cancel).unwrap();
        }),
        ("admin_end", |it, call| it.stops(call, Authority::Admin)),
        ("system_error", |it, call| it.stops(call, Authority::System)),
        ("disconnect", |it, _| {
            it.leaves("taro-1");
            it.wait(seconds(10));
        }),
        ("rtp_stopped", |it, call| {
            it.media(call, Happening::MediaLost).unwrap();
            it.wait(seconds(10));
        }),
        ("superseded", |it, _| {
            it.requests("taro-1", "hana");
        }),
    ];
    for (reason, end) in ends {
        for (partial, charges) in [(PartialMinute::None, 1), (PartialMinute::Full, 2)] {
            let (mut world, call) = talks(1_000);
            world.policy.partial_minute = partial;
            world.wait(seconds(70));
            end(&mut world, call);
            assert_eq!(world.end(call), format!("completed, {reason}"));
            assert_eq!(taken(&world, call).len(), charges, "{reason}");
        }
    }
}

#[test]
fn a_renewed_call_needs_a_minute_beside_what_the_old_one_costs() {
    let (mut world, old) = full(199);
    world.wait(seconds(30));
    let new = call_id(7);
    let refused = Refusal::InsufficientPoints {
        required: 100,
        balance: 99,
    };
    let outcome = world.requests_as(new, "taro-1", "hana");
    assert_eq!(outcome, Err(refused));
    assert!(!is_over(world.call(old)), "the old one goes on");
    world.grants("taro", 1);
    world.requests_as(new, "taro-1", "hana").unwrap();
    assert_eq!(taken(&world, old), [1]);
}

#[test]
fn charges_go_on_while_somebody_is_lost_until_the_deadline() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(55));
    world.leaves("taro-1");
    world.leaves("hana-1");
    world.wait(seconds(20));
    assert_eq!(world.end(call), "completed, disconnect");
    assert_eq!(world.call(call).duration(), seconds(65));
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn the_deadline_may_come_before_the_charge() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(45));
    world.leaves("hana-1");
    world.now = world.now + seconds(30);
    world.sweep();
    assert_eq!(world.call(call).duration(), seconds(55));
    assert!(taken(&world, call).is_empty());
}

#[test]
fn after_a_restart_who_is_back_pays_for_the_time_between() {
    for back in ["taro-1", "hana-1"] {
        let (mut world, call) = talks(1_000);
        world.wait(seconds(70));
        world.is_down_for(seconds(120));
        world.wait(seconds(5));
        assert_eq!(taken(&world, call), [1], "nobody is back");
        world.arrives(back);
        world.sweep();
        assert_eq!(taken(&world, call), [1, 2, 3]);
    }
}

#[test]
fn after_a_restart_to_which_nobody_comes_back_the_call_has_ended_at_the_last_sign_of_life() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(127));
    world.is_down_for(seconds(300));
    world.wait(seconds(10));
    assert_eq!(world.end(call), "completed, disconnect");
    assert_eq!(world.call(call).duration(), seconds(125));
    assert_eq!(taken(&world, call), [1, 2]);
}

#[test]
fn what_fell_due_before_the_last_sign_of_life_is_charged_even_if_nobody_comes_back() {
    let (mut world, call) = talks(1_000);
    // The sweeper was late, and then the server died.
    world.now = world.now + seconds(62);
    world.is_down_for(seconds(4));
    assert!(taken(&world, call).len() <= 1);
    world.wait(seconds(10));
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn a_charge_is_a_sign_of_life() {
    let (mut world, call) = talks(1_000);
    world.policy.minute = seconds(60);
    world.now = world.now + seconds(2);
    // Media is up at 2 s of the world; signs of life are at full 5 s, so the charge at 60 s is the later one.
    world.wait(seconds(58));
    assert_eq!(taken(&world, call), [1]);
    world.is_down_for(seconds(1));
    world.wait(seconds(30));
    let duration = world.call(call).duration();
    assert!(duration >= seconds(60), "{duration:?}");
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn a_grace_that_ran_out_while_the_server_was_down_ends_no_later_than_the_last_sign_of_life() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(52));
    world.leaves("taro-1");
    // The grace is over at 62 s, a charge falls due at 60 s, and the last sign of life was at 50 s.
    world.is_down_for(seconds(60));
    assert_eq!(world.end(call), "completed, disconnect");
    assert!(taken(&world, call).is_empty());
    assert_eq!(world.call(call).duration(), seconds(50));
}

#[test]
fn down_twice_the_first_sign_of_life_counts() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(50));
    world.is_down_for(seconds(30));
    world.wait(seconds(8));
    world.is_down_for(seconds(30));
    world.wait(seconds(10));
    assert_eq!(world.call(call).duration(), seconds(50));
    assert!(taken(&world, call).is_empty());
}

#[test]
fn whoever_ends_a_call_to_which_nobody_is_back_it_had_ended_before() {
    let (mut world, call) = full(1_000);
    world.wait(seconds(70));
    world.is_down_for(seconds(120));
    world.stops(call, Authority::Admin);
    assert_eq!(world.end(call), "completed, admin_end");
    assert_eq!(world.call(call).duration(), seconds(70));
    assert_eq!(taken(&world, call), [1, 2]);
}

#[test]
fn a_clock_that_is_set_back_makes_no_end_before_what_is_paid_for() {
    let (mut world, call) = talks(1_000);
    world.wait(seconds(60));
    world.now = world.now - seconds(30);
    world.asks("taro-1", call, Ask::End).unwrap();
    assert_eq!(world.call(call).duration(), seconds(60));
    assert_eq!(taken(&world, call), [1]);
}

#[test]
fn of_two_who_call_each_other_the_one_who_was_first_pays() {
    let mut world = world(0);
    world.prices.insert(user("yuki"), 30);
    world.grants("yuki", 150);
    let call = world.requests("yuki-1", "hana");
    // Hana has no points; her request is an answer to the call that rings.
    world.requests("hana-1", "yuki");
    for device in ["yuki-1", "hana-1"] {
        world.asks(device, call, Ask::Connected).unwrap();
    }
    world.wait(seconds(60));
    assert_eq!(taken(&world, call), [1]);
    assert_eq!(world.balance(&user("yuki")), 50);
}

#[test]
fn a_tick_that_nobody_heard_is_said_again() {
    let (mut world, call) = talks(1_000);
    let before = restate(world.call(call), 1_000).len();
    world.wait(seconds(60));
    let said = restate(world.call(call), 900);
    assert_eq!(said.len(), before + 2, "{said:?}");
}
