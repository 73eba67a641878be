// The messages of Otomo's protocol. Written by `otomo schema typescript` from the server's own types: do not edit.

// ---- What messages consist of ----

/**
 * One call, from the request to its end. Made by the calling client. Compared as a UUID and answered in lower
 * case, however the client spelled it (RFC 9562, section 4).
 */
export type CallId = string;

/** How a call went. */
export type CallOutcome =
  /** It took place: media was up, however the call ended after that. */
  | 'completed'
  /** The otomo (or the server for them) declined. */
  | 'rejected'
  /** The caller gave up. */
  | 'cancelled'
  /** Nobody answered. */
  | 'missed'
  /** It was answered, but ended before media was up. */
  | 'failed';

/** One of the two people of a call. */
export interface CallParticipant {
  /** Who. */
  userId: UserId;
  /** Their name. */
  name: string;
  /** Their picture, or `null`. */
  avatar: string | null;
}

/** Where a call is, as clients see it. */
export type CallPhase =
  /** Stored, not yet delivered. */
  | 'requesting'
  /** At least one device of the otomo was told. */
  | 'ringing'
  /** Accepted, media not up. */
  | 'connecting'
  /** Media flows. */
  | 'connected'
  /** Over. */
  | 'ended';

/** How a metered call stands after a charge. */
export type CallTickStatus =
  /** The balance reaches for the next minute, too. */
  | 'ok'
  /** It does not: the call ends with the next minute, unless there are more points by then. */
  | 'low_balance'
  /**
   * The call ends with this: the last minute was charged, or the balance did not reach (`chargedPoints` is
   * 0).
   */
  | 'ended';

/** Why a device stops ringing. */
export type CancelReason =
  /** The caller gave up. */
  | 'caller_cancelled'
  /** The caller's connection was lost. */
  | 'caller_lost'
  /** Another device of the otomo answered. */
  | 'answered_elsewhere'
  /** Another device of the otomo declined. */
  | 'rejected_elsewhere'
  /** Nobody answered in time. */
  | 'timeout'
  /** Nobody's doing: another call took its place, or an admin or the server ended it. */
  | 'superseded';

/** What an otomo may choose. `busy` and `offline` follow from calls and connections, never from a wish. */
export type ChosenStatus =
  /** Ready for calls. */
  | 'online'
  /** Away for a while. */
  | 'break';

/** The id that a client gives its message, unique per sender. */
export type ClientMessageId = string;

/**
 * Why the server closes a connection. A client does not come back after 4000 to 4099, comes back after a
 * pause after 4100 to 4199, and without one after 4200 to 4299; in each case not before `retryAfterMs` of the
 * `closing` that came before.
 */
export type CloseCode =
  /** The answer to a client's own goodbye. */
  | 1000
  /** The server ends. */
  | 1001
  /** A frame that RFC 6455 forbids. */
  | 1002
  /** Binary where text is due. */
  | 1003
  /** Text that is not UTF-8. */
  | 1007
  /** A message above `limits.message_size`, or of too many fragments. */
  | 1009
  /** Our fault. */
  | 1011
  /** No token, a forged one, or none in time. */
  | 4001
  /** A page of an origin that is not on the list. */
  | 4002
  /** The user is disabled, or an admin closed their connections. */
  | 4003
  /** Too many faulty messages. */
  | 4004
  /** The user connected elsewhere and the policy keeps the newest. */
  | 4005
  /** The client reads too slowly for what it subscribes to. */
  | 4100
  /** The user has too many connections already. */
  | 4101
  /** Too many commands after all warnings. */
  | 4102
  /** The node drains: come back, another one (or the restarted one) takes over. */
  | 4200
  /** A ping went unanswered. */
  | 4201
  /** The token ran out, or names a role that its user has no more: come back with a new one. */
  | 4202;

/** Who saw the media. */
export type ConnectedMethod =
  /** The participants' own peer connections. */
  | 'peer_report'
  /** The media server. */
  | 'sfu_rtp_detected';

/** One conversation, of two people or of a group. */
export type ConversationId = string;

/** A point in time, written as ISO 8601. */
export type DateTime = string;

/** One device of a user: `?device=`, or the session's own id where none was named. */
export type DeviceId = string;

/** Why an accepted call ended. */
export type EndReason =
  /** The caller hung up. */
  | 'user_end'
  /** The otomo hung up. */
  | 'otomo_end'
  /** The caller's points ran out. */
  | 'low_balance'
  /** A participant did not return. */
  | 'disconnect'
  /** The media server saw no media. */
  | 'rtp_stopped'
  /** The peers found no way to each other. */
  | 'network_failed'
  /** Media did not come up in time. */
  | 'timeout'
  /** An admin ended it. */
  | 'admin_end'
  /** A new call of the same pair took its place. */
  | 'superseded'
  /** The server could not go on. */
  | 'system_error';

/** What is wrong, in a word that programs can act on. The `message` beside it says what to do. */
export type ErrorCode =
  /** Broken JSON, a wrong or missing field, nesting too deep. */
  | 'BAD_REQUEST'
  /** A `type` that no command has. */
  | 'UNKNOWN_TYPE'
  /** More bytes than `limits.message_size`, or a text of more than `chat.max_body`. */
  | 'MESSAGE_TOO_LARGE'
  /** No token, or one that is not ours. */
  | 'UNAUTHORIZED'
  /** A token of ours whose time is over. */
  | 'TOKEN_EXPIRED'
  /** The role may not do this. */
  | 'FORBIDDEN'
  /** Too many in too short a time; `context.retryAfterMs` says when to try again. */
  | 'RATE_LIMITED'
  /** No such thing, or none that the asker may see. */
  | 'NOT_FOUND'
  /** The path does nothing by this method; the header `Allow` lists those that do. */
  | 'METHOD_NOT_ALLOWED'
  /** A WebSocket of a version that is not spoken here; the header `Sec-WebSocket-Version` says which is. */
  | 'UPGRADE_REQUIRED'
  /** No session of the asker has this id, or is on this device: open a new stream. */
  | 'SESSION_NOT_FOUND'
  /** The thing is not in a state that allows this. */
  | 'CONFLICT'
  /** Our fault. */
  | 'INTERNAL_ERROR'
  /**
   * Not now: the database is away or the queue is full. If it went away at the commit it may have been done:
   * ask again by the same id.
   */
  | 'UNAVAILABLE'
  /** The called user is not an otomo. */
  | 'OTOMO_NOT_FOUND'
  /** The call id is taken by a call between other people. */
  | 'DUPLICATE_CALL_ID'
  /** The call's phase does not allow this; `context.phase` says which it is. */
  | 'INVALID_CALL_STATE'
  /** Another device of the otomo was first. */
  | 'CALL_ALREADY_ACCEPTED'
  /** The call is over; `context` says how. */
  | 'CALL_ALREADY_ENDED'
  /** Not a participant, or no such call: the two cannot be told apart. */
  | 'CALL_NOT_PARTICIPANT'
  /** The caller is in another call. */
  | 'CALLER_BUSY'
  /** A signal of the wrong kind, or from the wrong device. */
  | 'SIGNAL_REJECTED'
  /** The other side's device is away right now. */
  | 'PEER_UNAVAILABLE'
  /** Not a member, or no such conversation: the two cannot be told apart. */
  | 'CONVERSATION_NOT_FOUND'
  /** A message without a text. */
  | 'MESSAGE_EMPTY'
  /** The room is not the asker's to be in; whether it exists cannot be told. */
  | 'ROOM_FORBIDDEN'
  /** A published event that is not what its type or kind asks for; `context.path` says where. */
  | 'EVENT_INVALID'
  /** The app's backend does not take the action, or does not answer. */
  | 'ACTION_UNAVAILABLE'
  /** Fewer points than it costs; `context` says how many there are. */
  | 'INSUFFICIENT_POINTS'
  /** The points of a call could not be charged. */
  | 'BILLING_FAILED';

/** One durable event, stored once however many inboxes refer to it. */
export type EventId = string;

/** Whether somebody is there. */
export type FriendStatus =
  /** They are. */
  | 'online'
  /** They are not. */
  | 'offline';

/** How often the server pings and how long it waits. */
export interface HeartbeatSettings {
  /** Milliseconds between pings. */
  intervalMs: number;
  /** Milliseconds in which an answer is due. */
  timeoutMs: number;
}

/** An ICE candidate as `RTCIceCandidate.toJSON()` makes it, passed on as it is. */
export interface IceCandidateInit {
  candidate?: string;
  sdpMLineIndex?: number | null;
  sdpMid?: string | null;
  usernameFragment?: string | null;
}

/** One entry of `RTCConfiguration.iceServers`. */
export interface IceServer {
  /** `stun:` and `turn:` addresses. */
  urls: Array<string>;
  /** For `turn:`; short-lived. */
  credential?: string;
  /** For `turn:`; short-lived. */
  username?: string;
}

/** The limits that a client should know. */
export interface Limits {
  /** Bytes of the largest message. */
  messageSize: number;
  /** Commands a second in the long run. */
  commandsPerSecond: number;
  /** Commands at once. */
  burst: number;
  /** Call requests a minute. */
  callsPerMinute: number;
  /** Messages a minute, of the user on all connections; 0 for any number. */
  messagesPerMinute: number;
  /** Milliseconds a call rings. */
  ringTimeoutMs: number;
  /** Milliseconds from the answer to media. */
  connectTimeoutMs: number;
  /** Milliseconds a lost participant has to return. */
  lossGraceMs: number;
  /**
   * Milliseconds the app's backend may take for an action. A posted command that another node serves takes 10
   * s more at most.
   */
  actionTimeoutMs: number;
}

/** The call that the user is in. */
export interface LiveCall {
  /** The call. */
  callId: CallId;
  /** Where it is. */
  phase: CallPhase;
  /** What this user makes in it. */
  role: SignalingRole;
  /** Whether this very device is the one that signals. */
  bound: boolean;
  /** The caller. */
  caller: CallParticipant;
  /** The otomo. */
  otomo: CallParticipant;
  /** When it was asked for, in UNIX seconds. */
  timestamp: number;
  /** What the call cost so far. */
  totalChargedPoints: number;
  /** When media came up, in UNIX seconds. */
  connectedAt?: number;
  /** The deadline of this phase, in UNIX seconds, if it has one. */
  expiresAt?: number;
  /** For a device that comes back and restarts ICE. */
  iceServers?: Array<IceServer>;
  /** Points for each minute; absent for a call that is free. */
  pricePerMinute?: number;
  /** The same as a span. */
  remainingMs?: number;
}

/** One message of a conversation. */
export type MessageId = string;

/** One running server. */
export type NodeId = string;

/** One otomo in the snapshot. */
export interface OtomoEntry {
  /** Who. */
  userId: UserId;
  /** The status. */
  status: OtomoStatus;
  /** Since when, in UNIX seconds. */
  timestamp: number;
  /** Counts this otomo's changes. */
  version: number;
  /** Where the picture is. */
  avatar?: string;
  /** The name to show. */
  name?: string;
}

/** An otomo's status (source document 000, section 4). */
export type OtomoStatus =
  /** Ready for calls. */
  | 'online'
  /** In a call. */
  | 'busy'
  /** Away for a while. */
  | 'break'
  /** Not there. */
  | 'offline';

/** A call of the last minutes. */
export interface RecentCall {
  /** The call. */
  callId: CallId;
  /** The caller. */
  userId: UserId;
  /** The otomo. */
  otomoId: UserId;
  /** How it went. */
  outcome: CallOutcome;
  /** Why it ended. */
  reason: RejectReason | CancelReason | EndReason;
  /** UNIX seconds. */
  endedAt: number;
  /** From media to the end. */
  durationSeconds: number;
  /** What the call cost. */
  totalChargedPoints: number;
}

/** Why a call will not happen. */
export type RejectReason =
  /** In another call. */
  | 'busy'
  /** Declined by hand. */
  | 'manual_decline'
  /** On break, or not at the device. */
  | 'away'
  /** Nobody answered. */
  | 'timeout'
  /** Not there. */
  | 'offline'
  /** The server could not go on. */
  | 'system_error';

/** What a client calls its own command; the answer or the error carries it back. */
export type RequestId = string;

/** Why a stream cannot be continued. */
export type ResyncReason =
  /** What came next is no longer kept, or cannot be read. */
  | 'retention'
  /** The stream never got that far: another database, or another user's number. */
  | 'unknown_seq';

/** What a person, or a backend, may do: the `role` claim of a token, and its name on the wire. */
export type Role =
  /** Calls otomo. */
  | 'user'
  /** Takes calls. */
  | 'otomo'
  /** Sees and corrects everything; never part of a call. */
  | 'admin'
  /** A backend of the app. */
  | 'service';

/** A room (source document 003): `game_{session}`, `user_{id}`, or any name that the app chooses. */
export type RoomId = string;

/** Why somebody is in a room no more without having left it. */
export type RoomLeftReason =
  /** The backend took the grant back. */
  | 'revoked'
  /** The grant's time is over. */
  | 'expired';

/** An event as it was said to a room, of a type of ours or of the app's own. */
export interface SaidEvent {
  /** What it is. */
  type: string;
  /** Further fields. */
  [field: string]: unknown;
}

/** A session description as `RTCPeerConnection` makes it. */
export interface SessionDescription {
  /** `offer` or `answer` (also `pranswer`, `rollback`). */
  type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  /** SDP, passed on as it is. */
  sdp: string;
}

/** One connected client, for as long as it is connected. */
export type SessionId = string;

/** Who makes the offer. */
export type SignalingRole =
  /** The caller. */
  | 'offerer'
  /** The otomo. */
  | 'answerer';

/**
 * Why an otomo declines. The older names `manual_reject` and `no_response` are understood as `manual_decline`
 * and `timeout`.
 */
export type StatedReject =
  /** In another conversation. */
  | 'busy'
  /** Does not want to. */
  | 'manual_decline'
  /** Not at the device. */
  | 'away'
  /** The app gave up ringing. */
  | 'timeout';

/** How often to say that the user is writing. */
export interface TypingSettings {
  /** Milliseconds after which to send `typing-start` again while they write. */
  resendMs: number;
  /** Milliseconds after which they have stopped if it is not sent again. */
  expireMs: number;
}

/** One conversation in the snapshot. */
export interface UnreadConversation {
  /** The conversation. */
  conversationId: ConversationId;
  /** Its last message. */
  lastSeq: number;
  /** The last message that the user has seen. */
  readSeq: number;
  /** Messages after that. */
  unread: number;
}

/** A person (or a backend) as the app knows them: the `sub` of their token. */
export type UserId = string;

// ---- Events: what a client gets ----

/** The backend's answer to an action. */
export interface ActionAck {
  type: 'action_ack';
  /** The `type` of the command. */
  action: string;
  /** What the backend answered. */
  result: unknown;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** What came of a player's action (source document 003). */
export interface ActionResult {
  type: 'action_result';
  /** The player. */
  user_id: UserId;
  /** What they did. */
  action: unknown;
  /** What came of it. */
  result: unknown;
  /** When. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** The answer to `call_accept`. */
export interface CallAcceptAck {
  type: 'call_accept_ack';
  /** The call. */
  callId: CallId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The otomo answered (source document 001, WS-S02). */
export interface CallAccepted {
  type: 'call_accepted';
  /** The call. */
  callId: CallId;
  /** UNIX seconds. */
  timestamp: number;
}

/** The answer to `call_cancel`. */
export interface CallCancelAck {
  type: 'call_cancel_ack';
  /** The call. */
  callId: CallId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** Stop ringing. */
export interface CallCancelled {
  type: 'call_cancelled';
  /** The call. */
  callId: CallId;
  /** Why. */
  reason: CancelReason;
  /** UNIX seconds. */
  timestamp: number;
}

/** Media flows. */
export interface CallConnected {
  type: 'call_connected';
  /** The call. */
  callId: CallId;
  /** The caller. */
  userId: UserId;
  /** The otomo. */
  otomoId: UserId;
  /** UNIX seconds. */
  connectedAt: number;
  /** Who saw the media. */
  method: ConnectedMethod;
}

/** The call is over (source document 000, WS-S07). */
export interface CallEnd {
  type: 'call_end';
  /** The call. */
  callId: CallId;
  /** The caller. */
  userId: UserId;
  /** The otomo. */
  otomoId: UserId;
  /** UNIX seconds. */
  endedAt: number;
  /** Why. */
  reason: EndReason;
  /** From media to the end; 0 if media never came up. */
  durationSeconds: number;
  /** What the call cost. */
  totalChargedPoints: number;
}

/** The answer to `call_end_request`. */
export interface CallEndRequestAck {
  type: 'call_end_request_ack';
  /** The call. */
  callId: CallId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** Nobody answered; waits in the otomo's inbox. */
export interface CallMissed {
  type: 'call_missed';
  /** The call. */
  callId: CallId;
  /** Who called. */
  fromUserId: UserId;
  /** Their name. */
  fromUserName: string;
  /** When they called, in UNIX seconds. */
  timestamp: number;
  /** Its place in the user's stream of durable events. */
  seq: number;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev: number;
}

/** The peer's device is back. */
export interface CallPeerBack {
  type: 'call_peer_back';
  /** The call. */
  callId: CallId;
}

/** The peer's device is away; the call ends at the deadline unless it returns. */
export interface CallPeerReconnecting {
  type: 'call_peer_reconnecting';
  /** The call. */
  callId: CallId;
  /** UNIX seconds at which the call ends if the peer has not returned. */
  deadline: number;
}

/** The answer to `call_reject`. */
export interface CallRejectAck {
  type: 'call_reject_ack';
  /** The call. */
  callId: CallId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The call will not happen (source document 001, WS-S03). */
export interface CallRejected {
  type: 'call_rejected';
  /** The call. */
  callId: CallId;
  /** Why. */
  reason: RejectReason;
  /** UNIX seconds. */
  timestamp: number;
}

/** The request is stored. */
export interface CallRequestAck {
  type: 'call_request_ack';
  /** The call that was asked for. */
  callId: CallId;
  /** Where it is: `requesting` for every new request; a repeat may find it further on. */
  status: CallPhase;
  /** The two called each other at once: the call that both are in now. */
  joinedCallId?: CallId;
  /** How it ended, if it has. */
  outcome?: CallOutcome;
  /** Why it ended, if it has. */
  reason?: RejectReason | CancelReason | EndReason;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The otomo's device shows the ring. */
export interface CallRinging {
  type: 'call_ringing';
  /** The call. */
  callId: CallId;
}

/** The user's live call and those that ended lately. */
export interface CallSnapshot {
  type: 'call_snapshot';
  /** The live call, or `null`. */
  call: LiveCall | null;
  /** What ended in the last 10 minutes, newest first. */
  recent: Array<RecentCall>;
}

/** A minute of a metered call was charged. */
export interface CallTick {
  type: 'call_tick';
  /** The call. */
  callId: CallId;
  /** Which charge: 1 for that of the first minute. */
  tickNumber: number;
  /** What this one took. */
  chargedPoints: number;
  /** What the call took so far. */
  totalChargedPoints: number;
  /** From media to when it fell due. */
  durationSeconds: number;
  /** How the call stands. */
  status: CallTickStatus;
  /** When it fell due, in UNIX seconds. */
  timestamp: number;
  /** What the caller has left: told to the caller alone. */
  userBalance?: number;
}

/** A player says something (source document 003). */
export interface ChatMessage {
  type: 'chat_message';
  /** The session of the game. */
  game_session_id: string;
  /** The player. */
  user_id: UserId;
  /** What they say. */
  message: string;
  /** When. */
  timestamp: DateTime;
}

/** The connection is about to close, for clients that cannot see close codes. */
export interface Closing {
  type: 'closing';
  /** The close code that follows. */
  code: CloseCode;
  /** In words. */
  reason: string;
  /** Whether to connect again. */
  reconnect: boolean;
  /** How long to wait before. */
  retryAfterMs: number;
}

/** The first message of every session. */
export interface Connected {
  type: 'connected';
  /** This connection. */
  sessionId: SessionId;
  /** Whose it is. */
  userId: UserId;
  /** What they may do. */
  role: Role;
  /** The node that serves it. */
  node: NodeId;
  /** Where the stream of durable events stands, or where this client resumes. */
  seq: number;
  /** Whether the client's `lastSeq` is continued. */
  resumed: boolean;
  /** The heartbeat in force. */
  heartbeat: HeartbeatSettings;
  /** The limits in force. */
  limits: Limits;
  /** The pace of `typing-start`. */
  typing: TypingSettings;
  /** UNIX seconds. */
  timestamp: number;
}

/** A command that was not done. */
export interface ServerError {
  type: 'error';
  /** For the client's program. */
  code: ErrorCode;
  /** For its programmer. */
  message: string;
  /** UNIX seconds. */
  timestamp: number;
  /** What it is about. */
  context?: { [key: string]: unknown };
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** A friend or conversation partner has come online or gone offline (source document 004). */
export interface FriendStatusChanged {
  type: 'friend_status_changed';
  /** The user. */
  user_id: UserId;
  /** What they are now. */
  status: FriendStatus;
  /**
   * Since when, in milliseconds: when they came, or when they were last there. A leave that could have been a
   * tunnel is told only after its grace.
   */
  timestamp: number;
}

/**
 * Which friends and conversation partners are online: with every `unread_snapshot`, and when a friendship
 * begins or ends. For those who listen to `chat` or `friends`.
 */
export interface FriendStatusSnapshot {
  type: 'friend_status_snapshot';
  /** Whether each of them is online. */
  statuses: { [key: string]: boolean };
  /** When each of the others was last online, in UNIX seconds; those who never were are missing. */
  lastSeen: { [key: string]: number };
}

/** A game ends (source document 003). */
export interface GameEnded {
  type: 'game_ended';
  /** Why, in the app's own words. */
  reason: string;
  /** The state that it ended with. */
  final_state: unknown;
  /** When it ended. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** Something went wrong in a game (source document 003). */
export interface GameError {
  type: 'game_error';
  /** What kind of fault it is, in the app's own words. */
  error_type: string;
  /** The same for people. */
  message: string;
  /** When it happened. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** A game begins (source document 003). */
export interface GameStarted {
  type: 'game_started';
  /** The session of the game. */
  game_session_id: string;
  /** The state that it begins with. */
  initial_state: unknown;
  /** When it began. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** The answer to `heartbeat`. */
export interface HeartbeatAck {
  type: 'heartbeat_ack';
  /** UNIX seconds. */
  timestamp: number;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** A way to reach the peer. */
export interface IceCandidate {
  type: 'ice_candidate';
  /** The call. */
  callId: CallId;
  /** Who sent it. */
  fromUserId: UserId;
  /** A way to reach them, or `null`. */
  candidate: IceCandidateInit | null;
}

/** Somebody calls (source document 001, WS-S01). */
export interface IncomingCall {
  type: 'incoming_call';
  /** The call. */
  callId: CallId;
  /** Who calls. */
  fromUserId: UserId;
  /** Their name. */
  fromUserName: string;
  /** Their picture, or `null`. */
  fromUserAvatar: string | null;
  /** When the ring was made, in UNIX seconds. */
  timestamp: number;
  /** When it stops, in UNIX seconds. */
  expiresAt: number;
  /** The same as a span, for clients whose clock is off. */
  remainingMs: number;
}

/** The answer to `join_game` (source document 003). */
export interface JoinedGame {
  type: 'joined_game';
  /** The session of the game. */
  game_session_id: string;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The answer to `leave_game` (source document 003). */
export interface LeftGame {
  type: 'left_game';
  /** The session of the game. */
  game_session_id: string;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** Somebody has seen messages (source document 002). */
export interface MessageRead {
  type: 'message-read';
  /** The conversation. */
  conversationId: ConversationId;
  /** The last message that they have seen. */
  messageSeq: number;
  /** The user. */
  userId: UserId;
  /** UNIX seconds. */
  timestamp: number;
  /** Its place in the user's stream of durable events. */
  seq: number;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev: number;
}

/** The answer to `message-read`. */
export interface MessageReadAck {
  type: 'message_read_ack';
  /** The conversation. */
  conversationId: ConversationId;
  /** Where the cursor is now; further than was asked for if another device has seen more. */
  messageSeq: number;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The message is stored. */
export interface MessageSendAck {
  type: 'message_send_ack';
  /** The id that the client gave it. */
  clientMessageId: ClientMessageId;
  /** The id that the server gave it. */
  messageId: MessageId;
  /** Its conversation. */
  conversationId: ConversationId;
  /** Its place in the conversation: 1 for the first, without a gap. */
  messageSeq: number;
  /** When it was stored, in UNIX seconds. */
  createdAt: number;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The story goes on (source document 003). */
export interface NarrativeUpdate {
  type: 'narrative_update';
  /** What is told. */
  narrative: string;
  /** What kind of telling it is, in the app's own words. */
  narrative_type: string;
  /** When it was told. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** A message, also one from the user's own devices (source document 002). */
export interface NewMessage {
  type: 'new-message';
  /** Which message. */
  messageId: MessageId;
  /** Its conversation. */
  conversationId: ConversationId;
  /** Its place in the conversation. */
  messageSeq: number;
  /** Who wrote it. */
  senderId: UserId;
  /** The text. */
  body: string;
  /** The id that the sender's client gave it. */
  clientMessageId: ClientMessageId;
  /** When it was stored, in UNIX seconds. */
  createdAt: number;
  /** Its place in the user's stream of durable events. */
  seq: number;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev: number;
  /** JSON that the app added. */
  data?: unknown;
}

/** A message of the app to its user. */
export interface AppNotification {
  type: 'notification';
  /** Identifies it for good. */
  id: EventId;
  /** What to show. */
  message: string;
  /** The app's own sorting. */
  category: string;
  /** The app's own data. */
  data: { [key: string]: unknown };
  /** UNIX seconds. */
  timestamp: number;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** A headline. */
  title?: string | null;
  /** Further fields. */
  [field: string]: unknown;
}

/** The otomo's choice is stored. */
export interface OtomoStatusSetAck {
  type: 'otomo_status_set_ack';
  /** What is chosen now. */
  status: ChosenStatus;
  /** What everybody sees now; differs from the choice during a call. */
  shown: OtomoStatus;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
  /** When the choice returns to `online`, in UNIX seconds. */
  until?: number;
}

/** Everybody's status at the start. */
export interface OtomoStatusSnapshot {
  type: 'otomo_status_snapshot';
  /** Online first, then busy, break, offline; within these the most recent change first. */
  otomos: Array<OtomoEntry>;
  /** The list goes on with the next message of this type. */
  more?: boolean;
}

/** An otomo's status changed (source document 000, WS-S08). */
export interface OtomoStatusUpdate {
  type: 'otomo_status_update';
  /** Whose status. */
  userId: UserId;
  /** What it is now. */
  status: OtomoStatus;
  /** When it changed, in UNIX seconds. */
  timestamp: number;
  /** Counts the changes of this otomo, for clients that ask for it with `?v=1`. */
  v?: number;
}

/** How a player is (source document 003). */
export interface PlayerStatusUpdate {
  type: 'player_status_update';
  /** The player. */
  user_id: UserId;
  /** Their status, in the app's own words. */
  status: string;
  /** When it changed. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** The answer to `ping` (source document 003). */
export interface Pong {
  type: 'pong';
  /** When it was answered. */
  timestamp: DateTime;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** Snapshots and replay are done: what follows is live. */
export interface Ready {
  type: 'ready';
  /** The newest durable event that the client now has or has been offered. */
  seq: number;
}

/** The stream does not reach back to the client's `lastSeq`, or an event in it cannot be read. */
export interface Resync {
  type: 'resync';
  /** Why. */
  reason: ResyncReason;
  /** The oldest event still kept; after one that cannot be read, the next. */
  firstSeq: number;
  /** Where this connection goes on: after the newest one; or after the one that cannot be read. */
  seq: number;
}

/** An event of the app's own type in a room. */
export interface RoomEvent {
  type: 'room_event';
  /** The room. */
  room: RoomId;
  /** The event's type, in the app's own words. */
  event: string;
  /** What the backend said. */
  data: unknown;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
}

/** The answer to `room_join`. */
export interface RoomJoinAck {
  type: 'room_join_ack';
  /** The room. */
  room: RoomId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The answer to `room_leave`. */
export interface RoomLeaveAck {
  type: 'room_leave_ack';
  /** The room. */
  room: RoomId;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** The user may be in a room no more. */
export interface RoomLeft {
  type: 'room_left';
  /** The room. */
  room: RoomId;
  /** Why. */
  reason: RoomLeftReason;
}

/** The states that hold in a room. */
export interface RoomSnapshot {
  type: 'room_snapshot';
  /** The room. */
  room: RoomId;
  /** The newest state of each key, the oldest first, each as it was said. */
  events: Array<SaidEvent>;
}

/** Build the peer connection now. */
export interface SignalingStart {
  type: 'signaling_start';
  /** The call. */
  callId: CallId;
  /** Who makes the offer. */
  role: SignalingRole;
  /** For `new RTCPeerConnection({iceServers})`. */
  iceServers: Array<IceServer>;
}

/** The points of a new day (source document 003). */
export interface SpDailyRecovery {
  type: 'sp_daily_recovery';
  /** The points that were added. */
  total_amount: number;
  /** The balance after. */
  balance_after: number;
  /** The local day that they are for (`2026-11-25`). */
  date: string;
  /** When it was stored. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** Something costs more than there is (source document 003). */
export interface SpInsufficient {
  type: 'sp_insufficient';
  /** What it would have cost. */
  required_amount: number;
  /** The balance. */
  current_sp: number;
  /** What was to be done, in the app's own words. */
  action: string;
  /** The same for people. */
  message: string;
  /** When it was refused. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** The balance has changed (source document 003). */
export interface SpUpdate {
  type: 'sp_update';
  /** The balance now. */
  current_sp: number;
  /** By how much it changed; negative for what was consumed. */
  amount_changed: number;
  /** What kind of change it was, in the app's own words. */
  transaction_type: string;
  /** The same for people. */
  description: string;
  /** The balance before. */
  balance_before: number;
  /** The balance after: the same as `current_sp`. */
  balance_after: number;
  /** The app's own data. */
  metadata: { [key: string]: unknown };
  /** When it was stored. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** A change of the game's state (source document 003). */
export interface StateUpdate {
  type: 'state_update';
  /** The change. */
  update: unknown;
  /** When it came about. */
  timestamp: DateTime;
  /**
   * The durable event that this connection was sent before it. A client that has not got that one lacks
   * something.
   */
  prev?: number;
  /** Its place in the user's stream of durable events. */
  seq?: number;
  /** Further fields. */
  [field: string]: unknown;
}

/** The token runs out soon. */
export interface TokenExpiring {
  type: 'token_expiring';
  /** UNIX seconds. */
  expiresAt: number;
}

/** The answer to `token_refresh`. */
export interface TokenRefreshAck {
  type: 'token_refresh_ack';
  /** UNIX seconds. */
  expiresAt: number;
  /** What the sender of the command called it, if anything. */
  requestId?: RequestId;
}

/** Somebody is typing (source document 002). */
export interface TypingStart {
  type: 'typing-start';
  /** The conversation. */
  conversationId: ConversationId;
  /** The user. */
  userId: UserId;
  /** Milliseconds until it ends by itself, unless there is another `typing-start`. */
  expiresInMs: number;
}

/** Somebody has stopped typing (source document 002). */
export interface TypingStop {
  type: 'typing-stop';
  /** The conversation. */
  conversationId: ConversationId;
  /** The user. */
  userId: UserId;
}

/** How far the user has read: at the start, and again when a conversation begins or its members change. */
export interface UnreadSnapshot {
  type: 'unread_snapshot';
  /** It contains the effect of the durable events up to this `seq`. */
  asOfSeq: number;
  /** The conversations with something unread or lately changed, the latest message first. */
  conversations: Array<UnreadConversation>;
}

/** A conversation partner has gone offline (source document 002). */
export interface UserOffline {
  type: 'user-offline';
  /** The user. */
  userId: UserId;
  /** UNIX seconds. */
  timestamp: number;
  /** When they were last online, in UNIX seconds. */
  lastSeen: number;
}

/** A conversation partner has come online (source document 002). */
export interface UserOnline {
  type: 'user-online';
  /** The user. */
  userId: UserId;
  /** UNIX seconds. */
  timestamp: number;
}

/** The peer's answer. */
export interface WebrtcAnswer {
  type: 'webrtc_answer';
  /** The call. */
  callId: CallId;
  /** Who sent it. */
  fromUserId: UserId;
  /** What they answer. */
  answer: SessionDescription;
}

/** The peer's offer. */
export interface WebrtcOffer {
  type: 'webrtc_offer';
  /** The call. */
  callId: CallId;
  /** Who sent it. */
  fromUserId: UserId;
  /** What they offer. */
  offer: SessionDescription;
}

/** Every event by its `type`. Events of the app's own types come beside these. */
export interface EventMap {
  /** The backend's answer to an action. */
  action_ack: ActionAck;
  /** What came of a player's action (source document 003). */
  action_result: ActionResult;
  /** The answer to `call_accept`. */
  call_accept_ack: CallAcceptAck;
  /** The otomo answered (source document 001, WS-S02). */
  call_accepted: CallAccepted;
  /** The answer to `call_cancel`. */
  call_cancel_ack: CallCancelAck;
  /** Stop ringing. */
  call_cancelled: CallCancelled;
  /** Media flows. */
  call_connected: CallConnected;
  /** The call is over (source document 000, WS-S07). */
  call_end: CallEnd;
  /** The answer to `call_end_request`. */
  call_end_request_ack: CallEndRequestAck;
  /** Nobody answered; waits in the otomo's inbox. */
  call_missed: CallMissed;
  /** The peer's device is back. */
  call_peer_back: CallPeerBack;
  /** The peer's device is away; the call ends at the deadline unless it returns. */
  call_peer_reconnecting: CallPeerReconnecting;
  /** The answer to `call_reject`. */
  call_reject_ack: CallRejectAck;
  /** The call will not happen (source document 001, WS-S03). */
  call_rejected: CallRejected;
  /** The request is stored. */
  call_request_ack: CallRequestAck;
  /** The otomo's device shows the ring. */
  call_ringing: CallRinging;
  /** The user's live call and those that ended lately. */
  call_snapshot: CallSnapshot;
  /** A minute of a metered call was charged. */
  call_tick: CallTick;
  /** A player says something (source document 003). */
  chat_message: ChatMessage;
  /** The connection is about to close, for clients that cannot see close codes. */
  closing: Closing;
  /** The first message of every session. */
  connected: Connected;
  /** A command that was not done. */
  error: ServerError;
  /** A friend or conversation partner has come online or gone offline (source document 004). */
  friend_status_changed: FriendStatusChanged;
  /**
   * Which friends and conversation partners are online: with every `unread_snapshot`, and when a friendship
   * begins or ends. For those who listen to `chat` or `friends`.
   */
  friend_status_snapshot: FriendStatusSnapshot;
  /** A game ends (source document 003). */
  game_ended: GameEnded;
  /** Something went wrong in a game (source document 003). */
  game_error: GameError;
  /** A game begins (source document 003). */
  game_started: GameStarted;
  /** The answer to `heartbeat`. */
  heartbeat_ack: HeartbeatAck;
  /** A way to reach the peer. */
  ice_candidate: IceCandidate;
  /** Somebody calls (source document 001, WS-S01). */
  incoming_call: IncomingCall;
  /** The answer to `join_game` (source document 003). */
  joined_game: JoinedGame;
  /** The answer to `leave_game` (source document 003). */
  left_game: LeftGame;
  /** Somebody has seen messages (source document 002). */
  'message-read': MessageRead;
  /** The answer to `message-read`. */
  message_read_ack: MessageReadAck;
  /** The message is stored. */
  message_send_ack: MessageSendAck;
  /** The story goes on (source document 003). */
  narrative_update: NarrativeUpdate;
  /** A message, also one from the user's own devices (source document 002). */
  'new-message': NewMessage;
  /** A message of the app to its user. */
  notification: AppNotification;
  /** The otomo's choice is stored. */
  otomo_status_set_ack: OtomoStatusSetAck;
  /** Everybody's status at the start. */
  otomo_status_snapshot: OtomoStatusSnapshot;
  /** An otomo's status changed (source document 000, WS-S08). */
  otomo_status_update: OtomoStatusUpdate;
  /** How a player is (source document 003). */
  player_status_update: PlayerStatusUpdate;
  /** The answer to `ping` (source document 003). */
  pong: Pong;
  /** Snapshots and replay are done: what follows is live. */
  ready: Ready;
  /** The stream does not reach back to the client's `lastSeq`, or an event in it cannot be read. */
  resync: Resync;
  /** An event of the app's own type in a room. */
  room_event: RoomEvent;
  /** The answer to `room_join`. */
  room_join_ack: RoomJoinAck;
  /** The answer to `room_leave`. */
  room_leave_ack: RoomLeaveAck;
  /** The user may be in a room no more. */
  room_left: RoomLeft;
  /** The states that hold in a room. */
  room_snapshot: RoomSnapshot;
  /** Build the peer connection now. */
  signaling_start: SignalingStart;
  /** The points of a new day (source document 003). */
  sp_daily_recovery: SpDailyRecovery;
  /** Something costs more than there is (source document 003). */
  sp_insufficient: SpInsufficient;
  /** The balance has changed (source document 003). */
  sp_update: SpUpdate;
  /** A change of the game's state (source document 003). */
  state_update: StateUpdate;
  /** The token runs out soon. */
  token_expiring: TokenExpiring;
  /** The answer to `token_refresh`. */
  token_refresh_ack: TokenRefreshAck;
  /** Somebody is typing (source document 002). */
  'typing-start': TypingStart;
  /** Somebody has stopped typing (source document 002). */
  'typing-stop': TypingStop;
  /** How far the user has read: at the start, and again when a conversation begins or its members change. */
  unread_snapshot: UnreadSnapshot;
  /** A conversation partner has gone offline (source document 002). */
  'user-offline': UserOffline;
  /** A conversation partner has come online (source document 002). */
  'user-online': UserOnline;
  /** The peer's answer. */
  webrtc_answer: WebrtcAnswer;
  /** The peer's offer. */
  webrtc_offer: WebrtcOffer;
}

// ---- Commands: what a client sends ----

/** The otomo answers (source document 001, WS-C02). Answered with `call_accept_ack`. */
export interface CallAcceptFields {
  /** The call. */
  callId: CallId;
}

/** The caller gives up before an answer. Answered with `call_cancel_ack`. */
export interface CallCancelFields {
  /** The call. */
  callId: CallId;
}

/** A participant's peer connection says that media flows. Answered only if it is refused. */
export interface CallConnectedFields {
  /** The call. */
  callId: CallId;
}

/** A participant hangs up. Answered with `call_end_request_ack`. */
export interface CallEndRequestFields {
  /** The call. */
  callId: CallId;
}

/** The otomo declines (source document 001, WS-C03). Answered with `call_reject_ack`. */
export interface CallRejectFields {
  /** The call. */
  callId: CallId;
  /** Why; `manual_decline` where nothing is said. */
  reason?: StatedReject | null;
}

/** A user calls an otomo (source document 001, WS-C01). Answered with `call_request_ack`. */
export interface CallRequestFields {
  /** The otomo to call. */
  toUserId: UserId;
  /**
   * Made by the client, so that a repeat after a lost answer is known as one. In whatever case it comes, it
   * is answered in lower case.
   */
  callId: CallId;
}

/** A device of the otomo shows the ring. Answered only if it is refused. */
export interface CallRingingFields {
  /** The call. */
  callId: CallId;
}

/**
 * A player says something to the others in the game (source document 003). Answered only if it is refused.
 */
export interface ChatMessageFields {
  /** The session of the game. */
  game_session_id: string;
  /** What is said. */
  message: string;
}

/** A player does something; the app's backend answers (source document 003). Answered with `action_ack`. */
export interface GameActionFields {
  /** What the player does, in the app's own words. */
  action?: unknown;
  /** The session of the game. */
  game_session_id?: string | null;
  /** Further fields. */
  [field: string]: unknown;
}

/** A sign of life. Answered with `heartbeat_ack`. */
export interface HeartbeatFields {
}

/** One way to reach a peer, or `null` when there are no more. Answered only if it is refused. */
export interface IceCandidateFields {
  /** The call. */
  callId: CallId;
  /** One candidate, or the end of them. */
  candidate: IceCandidateInit | null;
}

/**
 * The token, for clients that cannot put it into the request: the first message of a WebSocket. `connected`
 * follows. Answered only if it is refused.
 */
export interface InitConnectionFields {
  /** A JSON Web Token. */
  token: string;
  /** What this device is called over reconnects. */
  device?: DeviceId | null;
  /** The last durable `seq` this client has, to continue from there. */
  lastSeq?: number | null;
  /** A comma list of topics. */
  topics?: string | null;
}

/** A player enters a game (source document 003). Answered with `joined_game`. */
export interface JoinGameFields {
  /** The session of the game. */
  game_session_id: string;
}

/** A player leaves a game (source document 003). Answered with `left_game`. */
export interface LeaveGameFields {
  /** The session of the game. */
  game_session_id: string;
}

/** A member has seen everything up to a message. Answered with `message_read_ack`. */
export interface MessageReadFields {
  /** The conversation. */
  conversationId: ConversationId;
  /** The last message that was seen. */
  messageSeq: number;
}

/** A member writes (source document 002). Answered with `message_send_ack`. */
export interface MessageSendFields {
  /** Chosen by the client, so that a repeat after a lost answer is recognised. */
  clientMessageId: ClientMessageId;
  /** The text. */
  body: string;
  /** The conversation; either this or the person. */
  conversationId?: ConversationId | null;
  /** Any JSON that the app adds, passed on as it is. */
  data?: unknown;
  /** The person; either this or the conversation. */
  toUserId?: UserId | null;
}

/**
 * An otomo goes on break or comes back (source document 000, O-01). Answered with `otomo_status_set_ack`.
 */
export interface OtomoStatusSetFields {
  /** What the otomo chooses. */
  status: ChosenStatus;
  /** UNIX seconds at which the choice returns to `online`. */
  until?: number | null;
}

/** A sign of life of the document's clients (source document 003). Answered with `pong`. */
export interface PingFields {
}

/** The same as `join_game`, for any room. Answered with `room_join_ack`. */
export interface RoomJoinFields {
  /** The room. */
  room: RoomId;
}

/** The same as `leave_game`, for any room. Answered with `room_leave_ack`. */
export interface RoomLeaveFields {
  /** The room. */
  room: RoomId;
}

/** A new token before the old one runs out. Answered with `token_refresh_ack`. */
export interface TokenRefreshFields {
  /** A JSON Web Token. */
  token: string;
}

/** A member is writing. Answered only if it is refused. */
export interface TypingStartFields {
  /** The conversation. */
  conversationId: ConversationId;
}

/** A member has stopped writing. Answered only if it is refused. */
export interface TypingStopFields {
  /** The conversation. */
  conversationId: ConversationId;
}

/** The answerer's session description. Answered only if it is refused. */
export interface WebrtcAnswerFields {
  /** The call. */
  callId: CallId;
  /** What is answered. */
  answer: SessionDescription;
}

/** The offerer's session description. Answered only if it is refused. */
export interface WebrtcOfferFields {
  /** The call. */
  callId: CallId;
  /** What is offered. */
  offer: SessionDescription;
}

/**
 * Every command by its `type`: its fields, and the event that answers it, if it is answered at all. One that
 * is refused is answered with a `ServerError`.
 */
export interface CommandMap {
  /** The otomo answers (source document 001, WS-C02). Answered with `call_accept_ack`. */
  call_accept: { fields: CallAcceptFields; answer: CallAcceptAck };
  /** The caller gives up before an answer. Answered with `call_cancel_ack`. */
  call_cancel: { fields: CallCancelFields; answer: CallCancelAck };
  /** A participant's peer connection says that media flows. Answered only if it is refused. */
  call_connected: { fields: CallConnectedFields; answer: void };
  /** A participant hangs up. Answered with `call_end_request_ack`. */
  call_end_request: { fields: CallEndRequestFields; answer: CallEndRequestAck };
  /** The otomo declines (source document 001, WS-C03). Answered with `call_reject_ack`. */
  call_reject: { fields: CallRejectFields; answer: CallRejectAck };
  /** A user calls an otomo (source document 001, WS-C01). Answered with `call_request_ack`. */
  call_request: { fields: CallRequestFields; answer: CallRequestAck };
  /** A device of the otomo shows the ring. Answered only if it is refused. */
  call_ringing: { fields: CallRingingFields; answer: void };
  /**
   * A player says something to the others in the game (source document 003). Answered only if it is refused.
   */
  chat_message: { fields: ChatMessageFields; answer: void };
  /**
   * A player does something; the app's backend answers (source document 003). Answered with `action_ack`.
   */
  game_action: { fields: GameActionFields; answer: ActionAck };
  /** A sign of life. Answered with `heartbeat_ack`. */
  heartbeat: { fields: HeartbeatFields; answer: HeartbeatAck };
  /** One way to reach a peer, or `null` when there are no more. Answered only if it is refused. */
  ice_candidate: { fields: IceCandidateFields; answer: void };
  /**
   * The token, for clients that cannot put it into the request: the first message of a WebSocket. `connected`
   * follows. Answered only if it is refused.
   */
  init_connection: { fields: InitConnectionFields; answer: void };
  /** A player enters a game (source document 003). Answered with `joined_game`. */
  join_game: { fields: JoinGameFields; answer: JoinedGame };
  /** A player leaves a game (source document 003). Answered with `left_game`. */
  leave_game: { fields: LeaveGameFields; answer: LeftGame };
  /** A member has seen everything up to a message. Answered with `message_read_ack`. */
  'message-read': { fields: MessageReadFields; answer: MessageReadAck };
  /** A member writes (source document 002). Answered with `message_send_ack`. */
  message_send: { fields: MessageSendFields; answer: MessageSendAck };
  /**
   * An otomo goes on break or comes back (source document 000, O-01). Answered with `otomo_status_set_ack`.
   */
  otomo_status_set: { fields: OtomoStatusSetFields; answer: OtomoStatusSetAck };
  /** A sign of life of the document's clients (source document 003). Answered with `pong`. */
  ping: { fields: PingFields; answer: Pong };
  /** The same as `join_game`, for any room. Answered with `room_join_ack`. */
  room_join: { fields: RoomJoinFields; answer: RoomJoinAck };
  /** The same as `leave_game`, for any room. Answered with `room_leave_ack`. */
  room_leave: { fields: RoomLeaveFields; answer: RoomLeaveAck };
  /** A new token before the old one runs out. Answered with `token_refresh_ack`. */
  token_refresh: { fields: TokenRefreshFields; answer: TokenRefreshAck };
  /** A member is writing. Answered only if it is refused. */
  'typing-start': { fields: TypingStartFields; answer: void };
  /** A member has stopped writing. Answered only if it is refused. */
  'typing-stop': { fields: TypingStopFields; answer: void };
  /** The answerer's session description. Answered only if it is refused. */
  webrtc_answer: { fields: WebrtcAnswerFields; answer: void };
  /** The offerer's session description. Answered only if it is refused. */
  webrtc_offer: { fields: WebrtcOfferFields; answer: void };
}

export type EventType = keyof EventMap;

export type CommandType = keyof CommandMap;

/** Everything a client may get, besides events of the app's own types. */
export type OtomoEvent = EventMap[EventType];

/** Everything a client may send, besides the actions that the app has named itself. */
export type OtomoCommand = {
  [Type in CommandType]: { type: Type; requestId?: RequestId } & CommandMap[Type]['fields'];
}[CommandType];
