//! Who is let into rooms and taken out of them, in one order with what is said there.

use std::{collections::HashSet, pin::Pin, sync::Arc};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{Announcer, holding::notes};
use crate::{
    backplane::Link,
    delivery::{
        dispatch::Hearing,
        line::SessionRef,
        lines::To,
        nodes::Notes,
        reply::Reply,
        rooms::{JoinOutcome, Renewed},
    },
    kernel::{
        ids::{RoomId, UserId},
        logging::chain,
    },
    protocol::{
        event::{Error, Event, RoomLeft, RoomLeftReason},
        frame::Frame,
    },
    rooms::{
        fault::RoomsFault,
        messages::{Admit, ClaimLost, Expire, Join, Joiner, Leave, LookAgain, Revoke},
        records::members::{self, Granted},
        rules,
        transactions::{self, Entrance},
    },
    store::{Handle, StoreError, steps::STEP_ROWS},
};

/// Whether somebody may come in, and what holds there. Where there are other nodes, what these say is heard by then, and what was
/// told since that was asked is noted.
struct Entered {
    entrance: Result<Entrance, RoomsFault>,
    elsewhere: Option<(Hearing, Notes)>,
}

impl Announcer {
    /// Lets a session in, or tells it why not.
    fn admit(&self, joiner: Joiner, entered: Result<Entrance, RoomsFault>, told: Vec<Frame>) {
        let Joiner {
            at,
            room,
            acknowledgement,
            reply,
            ..
        } = joiner;
        let entrance = match entered {
            Ok(entrance) => entrance,
            Err(fault) => return self.refuse(at, &reply, fault),
        };
        let most = self.limits.now().rooms_per_connection;
        let most = most.map_or(usize::MAX, |most| most.get() as usize);
        let stay = entrance.right.stay();
        let refusal = error(RoomsFault::TooManyRooms(most), &self.store);
        // A request is answered when it is known how it came out; a session in one piece with what follows.
        let (acknowledged, refused) = reply.either(&acknowledgement, &refusal).unzip();
        let snapshot = self.snapshot(&room, entrance.states, told);
        let snapshot = snapshot.map(|event| Frame::new(&event));
        let first = acknowledged.into_iter().chain(snapshot).collect();
        let joined = self.dispatch.join(at, &room, stay, most, first, refused);
        actix_rt::spawn(async move {
            let answer = match joined.await {
                JoinOutcome::Joined | JoinOutcome::Already => acknowledgement,
                JoinOutcome::TooMany => refusal,
                JoinOutcome::Gone => return,
            };
            // A session has been told.
            reply.send(&answer, drop);
        });
    }

    /// Takes out who is in a room without a grant, unless their token lets them in.
    fn take_out(&self, places: &[(RoomId, UserId)], granted: &HashSet<(RoomId, UserId)>) {
        let now = self.store.now();
        for place in places.iter().filter(|it| !granted.contains(it)) {
            let (room, user) = place;
            let last = left(room, RoomLeftReason::Revoked);
            self.dispatch.lost_grant_here(user, room, last, now);
        }
    }

    /// Asks whether somebody may come in, and what holds there.
    fn enter(&self, joiner: &Joiner) -> Pin<Box<dyn Future<Output = Entered>>> {
        let Joiner {
            user, room, claims, ..
        } = joiner;
        let enter = {
            let (store, user, room) = (self.store.clone(), user.clone(), room.clone());
            let claims: Arc<[_]> = claims.as_slice().into();
            move || store.write(move |tx| transactions::enter(tx, &user, &room, &claims))
        };
        if self.dispatch.backplane().link() == Link::Alone {
            // Asked at once, so in the order of the writes, though it only reads: what is published after it is said after it.
            let entrance = enter();
            return Box::pin(async {
                Entered {
                    entrance: entrance.await,
                    elsewhere: None,
                }
            });
        }
        let (mut hearing, dispatch, room) = (
            self.dispatch.hear_room(room),
            self.dispatch.clone(),
            room.clone(),
        );
        // Begun at once: whoever comes behind it waits for one answer of Redis and one of the store, and not for theirs as well.
        let entered = actix_rt::spawn(async move {
            // What others publish from now on is heard: what they published before is among the states.
            hearing.heard().await;
            let notes = notes(&dispatch, &room);
            let entrance = enter().await;
            (entrance, hearing, notes)
        });
        Box::pin(async {
            match entered.await {
                Ok((entrance, hearing, notes)) => Entered {
                    entrance,
                    elsewhere: Some((hearing, notes)),
                },
                Err(_stopped) => Entered {
                    entrance: Err(RoomsFault::Stopped),
                    elsewhere: None,
                },
            }
        })
    }

    fn refuse(&self, at: SessionRef, reply: &Reply, fault: RoomsFault) {
        if let RoomsFault::Store(cause) = &fault {
            log::error!(
                "room not joined session={} cause={}",
                at.session,
                chain(cause)
            );
        }
        let tell = |frame| self.dispatch.tell(To::Session(at), frame);
        reply.send(&error(fault, &self.store), tell);
    }
}

impl Handler<Join> for Announcer {
    type Result = ();

    fn handle(&mut self, join: Join, _: &mut Context<Self>) {
        let Join { joiner, under_way } = join;
        let entered = self.enter(&joiner);
        self.results.push(
            entered,
            |Entered {
                 entrance,
                 elsewhere,
             },
             announcer,
             _| {
                let (hearing, notes) = elsewhere.unzip();
                let told = notes.map(Notes::told).unwrap_or_default();
                announcer.admit(joiner, entrance, told);
                // By now the session holds the room, or is not let in; and whoever leaves it leaves it after this.
                drop((hearing, under_way));
            },
        );
    }
}

impl Handler<Leave> for Announcer {
    type Result = ();

    fn handle(&mut self, Leave { leaver, under_way }: Leave, _: &mut Context<Self>) {
        let behind = std::future::ready(());
        self.results.push(behind, |(), announcer, _| {
            leaver.leave(&announcer.dispatch);
            drop(under_way);
        });
    }
}

impl Handler<Admit> for Announcer {
    type Result = ResponseFuture<Result<Granted, RoomsFault>>;

    fn handle(&mut self, admit: Admit, _: &mut Context<Self>) -> Self::Result {
        let Admit { room, user, grant } = admit;
        let (answer, answered) = oneshot::channel();
        let (into, whom) = (room.clone(), user.clone());
        let granted = self
            .store
            .write(move |tx| members::put(tx, &into, &whom, grant));
        self.results.push(
            granted,
            move |granted: Result<_, StoreError>, announcer, _| {
                if let Ok(Granted::Renewed) = granted {
                    let (to, until) = (To::User(user), grant.expires_at);
                    let renewed = announcer.dispatch.renew(&to, &room, until, Renewed::Grants);
                    drop(renewed);
                }
                let _ = answer.send(granted.map_err(RoomsFault::from));
            },
        );
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
    }
}

impl Handler<ClaimLost> for Announcer {
    type Result = ();

    fn handle(&mut self, lost: ClaimLost, _: &mut Context<Self>) {
        let ClaimLost { room, user, at } = lost;
        let (of, whose) = (room.clone(), user);
        let right = self.store.write(move |tx| {
            let grant = members::grant(tx, &of, &whose)?;
            Ok::<_, StoreError>(rules::right(&whose, &of, &[], grant, tx.now()))
        });
        self.results.push(right, move |right, announcer, _| {
            let (to, dispatch) = (To::Session(at), &announcer.dispatch);
            match right {
                Ok(Some(right)) => {
                    let (until, whose) = (right.until(), Renewed::Everybody);
                    drop(dispatch.renew(&to, &room, until, whose));
                }
                // Without the store nobody can say that they may stay.
                Ok(None) | Err(_) => {
                    drop(dispatch.leave(&to, &room, left(&room, RoomLeftReason::Revoked)));
                }
            }
        });
    }
}

impl Handler<Revoke> for Announcer {
    type Result = ResponseFuture<Result<(), RoomsFault>>;

    fn handle(&mut self, Revoke { room, user }: Revoke, _: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let (from, whose) = (room.clone(), user.clone());
        let removed = self
            .store
            .write(move |tx| members::remove(tx, &from, &whose));
        self.results.push(
            removed,
            move |removed: Result<_, StoreError>, announcer, _| {
                if removed.is_ok() {
                    let (to, last) = (To::User(user), left(&room, RoomLeftReason::Revoked));
                    drop(announcer.dispatch.leave(&to, &room, last));
                }
                let _ = answer.send(removed.map(drop).map_err(RoomsFault::from));
            },
        );
        Box::pin(async { answered.await.unwrap_or(Err(RoomsFault::Stopped)) })
    }
}

impl Handler<Expire> for Announcer {
    type Result = ();

    fn handle(&mut self, _: Expire, _: &mut Context<Self>) {
        if std::mem::replace(&mut self.sweeping, true) {
            return;
        }
        let gone = self.store.write(|tx| members::expire(tx, STEP_ROWS));
        self.results
            .push(gone, |gone: Result<_, StoreError>, announcer, _| {
                announcer.sweeping = false;
                let now = announcer.store.now();
                match gone {
                    Ok(gone) => gone.into_iter().for_each(|(room, user)| {
                        let (to, last) = (To::User(user), left(&room, RoomLeftReason::Expired));
                        drop(announcer.dispatch.leave_expired(&to, &room, last, now));
                    }),
                    Err(fault) => log::warn!("grants not dropped cause={}", chain(&fault)),
                }
            });
    }
}

impl Handler<LookAgain> for Announcer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, LookAgain { places }: LookAgain, _: &mut Context<Self>) -> Self::Result {
        let (done, looked) = oneshot::channel();
        let places = Arc::new(places);
        let of = Arc::clone(&places);
        // In the order of the writes: whoever was let in here by now is among those who may stay.
        let granted = self.store.write(move |tx| members::among(tx, &of));
        self.results.push(
            granted,
            move |granted: Result<_, StoreError>, announcer, _| {
                match granted {
                    Ok(granted) => announcer.take_out(&places, &granted),
                    Err(fault) => log::warn!("grants not looked at again cause={}", chain(&fault)),
                }
                let _ = done.send(());
            },
        );
        Box::pin(async { looked.await.unwrap_or_default() })
    }
}

/// `room_left`, for somebody who has not left by themselves.
fn left(room: &RoomId, reason: RoomLeftReason) -> Option<Frame> {
    let left = RoomLeft {
        room: room.clone(),
        reason,
    };
    Some(Frame::new(&left.into()))
}

fn error(fault: RoomsFault, store: &Handle) -> Event {
    Error::new(&fault.into(), store.now()).into()
}
