//! What else is said to Redis.

use ::redis::{Pipeline, Script, pipe};
use otomo::backplane::{Backplane, Link, redis::commands::RedisFault};

use super::{fixture::Cluster, linked::until};

#[tokio::test]
async fn a_pipeline_is_one_round_trip() {
    let cluster = Cluster::start();
    let (node, metrics) = cluster.node_with_metrics("n1").await;
    let commands = node.redis().unwrap();
    let mut ask = Pipeline::new();
    for number in 0..1_000 {
        ask.cmd("SET").arg(number).arg(number).ignore();
        ask.cmd("GET").arg(number);
    }
    let answers: Vec<u64> = commands.run(&ask).await.unwrap();
    assert!(answers.into_iter().eq(0..1_000));
    assert_eq!(metrics.backplane.round_trips.get(), 1);
}

#[tokio::test]
async fn a_script_is_known_after_its_first_call() {
    let cluster = Cluster::start();
    let node = cluster.node("n1").await;
    let commands = node.redis().unwrap();
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let add = |by: i64| {
        let mut call = script.key("sum");
        call.arg(by);
        call
    };
    let sums = [
        commands.call::<i64>(&add(2)).await.unwrap(),
        commands.call::<i64>(&add(3)).await.unwrap(),
    ];
    assert_eq!(sums, [2, 5]);
}

#[tokio::test]
async fn what_redis_refuses_and_what_it_cannot_hear_are_told_apart() {
    let mut cluster = Cluster::start();
    let node = cluster.node("n1").await;
    let commands = node.redis().unwrap();
    let before = commands.server().unwrap();
    let refused = commands.run::<()>(pipe().cmd("NONSENSE")).await;
    assert!(
        matches!(refused, Err(RedisFault::Refused(_))),
        "{refused:?}"
    );
    let text = commands.run::<(i64,)>(pipe().cmd("ECHO").arg("text")).await;
    assert!(matches!(text, Err(RedisFault::Unexpected(_))), "{text:?}");
    cluster.redis.stop();
    until(&node, Link::Down).await;
    let away = commands.run::<()>(pipe().cmd("PING")).await;
    assert!(matches!(away, Err(RedisFault::Down)), "{away:?}");
    assert_eq!(commands.server(), None);
    cluster.redis.restart();
    until(&node, Link::Up).await;
    let after = commands.server().unwrap();
    assert!(after.run_id != before.run_id && after.up_since > before.up_since);
    commands.run::<()>(pipe().cmd("PING")).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_hangs_leaves_a_command_unanswered() {
    let cluster = Cluster::start();
    let node = cluster.node("n1").await;
    let commands = node.redis().unwrap();
    cluster.redis.freeze();
    let unanswered = commands.run::<()>(pipe().cmd("PING")).await;
    assert!(
        matches!(unanswered, Err(RedisFault::Unanswered(_))),
        "{unanswered:?}"
    );
}

#[test]
fn a_node_alone_has_no_redis() {
    assert!(Backplane::alone("n1".parse().unwrap()).redis().is_none());
}
