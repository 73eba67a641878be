//! What is asked of all nodes, and waited for a second at most. Nobody is asked by a node that is alone, or whose link is
//! down: then only this node's clients are known.

use std::{collections::HashMap, future::Future};

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Saying, letter::Answer};
use crate::{
    backplane::Channel,
    delivery::dispatch::Dispatch,
    kernel::{
        identity::Role,
        ids::{DeviceId, NodeId, RoomId, SessionId, UserId},
    },
};

/// A connection as other nodes know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSession {
    /// The node that it is to.
    pub node: NodeId,
    /// The device that it belongs to.
    pub device: DeviceId,
    /// Which it is. Ids sort by the time at which they were made.
    pub session: SessionId,
}

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct SessionReport {
    /// Which it is.
    pub session_id: SessionId,
    /// The node that has it.
    pub node: NodeId,
    /// Whose it is.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// The device that it belongs to.
    pub device: DeviceId,
    /// The worker of its node.
    pub worker: u16,
    /// Bytes that wait for it.
    pub backlog_bytes: usize,
    /// Whether it takes nothing although something waits.
    pub stalled: bool,
    /// For how long it has taken nothing, in milliseconds; `null` while it flows. An older node does not say.
    #[serde(default)]
    pub stalled_ms: Option<u64>,
}

/// How a node is, by its own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    /// Which it is.
    pub node: NodeId,
    /// The release that it runs.
    pub version: String,
    /// Milliseconds since its start.
    pub uptime_ms: u64,
    /// Its clients.
    pub connections: u64,
    /// Bytes that wait for them.
    pub outbox_bytes: u64,
    /// Whether it has so much to deliver that it refuses new commands.
    pub congested: bool,
    /// Whether it is about to stop: nobody should go there.
    #[serde(default)]
    pub draining: bool,
}

impl Dispatch {
    /// The devices of a user that are connected to any node, each once.
    pub fn devices(&self, user: &UserId) -> impl Future<Output = Vec<DeviceId>> + Send + use<> {
        let here = self.roster().sessions(user).into_iter();
        let mut devices: Vec<DeviceId> = here.map(|it| it.device).collect();
        let elsewhere = self.sessions_elsewhere(user);
        async move {
            devices.extend(elsewhere.await.into_iter().map(|it| it.device));
            devices.sort_unstable();
            devices.dedup();
            devices
        }
    }

    /// How many connections a user has to all nodes.
    pub fn sessions_everywhere(&self, user: &UserId) -> impl Future<Output = usize> + Send + use<> {
        let here = self.roster().sessions(user).len();
        let elsewhere = self.sessions_elsewhere(user);
        async move { here + elsewhere.await.len() }
    }

    /// The connections of a user to other nodes.
    pub fn sessions_elsewhere(
        &self,
        user: &UserId,
    ) -> impl Future<Output = Vec<RemoteSession>> + Send + use<> {
        let question = Saying::Sessions { user: user.clone() };
        self.gather(Channel::User(user.clone()), question, Answer::sessions)
    }

    /// The users who are in a room on any node, `most` of each other node at most, and the number of their connections there.
    pub fn room_members_everywhere(
        &self,
        room: &RoomId,
        most: usize,
    ) -> impl Future<Output = Vec<(UserId, usize)>> + Send + use<> {
        let here = self.roster().room_members(room);
        let elsewhere = self.room_members_elsewhere(room, most);
        async move {
            let mut all: HashMap<UserId, usize> = here.into_iter().collect();
            for (user, connections) in elsewhere.await {
                *all.entry(user).or_default() += connections;
            }
            all.into_iter().collect()
        }
    }

    /// The users who are in a room on other nodes, `most` of each at most, and the number of their connections there. Who
    /// is on two of them is there twice.
    pub fn room_members_elsewhere(
        &self,
        room: &RoomId,
        most: usize,
    ) -> impl Future<Output = Vec<(UserId, usize)>> + Send + use<> {
        let question = Saying::Members {
            room: room.clone(),
            most,
        };
        self.gather(Channel::Room(room.clone()), question, Answer::members)
    }

    /// What the others have, all of them together; `of_node` takes it out of the answer of one.
    pub(super) fn gather<T: Send>(
        &self,
        channel: Channel,
        question: Saying,
        of_node: fn(Answer) -> Vec<T>,
    ) -> impl Future<Output = Vec<T>> + Send + use<T> {
        let answers = self.ask_others(channel, question);
        async move {
            let answers = answers.await.into_iter();
            answers.flat_map(of_node).collect()
        }
    }

    pub(super) fn ask_others(
        &self,
        channel: Channel,
        question: Saying,
    ) -> impl Future<Output = Vec<Answer>> + Send + use<> {
        let nodes = self.nodes();
        let asked = (!nodes.is_alone()).then(|| {
            let own = false;
            nodes.ask(&channel, question, &Bytes::new(), own)
        });
        async {
            match asked {
                Some(asked) => asked.await,
                None => Vec::new(),
            }
        }
    }
}
