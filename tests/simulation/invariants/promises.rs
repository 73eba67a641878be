//! What must hold of what people are told, and of a world as a whole, as sentences: whatever is looked at says which of them is
//! broken. What must hold of what is stored is in `sentences`.

/// Gives each sentence its name, and all of them a list.
macro_rules! promises {
    ($($(#[$why:meta])* $name:ident = $sentence:literal,)+) => {
        $($(#[$why])* pub const $name: &str = $sentence;)+

        /// All of them.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

promises! {
    // A connection.
    BEGINS_WITH_CONNECTED = "a connection begins with `connected`",
    BEGINS_ONCE = "a connection begins once",
    SNAPSHOTS_FIRST = "the snapshots come before what was missed",
    MISSED_FIRST = "what was missed comes before `ready`",
    LIVE_WAITS = "nothing that is live overtakes the replay",
    READY_IN_TIME = "whoever is connected is ready in time",
    OUTBOX_BOUNDED = "what waits for one client is bounded",
    CLOSED_OR_CATCHES_UP = "who reads too slowly is closed or catches up",

    // Commands.
    ANSWERED = "every command is answered",
    ANSWERED_ONCE = "a command is answered once",
    ANSWERED_AS_WHAT_IT_IS = "a command has its own answer",

    // Presence.
    OFFLINE_IF_NOT_CONNECTED = "an otomo is offline if and only if they are not connected",
    STATUS_NEWS = "no update repeats a status",
    STATUS_COUNTED = "no update repeats a status, and its version is the next",
    STATUS_CAUSE = "every status has a cause",
    STATUSES_AGREE = "statuses: an old snapshot and the events since are a fresh one",
    SEEN_FORWARD = "when somebody was last seen only goes forward",

    // Calls.
    ONE_LIVE_CALL = "at most one live call per person",
    PARTICIPANTS_ONLY = "who is not a participant learns nothing",
    RINGS_THE_CALLED = "the called one is rung, and nobody else",
    RINGS_IN_TIME = "nobody rings past the deadline and one second",
    RINGS_NO_MORE = "nothing rings that was answered or is over",
    ONE_ANSWER = "the caller gets one final answer",
    CALLERS_ANSWER = "it is the caller's answer",
    ANSWER_STORED = "the caller's answer is what is stored",
    STOP_STORED = "why a ring stopped is what is stored",
    REQUEST_ANSWERED = "the caller of every request gets a final answer",
    JOINED_ONCE = "a call is joined into one other",
    JOINED_TOLD = "who is joined into a call is told which",
    ONE_END = "a call has one end",
    END_TOLD_ONCE = "nobody is told twice on one connection that a call is over",
    END_STORED = "the end that was told is the one that is stored",
    OVER_ONCE = "a call is over once",
    OVER_LISTED = "calls: what is over is in a fresh snapshot",
    RECORD_STAYS = "a terminal record never changes",
    PHASES_FORWARD = "phases only go forward",
    VERSIONS_RISE = "what changes has a higher version",
    LASTS_AS_ITS_MEDIA = "duration = endedAt - connectedAt",
    CHARGED_NO_MORE = "a metered call is charged once for each minute that has passed, never more",
    CHARGED_NO_LESS = "a call that is over was charged for each of its minutes",

    // Points.
    ORDERS_ONCE = "an order is carried out once",

    // What is delivered, and chat.
    ACKNOWLEDGED_STORED = "what was acknowledged is stored",
    ACKNOWLEDGED_DELIVERED = "everybody has what was acknowledged, once",
    NOTHING_MISSED = "has missed what is before",
    STREAMS_FORWARD = "the head of a stream only goes forward",
    STORED_ONCE = "a message is stored once",
    MESSAGES_IN_ORDER = "messages come in the order of their messageSeq",
    CONVERSATIONS_FORWARD = "the end of a conversation only goes forward",
    MEMBERS_HEAR = "only members hear anything of a conversation",
    UNREAD_AGREES = "the old one and events, and the fresh one",
    READS_FORWARD = "a read position only moves forward",
    CURSORS_FORWARD = "a read cursor only goes forward",
    MEMBERS_TYPE = "only members type in a conversation",
    TYPING_HEARD = "who types is heard in time",
    TYPING_ENDS = "typing ends in time",
    SENDER_TYPES_NO_MORE = "who sends a message types no more",

    // Rooms.
    LET_IN_ONLY = "only who is let in hears anything of a room",
    TAKEN_OUT = "who may be in a room no more is taken out of it",
    INSIDE_ONLY = "only who is in a room hears what happens there, and first what holds",
    WORDS_HEARD = "what is said in a room is heard there in time",
    WORDS_IN_ORDER = "what is said in a room comes in the order in which it was accepted",
    WORDS_KEPT = "what is kept of a room is in the inbox of everybody who may be there, once",
    STATES_KNOWN = "what holds in a room is what its people know",

    // Nodes.
    DRAIN_ENDS = "a node that drains ends in time",
    PLACE_GIVEN_UP = "a node that was drained has given up its place",
    DRAIN_UNSEEN = "nobody is shown as offline whom a drain sends to another node",
    SETTLES = "the world settles in time",
    TIME_GOES_ON = "goes on without time going on",
}
