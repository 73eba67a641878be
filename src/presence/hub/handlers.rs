//! One message, one transaction.

use std::sync::Arc;

use actix::prelude::*;

use super::PresenceHub;
use crate::presence::{
    Choice, Freed,
    fault::PresenceFault,
    messages::{
        Arrive, Changed, Choose, Depart, ForceOffline, Free, Hinted, Introduce, Missed, Stop,
    },
    transactions,
};

/// What comes once it is stored.
type Answer<T> = ResponseFuture<Result<T, PresenceFault>>;

impl Handler<Arrive> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, Arrive(client): Arrive, _: &mut Context<Self>) -> Answer<()> {
        let (otomo, settings) = (client.user.clone(), Arc::clone(&self.settings));
        self.store_choices(&otomo);
        let stored = self
            .store
            .write(move |tx| transactions::arrive(tx, &client, &settings));
        self.answer(otomo, stored, |hub, entry, _| hub.publish(vec![entry]))
    }
}

impl Handler<Depart> for PresenceHub {
    type Result = ();

    fn handle(&mut self, departure: Depart, _: &mut Context<Self>) {
        self.depart(departure);
    }
}

impl Handler<Choose> for PresenceHub {
    type Result = Answer<Choice>;

    fn handle(&mut self, choose: Choose, _: &mut Context<Self>) -> Answer<Choice> {
        PresenceHub::choose(self, choose)
    }
}

impl Handler<ForceOffline> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, ForceOffline(otomo): ForceOffline, _: &mut Context<Self>) -> Answer<()> {
        let (forced, policy) = (otomo.clone(), self.settings.policy);
        self.store_choices(&otomo);
        let stored = self
            .store
            .write(move |tx| transactions::force_offline(tx, &forced, &policy));
        self.answer(otomo, stored, Self::conclude)
    }
}

impl Handler<Free> for PresenceHub {
    type Result = Answer<Freed>;

    fn handle(&mut self, Free(otomo): Free, _: &mut Context<Self>) -> Answer<Freed> {
        let (freed, policy) = (otomo.clone(), self.settings.policy);
        self.store_choices(&otomo);
        let stored = self
            .store
            .write(move |tx| transactions::free(tx, &freed, &policy));
        self.answer(otomo, stored, Self::conclude)
    }
}

impl Handler<Introduce> for PresenceHub {
    type Result = Answer<()>;

    fn handle(&mut self, Introduce(otomo): Introduce, _: &mut Context<Self>) -> Answer<()> {
        let introduced = otomo.clone();
        let stored = self
            .store
            .write(move |tx| transactions::introduce(tx, &introduced));
        self.answer(otomo, stored, |hub, entry, _| hub.publish(vec![entry]))
    }
}

impl Handler<Changed> for PresenceHub {
    type Result = ();

    fn handle(&mut self, Changed(changes): Changed, ctx: &mut Context<Self>) {
        self.tell(&changes, ctx);
        // What calls say next comes after the status, also on other nodes: first `busy`, then `call_accepted`.
        self.tell_others();
    }
}

impl Handler<Hinted> for PresenceHub {
    type Result = ();

    fn handle(&mut self, Hinted(entries): Hinted, _: &mut Context<Self>) {
        self.take_in(entries);
    }
}

impl Handler<Missed> for PresenceHub {
    type Result = ();

    fn handle(&mut self, _: Missed, ctx: &mut Context<Self>) {
        self.look_at_all(ctx);
    }
}

impl Handler<Stop> for PresenceHub {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
