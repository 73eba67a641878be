//! The commands of rooms and games (source document 003).

use super::{Claims, Session, Stage, commands};
use crate::{
    delivery::reply::Reply,
    kernel::ids::RoomId,
    protocol::{
        command::{ChatMessage, OfGame, OfRoom},
        error_code::ErrorCode,
        event::{Event, JoinedGame, LeftGame, RoomJoinAck, RoomLeaveAck},
        fault::Fault,
    },
    rooms::{Joiner, Leaver, RoomsFault},
};

impl Session {
    /// `join_game`
    pub(super) fn join_game(&mut self, join: OfGame, reply: Reply) {
        match game(&join.game_session_id) {
            Ok(room) => {
                let game_session_id = join.game_session_id;
                self.enter_room(room, JoinedGame { game_session_id }.into(), reply);
            }
            Err(fault) => self.refuse(&fault, &reply),
        }
    }

    /// `room_join`
    pub(super) fn join_room(&mut self, join: OfRoom, reply: Reply) {
        let room = join.room.clone();
        self.enter_room(join.room, RoomJoinAck { room }.into(), reply);
    }

    /// `leave_game`: leaving twice is harmless.
    pub(super) fn leave_game(&mut self, leave: OfGame, reply: Reply) {
        match game(&leave.game_session_id) {
            Ok(room) => {
                let game_session_id = leave.game_session_id;
                self.quit_room(room, LeftGame { game_session_id }.into(), reply);
            }
            Err(fault) => self.refuse(&fault, &reply),
        }
    }

    /// `room_leave`
    pub(super) fn leave_room(&mut self, leave: OfRoom, reply: Reply) {
        let room = leave.room.clone();
        self.quit_room(leave.room, RoomLeaveAck { room }.into(), reply);
    }

    /// `chat_message`: answered only when it is refused; the sender hears it like the others.
    pub(super) fn say_in_game(&mut self, said: ChatMessage, reply: &Reply) {
        let Some(user) = self.person(reply) else {
            return;
        };
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let told = game(&said.game_session_id).and_then(|room| {
            if !self.env.lines.rooms_of(live.at).contains(&room) {
                return Err(RoomsFault::NotInRoom(room).into());
            }
            let rooms = &self.env.rooms;
            rooms
                .say(&user, &room, said.game_session_id, said.message)
                .map_err(Fault::from)
        });
        if let Err(fault) = told {
            self.refuse(&fault, reply);
        }
    }

    fn enter_room(&mut self, room: RoomId, acknowledgement: Event, reply: Reply) {
        let Some(user) = self.person(&reply) else {
            return;
        };
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let joiner = Joiner {
            user,
            at: live.at,
            room,
            claims: live
                .claims
                .as_ref()
                .map_or_else(Vec::new, |it| it.0.clone()),
            acknowledgement,
            reply,
        };
        if let Err(reply) = self.env.rooms.join(joiner) {
            self.refuse(&commands::busy(), &reply);
        }
    }

    fn quit_room(&mut self, room: RoomId, acknowledgement: Event, reply: Reply) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let leaver = Leaver {
            at: live.at,
            room,
            acknowledgement,
            reply,
        };
        if let Err(reply) = self.env.rooms.leave(leaver) {
            self.refuse(&commands::busy(), &reply);
        }
    }

    /// A new token may grant fewer rooms: those that nothing else grants are left.
    pub(super) fn claim_rooms(&mut self, claims: Vec<RoomId>) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let before = live.claims.take().map_or_else(Vec::new, |it| it.0);
        let lost = before.into_iter().filter(|room| !claims.contains(room));
        let lost: Vec<RoomId> = lost.collect();
        live.claims = Claims::new(claims);
        let user = &live.line.client().user;
        for room in lost {
            self.env.rooms.claim_lost(user, live.at, room);
        }
    }
}

fn game(session: &str) -> Result<RoomId, Fault> {
    RoomId::of_game(session).map_err(|_unfit| {
        let message = "game_session_id must be short and without spaces or control characters";
        Fault::new(ErrorCode::BadRequest, message).about("field", "game_session_id")
    })
}
