//! How the hub hears what other nodes have stored, and has them hear of what it did.

use actix::{WeakAddr, fut::wrap_future, prelude::*};

use super::PresenceHub;
use crate::{
    backplane::{Listener, News, Subject},
    delivery::dispatch::Dispatch,
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
        let news = backplane.listen(Subject::Presence);
        let heard = hear(news, self.dispatch.clone(), ctx.address().downgrade());
        ctx.spawn(wrap_future(heard));
    }
}

/// Takes to the hub what others say, one message after the other.
async fn hear(mut news: Listener, dispatch: Dispatch, hub: WeakAddr<PresenceHub>) {
    loop {
        let news = news.next().await;
        let Some(hub) = hub.upgrade() else { return };
        let taken = match news {
            // The next look finds it.
            News::Message(_) if !dispatch.is_current() => continue,
            News::Message(message) => hub.send(Hinted(hints::decode(&message.body))).await,
            News::Gap => hub.send(Missed).await,
        };
        if taken.is_err() {
            return;
        }
    }
}
