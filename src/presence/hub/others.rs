//! How the hub hears what other nodes have stored, and has them hear of what it did.

use actix::{WeakAddr, fut::wrap_future, prelude::*};
use tokio::sync::mpsc;

use super::PresenceHub;
use crate::{
    backplane::News,
    delivery::nodes::Statuses,
    presence::{
        hints,
        messages::{Hinted, Missed},
    },
};

impl PresenceHub {
    /// Begins to hear the other nodes and to tell them, if there are any.
    pub(super) fn join_others(&self, ctx: &mut Context<Self>) {
        let Some(hints) = &self.hints else { return };
        let backplane = self.dispatch.backplane();
        let told = hints.clone().tell(backplane.clone());
        ctx.spawn(wrap_future(told).map(|never, _, _| match never {}));
        let heard = hear(self.dispatch.hear_statuses(), ctx.address().downgrade());
        ctx.spawn(wrap_future(heard));
    }

    /// Tells the other nodes at once what was left to be told.
    pub(super) fn tell_others(&self) {
        if let Some(hints) = &self.hints {
            hints.tell_now(self.dispatch.backplane());
        }
    }
}

/// Takes to the hub what others say, one message after the other.
async fn hear(mut statuses: mpsc::Receiver<Statuses>, hub: WeakAddr<PresenceHub>) {
    while let Some(Statuses {
        news,
        taken: _taken,
    }) = statuses.recv().await
    {
        let Some(hub) = hub.upgrade() else { return };
        let taken = match news {
            News::Message(message) => hub.send(Hinted(hints::decode(&message.body))).await,
            News::Gap => hub.send(Missed).await,
        };
        if taken.is_err() {
            return;
        }
    }
}
