//! Rooms over nodes: what other nodes are asked, and what is done when they were not heard.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use actix_rt::time::timeout;

use super::{
    Rooms,
    messages::{LookAgain, Refresh},
    publication::Publication,
    records::states,
    rules::{DURABLE_MEMBERS_MAX, EVERYONE},
};
use crate::{
    kernel::{
        ids::{RoomId, UserId},
        logging::chain,
    },
    store::StoreError,
};

/// Rooms that are looked for at a time after a gap. One query for them takes about a millisecond.
const REFRESHED_AT_ONCE: usize = 500;

/// Between two looks at who is in a room without a grant. What another node says may be lost without a sign.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Rooms {
    /// Who is on other nodes in the rooms that durable events are for.
    pub(super) async fn present_elsewhere(
        &self,
        publications: &[Publication],
    ) -> HashMap<RoomId, Vec<UserId>> {
        let mut present = HashMap::new();
        for publication in publications {
            let Some(room) = publication.durable_room() else {
                continue;
            };
            if !present.contains_key(room) {
                let most = DURABLE_MEMBERS_MAX + 1;
                let members = self.0.dispatch.room_members_elsewhere(room, most).await;
                let users = members.into_iter().map(|(user, _)| user);
                present.insert(room.clone(), users.collect());
            }
        }
        present
    }

    /// Tells those who may have missed a state of another node what holds, after each gap, for as long as it is polled: by
    /// one task of the server.
    pub async fn refresh_after_gaps(&self) -> Infallible {
        let mut gaps = self.0.dispatch.gaps();
        loop {
            if gaps.changed().await.is_err() {
                return std::future::pending().await;
            }
            if let Err(fault) = self.refresh().await {
                log::warn!("states were not told anew cause={}", chain(&fault));
            }
        }
    }

    /// Takes out of rooms who lost the grant for them and is there still, because this node has not heard of it: after each gap,
    /// and every so often, for as long as it is polled: by one task of the server.
    pub async fn look_again(&self) -> Infallible {
        let mut gaps = self.0.dispatch.gaps();
        loop {
            if let Ok(Err(_ended)) = timeout(LOOK_EVERY, gaps.changed()).await {
                return std::future::pending().await;
            }
            let roster = self.0.dispatch.roster();
            let rooms = roster.occupied_rooms().into_iter();
            let places: Vec<(RoomId, UserId)> = rooms
                .flat_map(|room| {
                    let users = roster.room_users(&room, usize::MAX).into_iter();
                    users.map(move |user| (room.clone(), user))
                })
                .collect();
            for some in places.chunks(REFRESHED_AT_ONCE) {
                let places = some.to_vec();
                // Refused only if the server is stopping.
                let _ = self.0.announcer.send(LookAgain { places }).await;
            }
        }
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let roster = self.0.dispatch.roster();
        let mut rooms = roster.occupied_rooms();
        let own = |user: UserId| format!("{}{user}", RoomId::USER_PREFIX).parse().ok();
        rooms.extend(roster.user_ids().into_iter().filter_map(own));
        rooms.extend(EVERYONE.parse().ok());
        for some in rooms.chunks(REFRESHED_AT_ONCE) {
            let some = some.to_vec();
            let read = move |conn: &mut _| states::holding(conn, &some);
            for room in self.0.store.read(read).await? {
                // Refused only if the server is stopping.
                let _ = self.0.announcer.send(Refresh { room }).await;
            }
        }
        Ok(())
    }
}
