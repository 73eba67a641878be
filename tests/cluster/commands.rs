//! `POST /api/commands` that comes to another node than the event stream it is for.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    harness::Cluster,
    support::{Poster, field},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_its_session_from_every_node() {
    let cluster = Cluster::start(3).await;
    let mut hana = cluster.node(2).otomo("hana").await;
    let stream = cluster.node(0).connecting("taro", Role::User);
    let mut taro = stream.on_device("phone").stream("/sse").await;
    let connected = taro.expect("connected").await;
    let session = field(&connected, "sessionId").to_owned();
    taro.expect("ready").await;
    for (number, node) in cluster.nodes().iter().enumerate() {
        for query in [format!("session={session}"), "device=phone".to_owned()] {
            let poster = Poster::new(node, "taro", Role::User, &query);
            let (status, answer) = poster.asks(json!({"type": "heartbeat"})).await;
            let came = (status, answer["type"].as_str());
            assert_eq!(came, (200, Some("heartbeat_ack")), "{number}: {answer}");
            let (status, answer) = poster.asks(json!({"type": "nonsense"})).await;
            assert_eq!(
                (status, field(&answer["error"], "code")),
                (400, "UNKNOWN_TYPE")
            );
            poster
                .tells(json!({"type": "typing-stop", "conversationId": uuid::Uuid::new_v4()}))
                .await;
        }
    }
    // A call is bound to the stream's device, wherever it is asked for.
    let poster = Poster::new(cluster.node(1), "taro", Role::User, "device=phone");
    let call = uuid::Uuid::new_v4();
    let request = json!({"type": "call_request", "toUserId": "hana", "callId": call});
    assert_eq!(poster.asks(request).await.0, 200);
    hana.rings(call).await;
    hana.accept(call).await;
    taro.expect("signaling_start").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_somebody_else_is_nobodys() {
    let cluster = Cluster::start(2).await;
    let mut taro = cluster.node(0).user("taro").await;
    let session = taro.expect("connected").await;
    let session = field(&session, "sessionId");
    let jiro = Poster::new(
        cluster.node(1),
        "jiro",
        Role::User,
        &format!("session={session}"),
    );
    assert_eq!(jiro.asks(json!({"type": "heartbeat"})).await.0, 404);
    let unsigned = Api::of(cluster.node(0), "jiro", Role::User);
    let path = format!("/cluster/commands?user=taro&session={session}");
    let refused = unsigned.post(&path, json!({"type": "heartbeat"})).await;
    refused.refused(403, "FORBIDDEN");
}
