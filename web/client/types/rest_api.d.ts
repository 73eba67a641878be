// The REST of Otomo. Written by `otomo schema typescript-rest` from its OpenAPI document (web/schemas/openapi.json): do not edit.

// ---- What bodies and answers consist of ----

/** The acknowledgement of a command, as sockets get it. */
export interface Acknowledgement {
  /** Which acknowledgement. */
  type: string;
  /** The command's. */
  requestId?: RequestId | null;
  /** Further fields. */
  [field: string]: unknown;
}

/** What admins can do. */
export type AdminAction =
  /** Ended a call. */
  | 'call.end'
  /** Gave an otomo a status. */
  | 'otomo.status'
  /** Set an otomo free for calls. */
  | 'otomo.free'
  /** Closed a connection. */
  | 'session.disconnect'
  /** Closed all connections of somebody. */
  | 'user.disconnect'
  /** Had a user's durable events sent again. */
  | 'inbox.resend'
  /** Had a node drained. */
  | 'node.drain';

/** One entry. */
export interface AuditEntry {
  id: AuditId;
  at: DateTime;
  actor: UserId;
  action: AdminAction;
  target: string;
  detail: string | null;
  /** `done`, the code of the error, or `null` if the server stopped before it was known. */
  outcome: string | null;
}

/** One thing that an admin did. */
export type AuditId = string;

/** One call. What has not happened is `null`. */
export interface Call {
  callId: CallId;
  phase: CallPhase;
  caller: CallParticipant;
  otomo: CallParticipant;
  requestedAt: DateTime;
  acceptedAt: DateTime | null;
  /** When media came up. */
  connectedAt: DateTime | null;
  /** When this phase must be over. */
  expiresAt: DateTime | null;
  endedAt: DateTime | null;
  /** How far it came. */
  outcome: CallOutcome | null;
  /** Why it went no further. */
  reason: CallEndReason | null;
  /** From media to the end. */
  durationSeconds: number;
  /** Points for each minute; `null` for a call that is free. */
  pricePerMinute: number | null;
  /** What it cost so far. */
  totalChargedPoints: number;
  /** The two called each other at once: the call that they were in instead. */
  joinedCallId: CallId | null;
}

/** How many live calls are in which phase. */
export interface CallCounts {
  requesting: number;
  ringing: number;
  connecting: number;
  connected: number;
}

/** Why a call went no further: what it means depends on the outcome. */
export type CallEndReason = Rejection | Cancellation | Hangup;

export interface CallEnded {
  callId: CallId;
}

/**
 * One call, from the request to its end. Made by the calling client. Compared as a UUID and answered in lower
 * case, however the client spelled it (RFC 9562, section 4).
 */
export type CallId = string;

/** How far a call came. */
export type CallOutcome =
  /** Accepted and connected. */
  | 'completed'
  /** Not taken by the otomo, or by the server in their place. */
  | 'rejected'
  /** Given up by the caller before it was accepted. */
  | 'cancelled'
  /** Rang to the end. */
  | 'missed'
  /** Accepted and never connected. */
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

/** The phases by name. */
export type CallPhase =
  /** Stored, and not yet told to the otomo. */
  | 'requesting'
  /** The otomo has been told. */
  | 'ringing'
  /** Accepted; the two exchange signals. */
  | 'connecting'
  /** Media flows. */
  | 'connected'
  /** Over. */
  | 'ended';

/** What happened in a call, in order. */
export interface CallTimeline {
  callId: CallId;
  events: Array<CallTimelineEvent>;
}

export interface CallTimelineEvent {
  /** Of the call, counted up with each event. */
  version: number;
  at: DateTime;
  event: TimelineEvent;
  by: CausedBy;
  /** What there is to add: how the call ended, which device accepted. */
  detail: string | null;
}

/** Why a call was cancelled. */
export type Cancellation =
  /** The caller gave up. */
  | 'caller_cancelled'
  /** The caller's device was lost and did not come back. */
  | 'caller_lost'
  /** The same two began a new call. */
  | 'superseded';

/** Who caused something that happened to a call. */
export type CausedBy =
  /** The caller, by asking or by being gone. */
  | 'caller'
  /** The otomo, by asking or by being gone. */
  | 'otomo'
  /** The media server. */
  | 'media_server'
  /** An admin. */
  | 'admin'
  /** The server: a deadline, a refusal, a drain. */
  | 'system';

/** What an otomo may choose. `busy` and `offline` follow from calls and connections, never from a wish. */
export type ChosenStatus =
  /** Ready for calls. */
  | 'online'
  /** Away for a while. */
  | 'break';

/** The id that a client gives its message, unique per sender. */
export type ClientMessageId = string;

/** A command as sockets take it (`/schemas/messages.json`). */
export interface Command {
  /** Which command. */
  type: string;
  /** What the client calls it: its answer carries it back. */
  requestId?: RequestId | null;
  /** Further fields. */
  [field: string]: unknown;
}

export interface ConnectionsClosed {
  /** Connections that were closed. */
  closed: number;
}

/** One conversation, as the asker sees it. */
export interface Conversation {
  conversationId: ConversationId;
  kind: ConversationKind;
  /** Of a group that has one. */
  title: string | null;
  createdBy: UserId;
  createdAt: DateTime;
  /** When its last message came, or when it began. */
  lastAt: DateTime;
  /** The `messageSeq` of its last message; 0 before the first. */
  lastSeq: number;
  /** The last message that the asker has seen. */
  readSeq: number;
  /** Messages after that which are of others. */
  unread: number;
  lastMessage: Message | null;
  members: Array<ConversationMember>;
}

/** One conversation, of two people or of a group. */
export type ConversationId = string;

/** What kind of conversation it is. */
export type ConversationKind =
  /** Of two people; there is one for each pair. */
  | 'direct'
  /** Of up to 256 people. */
  | 'group';

export interface ConversationMember {
  userId: UserId;
  name: string;
  avatar: string | null;
  /** The last message that they have seen. */
  readSeq: number;
  /** When they had; `null` if they have not seen any. */
  readAt: DateTime | null;
}

/** A conversation that is to begin. */
export type ConversationToBegin =
  /** With one other person. */
  | { kind: 'direct'; userId: UserId }
  /** With several: all but the asker, who is a member anyway. */
  | { kind: 'group'; members: Array<UserId>; title?: string | null };

/** A point in time, written as ISO 8601. */
export type DateTime = string;

/** The fact that decided. */
export type DecisionCause = 'call' | 'not_connected' | OtomoChoiceCause;

/** What a node does without for now. */
export type Degraded =
  /** Redis: this node and others do not hear each other. */
  | 'redis'
  /** Redis does not take who is online: of friends on other nodes it is known late. */
  | 'friends'
  /**
   * The machine's time of day has jumped, and is not followed for now. There is no other node with which this
   * one would have to agree, and whoever talks must be able to come back.
   */
  | 'clock';

/** One device of a user: `?device=`, or the session's own id where none was named. */
export type DeviceId = string;

/** What has begun. */
export interface DrainBegun {
  /** Which node drains: the one that answers. */
  node: NodeId;
  draining: boolean;
}

/** What a node that drains waits for. */
export type DrainPhase =
  /** Actions that the app's backend is to answer. */
  | 'actions'
  /** Live calls that have people here. */
  | 'calls'
  /** Clients that were told to go. */
  | 'goodbyes'
  /** Requests that are being answered, and what is still to be stored. */
  | 'end';

/** How far the node is. */
export interface DrainProgress {
  /** Which it is: the one that answers. */
  node: NodeId;
  /** Whether it is about to stop. */
  draining: boolean;
  /**
   * What it waits for. `null`, as the three that follow, while it serves, and where it waits for nothing.
   */
  phase: DrainPhase | null;
  /** When the drain began. */
  startedAt: DateTime | null;
  /** When calls that go on are ended. */
  limitAt: DateTime | null;
  /** Milliseconds until then, by the store's clock. */
  remainingMs: number | null;
  /** Connections of clients, whatever the transport. */
  connections: number;
  /** Live calls that have people here. */
  liveCalls: number;
  /** Milliseconds over which clients that are sent away come back (`server.drain_spread`). */
  spreadMs: number;
}

/** The body of every answer that is an error. */
export interface Error {
  error: ErrorDetails;
}

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

/** What is wrong. */
export interface ErrorDetails {
  code: ErrorCode;
  /** For the programmer: what to do about it. Programs act on the code. */
  message: string;
  /** What the error is about: `retryAfterMs`, `path`, `phase`, .. Which there are depends on the code. */
  context?: { [key: string]: unknown };
}

/** For whom an event is: exactly one of these. */
export type EventTarget =
  /** One user. */
  | { user: UserId }
  /** Several users. */
  | { users: Array<UserId> }
  /** Those who are in a room, or (durable) may be. */
  | { room: RoomId }
  /** Everybody who is connected. */
  | { all: true };

/** One event. */
export interface EventToPublish {
  target: EventTarget;
  /** A type that clients know (`/schemas/events.json`: then `data` must fit it), or one of the app's own. */
  type: string;
  /**
   * What clients get, with the `type` in it. What the server knows (`timestamp`, the `id` of a notification)
   * may be left out.
   */
  data?: { [key: string]: unknown } | null;
  /** A repeat with the same key and the same event publishes nothing. */
  idempotencyKey?: IdempotencyKey | null;
  /**
   * Of a state: of two with the same key only the newer counts. At most 128 bytes without control characters.
   */
  key?: string | null;
  /** Without it: as the type says; of the app's own types a state if there is a key, else ephemeral. */
  kind?: PublishedKind | null;
  priority?: Priority;
  /** For how long it is kept: at most a year. */
  ttlSeconds?: number | null;
}

/** One event, or several in one request: then all of them are published, or none. */
export type EventsToPublish = EventToPublish | { events: Array<EventToPublish> };

/** A status that an admin may give. */
export type ForcedStatus = 'online' | 'break' | 'offline';

/** A friend, or somebody with an open request. */
export interface Friend {
  userId: UserId;
  name: string;
  avatar: string | null;
  standing: FriendStanding;
  /** Since when they are friends, or when the one asked the other. */
  since: DateTime;
}

/** What somebody is to a user. */
export type FriendStanding =
  /** The user has asked them. */
  | 'outgoing'
  /** They have asked the user. */
  | 'incoming'
  /** The two are friends. */
  | 'friend';

/** What two people are to each other now. */
export interface Friendship {
  userId: UserId;
  standing: FriendStanding;
  /** Since when they are friends, or when the one asked the other. */
  since: DateTime;
}

/** Why an accepted call ended. */
export type Hangup =
  /** The caller hung up. */
  | 'user_end'
  /** The otomo hung up. */
  | 'otomo_end'
  /** The caller's points did not reach for a charge. */
  | 'low_balance'
  /** A participant's device was lost and did not come back. */
  | 'disconnect'
  /** The media server saw no more media. */
  | 'rtp_stopped'
  /** Media did not come up in time. */
  | 'timeout'
  /** An admin ended it. */
  | 'admin_end'
  /** The same two began a new call. */
  | 'superseded'
  /** The server is draining, or cannot go on. */
  | 'system_error';

/** One entry of `RTCConfiguration.iceServers`. */
export interface IceServer {
  /** `stun:` and `turn:` addresses. */
  urls: Array<string>;
  /** For `turn:`; short-lived. */
  credential?: string | null;
  /** For `turn:`; short-lived. */
  username?: string | null;
}

/** For `new RTCPeerConnection({iceServers})`. */
export interface IceServers {
  iceServers: Array<IceServer>;
}

/** The key that a client gives a request, so that a repeat has no second effect (`Idempotency-Key`). */
export type IdempotencyKey = string;

/** One durable event. */
export interface InboxEvent {
  /** Its place in the stream. */
  seq: number;
  createdAt: DateTime;
  /** The message as sockets get it. */
  event: { [key: string]: unknown };
}

/** A part of the stream. */
export interface InboxPart {
  items: Array<InboxEvent>;
  /** For the next request's `after`. */
  seq: number;
  /** Where the stream ends now. Above `seq`: there is more. */
  head: number;
  /**
   * The stream does not reach back to `after`, and the items begin with the oldest that is kept; or they end
   * before an event that is damaged or lost. What was missed is gone, and the client reads its state anew.
   */
  resync?: ResyncReason | null;
}

/** What is to be sent again. */
export interface InboxResend {
  /** The durable events after this `seq`; 0 for all that are kept. */
  after: number;
}

export interface InboxResent {
  userId: UserId;
  /** The connections, on all nodes, that they are sent to. */
  connections: number;
  /**
   * The events after this `seq` are sent: a greater one than was asked for if those before it are no longer
   * kept.
   */
  after: number;
  /** The `seq` of the last of them. */
  head: number;
}

/** A histogram. */
export interface Latency {
  count: number;
  sumSeconds: number;
  /** From short to long. Quantiles follow from what two looks differ by. */
  buckets: Array<LatencyBucket>;
}

export interface LatencyBucket {
  /**
   * How long the longest in it may have taken; `null` for the last one, in which are all that took longer.
   */
  upToSeconds: number | null;
  /** Those in this bucket alone. */
  count: number;
}

/** The phase of the call that an otomo is in, in whatever role. Named as the phases of calls are. */
export type LiveCallPhase =
  /** Stored, and not yet told to the called one. */
  | 'requesting'
  /** It rings. */
  | 'ringing'
  /** Accepted; media is not up yet. */
  | 'connecting'
  /** They talk. */
  | 'connected';

export interface Liveness {
  live: boolean;
}

export interface LoggedOut {
  /** Connections that were closed. */
  closed: number;
}

/** Who asks, as others see them. */
export interface Me {
  userId: UserId;
  role: Role;
  name: string;
  avatar: string | null;
}

export interface MediaNoted {
  callId: CallId;
  alive: boolean;
}

/** Whether media flows. */
export interface MediaSeen {
  /** Whether any is seen. */
  alive: boolean;
}

/** One message. */
export interface Message {
  messageId: MessageId;
  conversationId: ConversationId;
  /** Its place in the conversation, counted from 1 without gaps. */
  messageSeq: number;
  senderId: UserId;
  body: string;
  clientMessageId: ClientMessageId;
  createdAt: DateTime;
  /** Whatever its sender's app put beside the text. */
  data?: unknown;
}

/** A part of the history, the oldest message first. */
export interface MessageHistory {
  items: Array<Message>;
  /** The oldest message that is kept. Where `items` begin with it there is nothing before them. */
  firstSeq: number;
  /** The newest message. */
  lastSeq: number;
}

/** One message of a conversation. */
export type MessageId = string;

/** `message_read_ack`: the cursor is stored. */
export interface MessageReadAck {
  /** The conversation. */
  conversationId: ConversationId;
  /** Where the cursor is now; further than was asked for if another device has seen more. */
  messageSeq: number;
}

/** A message to send to the conversation. */
export interface MessageToSend {
  /** Made by the client, a new one for each message: a repeat of the same message is known by it. */
  clientMessageId: ClientMessageId;
  /** At most `chat.max_body` bytes, without the character U+0000. */
  body: string;
  /** Whatever the app wants to put beside the text: at most `chat.max_body` bytes of JSON. */
  data?: unknown;
}

/** One. */
export interface Node {
  name: NodeId;
  /** Whether it is the one that answers. */
  this: boolean;
  alive: boolean;
  /** Which life of it: a later one has a greater number. */
  epoch: number;
  startedAt: DateTime;
  /**
   * Its last sign of life. The one node of an SQLite database gives none while nobody is online: that it
   * answers is one.
   */
  aliveAt: DateTime;
  /**
   * Until when it counts as alive without another; `null` once it has left, or what it left is settled, and
   * on SQLite, where there are no leases.
   */
  leaseUntil: DateTime | null;
  advertise: string | null;
  /** How it is, by its own account; `null` for one that does not answer. */
  report: NodeReport | null;
}

/** One running server. */
export type NodeId = string;

/** How a node is, by its own account. */
export interface NodeReport {
  /** Which it is. */
  node: NodeId;
  /** The release that it runs. */
  version: string;
  /** Milliseconds since its start. */
  uptimeMs: number;
  /** Its clients. */
  connections: number;
  /** Bytes that wait for them. */
  outboxBytes: number;
  /** Whether it has so much to deliver that it refuses new commands. */
  congested: boolean;
  /** Whether it is about to stop: nobody should go there. */
  draining: boolean;
}

/** All of them. */
export interface Nodes {
  nodes: Array<Node>;
}

/** The document's envelope (004). */
export interface OnlineStatus {
  data: OnlineStatuses;
}

export interface OnlineStatuses {
  /** By the id of each friend: whether they are online. */
  statuses: { [key: string]: boolean };
}

/** One otomo. */
export interface Otomo {
  userId: UserId;
  name: string;
  avatar: string | null;
  status: OtomoStatus;
  /** Counts this otomo's changes. */
  version: number;
  changedAt: DateTime;
}

export interface OtomoCall {
  callId: CallId;
  phase: LiveCallPhase;
}

/** What an otomo may choose. `busy` and `offline` follow from calls and connections, never from a wish. */
export type OtomoChoice =
  /** Ready for calls. */
  | 'online'
  /** Away for a while. */
  | 'break';

/** How a choice came about. */
export type OtomoChoiceCause =
  /** Logging in means ready. */
  | 'login'
  /** The otomo chose. */
  | 'self'
  /** An admin chose for them. */
  | 'admin'
  /** Too many rings in a row went unanswered. */
  | 'missed_calls'
  /** The time until which they were on break is over. */
  | 'elapsed';

/** What an otomo has chosen by now. */
export interface OtomoChoiceMade {
  userId: UserId;
  status: OtomoChoice;
  /** What people see; differs from the choice during a call, and without a connection. */
  shown: OtomoStatus;
  /** When a break ends by itself. */
  until: DateTime | null;
}

export interface OtomoChoiceNow {
  chosen: OtomoChoice;
  cause: OtomoChoiceCause;
  until: DateTime | null;
  /** Rings in a row without an answer. */
  missed: number;
}

export interface OtomoConnection {
  sessionId: SessionId;
  device: DeviceId;
  node: NodeId;
  state: OtomoConnectionState;
  expiresAt: DateTime;
}

/** Whether a connection counts. */
export type OtomoConnectionState =
  /** It is there. */
  | 'connected'
  /** It broke, and may come back. */
  | 'in_grace'
  /** Its time is over. */
  | 'expired';

/** What an admin can do. */
export type OtomoCorrection =
  /** `POST /admin/api/otomo/{id}/free` */
  | 'free'
  /** `POST /admin/api/otomo/{id}/status` with `online` */
  | 'set_online'
  /** `POST /admin/api/otomo/{id}/status` with `offline` */
  | 'set_offline';

/** How many otomo have which status. */
export interface OtomoCounts {
  online: number;
  busy: number;
  break: number;
  offline: number;
}

/** What follows from the facts now. Another status than people were told only until somebody settles it. */
export interface OtomoDecision {
  status: OtomoStatus;
  cause: DecisionCause;
}

export interface OtomoForced {
  userId: UserId;
  status: OtomoStatus;
}

export interface OtomoFreed {
  userId: UserId;
  /** The call that was ended, if there was one. */
  callId: CallId | null;
  /** A break that missed calls had put them on is over. */
  breakEnded: boolean;
  /** The wrap-up of their last call is over. */
  wrapUpEnded: boolean;
}

/** What keeps calls from an otomo. */
export type OtomoObstacle =
  /** They are in a call. */
  | 'call'
  /** They are held by a call that is over, or not there. */
  | 'held'
  /** They wrap up their last one. */
  | 'wrap_up'
  /** They are on a break because too many rings went unanswered. */
  | 'missed_calls'
  /** They, or an admin, have chosen a break. */
  | 'break'
  /** Nobody is connected, but a grace runs for who may come back. */
  | 'grace'
  /** People were told something else than what follows from the facts. */
  | 'unsettled';

/** What an admin can do about something that keeps calls from an otomo. */
export interface OtomoRemedy {
  obstacle: OtomoObstacle;
  correction: OtomoCorrection;
}

/**
 * An otomo's status (source document 000, section 4). Declared in list order: who can be called comes first.
 */
export type OtomoStatus =
  /** Ready for calls. */
  | 'online'
  /** In a call. */
  | 'busy'
  /** Away for a while, by choice. */
  | 'break'
  /** Not there. */
  | 'offline';

/** The status that an otomo should have. */
export interface OtomoStatusToForce {
  status: ForcedStatus;
}

/** A choice, and whose it is. */
export interface OtomoStatusToSet {
  status: ChosenStatus;
  /** When a break is to end by itself: in the future. */
  until?: DateTime | null;
  /** For an admin: whom they choose for. */
  userId?: UserId | null;
}

/** The node. */
export interface Overview {
  node: NodeId;
  version: string;
  /** The store's clock. */
  now: DateTime;
  /** Milliseconds since the node's start, by a clock that only runs forward. */
  uptimeMs: number;
  /** What the process takes of the machine's memory; `null` where that is not known. */
  memoryBytes: number | null;
  draining: boolean;
  /** Sockets that are open, also of those who have yet to say who they are. */
  connections: number;
  /** Connected clients by transport. */
  transports: { [key: string]: number };
  /** Different people among the connected. */
  users: number;
  /** People who are there: also those who have been gone for less than their grace. */
  usersOnline: number;
  otomo: OtomoCounts;
  liveCalls: number;
  /** The live calls of all nodes. */
  calls: CallCounts;
  /** Whether delivery has so much to do that new commands are refused. */
  congested: boolean;
  /** Bytes that wait for clients. */
  outboxBytes: number;
  /** Jobs that wait for the store's writer. */
  storeQueue: number;
  totals: OverviewTotals;
  latency: OverviewLatencies;
}

/** How long things took since the node's start. */
export interface OverviewLatencies {
  /** What a worker took to tell all its clients what was broadcast. */
  broadcast: Latency;
  /** What one commit of the store took. */
  commit: Latency;
  /** From the acceptance of a backend's event to a client's transport. */
  event: Latency;
  /** From a call's accept to media on both sides. */
  callSetup: Latency;
}

/** What was counted since the node's start. */
export interface OverviewTotals {
  /** Messages from clients. */
  messagesIn: number;
  /** Messages to clients, one for each client. */
  messagesOut: number;
  /** Handshakes that were refused, by reason. */
  handshakesRefused: { [key: string]: number };
  /** Connections that ended, by the code with which the server closed them; `client` for the others. */
  closes: { [key: string]: number };
  /** Events that slow clients were spared, by reason. */
  drops: { [key: string]: number };
  /** Calls that ended, by outcome. */
  callsEnded: { [key: string]: number };
}

/** One page of a list. */
export interface PageOfAuditEntry {
  /** The entries. */
  items: Array<AuditEntry>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfCall {
  /** The entries. */
  items: Array<Call>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfConversation {
  /** The entries. */
  items: Array<Conversation>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfFriend {
  /** The entries. */
  items: Array<Friend>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfOtomo {
  /** The entries. */
  items: Array<Otomo>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfPointsTransaction {
  /** The entries. */
  items: Array<PointsTransaction>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfSession {
  /** The entries. */
  items: Array<Session>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** One page of a list. */
export interface PageOfWatchedOtomo {
  /** The entries. */
  items: Array<WatchedOtomo>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

export interface PersonDisconnected {
  userId: UserId;
  /** Connections that were closed, on all nodes. */
  closed: number;
}

/** What somebody has. */
export interface PointsBalance {
  balance: number;
  /** When it last changed; `null` if it never did. */
  updatedAt: DateTime | null;
}

/** What has changed. */
export interface PointsChanged {
  transactionId: TransactionId;
  balance_before: number;
  balance_after: number;
}

/** What is ordered. Each field is read by itself, so that a refusal can say which one is wrong. */
export interface PointsOrder {
  amount: number;
  /** What kind of change it is, in the app's own words. */
  transaction_type: string;
  /** What the points are given or taken for: at most 128 bytes. */
  action?: string | null;
  /** The same for people: at most 1,024 bytes. */
  description?: string | null;
  /** The app's own data: at most 4,096 bytes of JSON. */
  metadata?: { [key: string]: unknown } | null;
}

/** One change. Its fields are named as in `sp_update` (source document 003), which told of it. */
export interface PointsTransaction {
  transactionId: TransactionId;
  /** Below 0: points were taken. */
  amount: number;
  balance_before: number;
  balance_after: number;
  transaction_type: string;
  description: string;
  action: string;
  metadata: { [key: string]: unknown };
  createdAt: DateTime;
}

/** How soon an event goes out, beside others of its kind. */
export type Priority =
  /** Before everything but answers and calls, and never held back. */
  | 'high'
  /** In its turn. */
  | 'normal'
  /** Last, together with what else is low within `outbox.low_window`. */
  | 'low';

/** What became of a request. */
export interface Published {
  /** Events that were published, or had been before with the same key. */
  accepted: number;
  /** Inboxes that it is stored in, or rooms in which it holds. */
  stored: number;
  /** Connections that it went to. */
  delivered: number;
  /** One entry for each event, where several came. */
  events?: Array<PublishedCounts>;
}

/** What became of one event, or of all of a request together. */
export interface PublishedCounts {
  /** Events that were published, or had been before with the same key. */
  accepted: number;
  /** Inboxes that it is stored in, or rooms in which it holds. */
  stored: number;
  /** Connections that it went to. */
  delivered: number;
}

/** How an event of a backend behaves. */
export type PublishedKind =
  /** In the inbox of each recipient: never lost. */
  | 'durable'
  /** Only the newest of a key matters. */
  | 'state'
  /** Said to those who are there. */
  | 'ephemeral';

/** How far the asker has read. */
export interface ReadUpTo {
  /** The last message that the asker has seen. */
  messageSeq: number;
}

export interface Readiness {
  ready: boolean;
  /**
   * What works worse than it should. The node serves its clients all the same: to send them elsewhere would
   * help nobody, for what is away is away for all nodes.
   */
  degraded?: Array<Degraded>;
}

/** Why a call was rejected. */
export type Rejection =
  /** In another call, or wrapping one up. */
  | 'busy'
  /** Declined by hand. */
  | 'manual_decline'
  /** On break, or not at the device. */
  | 'away'
  /** The otomo's app gave up ringing. */
  | 'timeout'
  /** Not there, or gone while it rang. */
  | 'offline'
  /** An admin ended it. The caller is told `system_error`. */
  | 'admin_end'
  /** The server is draining, or cannot go on. */
  | 'system_error';

/** What a client calls its own command; the answer or the error carries it back. */
export type RequestId = string;

/** Why a stream cannot be continued. */
export type ResyncReason =
  /** What came next is no longer kept, or cannot be read. */
  | 'retention'
  /** The stream never got that far: another database, or another user's number. */
  | 'unknown_seq';

/** The `incoming_call` as sockets get it. */
export interface Ring {
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

/** A room. */
export interface Room {
  room: RoomId;
  /** The entries. */
  items: Array<RoomMember>;
  /** For the page after this one; `null` at the end. */
  nextCursor: string | null;
}

/** Until when a user may be in a room. */
export interface RoomGrant {
  /** In the future; nothing for a grant without end. */
  expiresAt?: DateTime | null;
}

/** A user who may be in a room. */
export interface RoomGranted {
  room: RoomId;
  userId: UserId;
  expiresAt: DateTime | null;
}

/** A room (source document 003): `game_{session}`, `user_{id}`, or any name that the app chooses. */
export type RoomId = string;

/** A member, and whether they are there. */
export interface RoomMember {
  userId: UserId;
  /** How many of their connections are in the room; 0: they are not there. */
  connections: number;
  /** Since when a backend lets them in; `null`: their token does. */
  grantedAt: DateTime | null;
  /** Until when; `null`: without end. */
  expiresAt: DateTime | null;
}

/** How a connection is. */
export interface Session {
  /** Which it is. */
  sessionId: SessionId;
  /** The node that has it. */
  node: NodeId;
  /** Whose it is. */
  userId: UserId;
  /** What they may do. */
  role: Role;
  /** The device that it belongs to. */
  device: DeviceId;
  /** The worker of its node. */
  worker: number;
  /** Bytes that wait for it. */
  backlogBytes: number;
  /** Whether it takes nothing although something waits. */
  stalled: boolean;
  /**
   * For how long it has taken nothing, in milliseconds; `null` while it flows. An older node does not say.
   */
  stalledMs: number | null;
}

/** One connected client, for as long as it is connected. */
export type SessionId = string;

export interface SessionsClosed {
  /** Connections that were closed. */
  closed: number;
}

/** A person as they are now. */
export interface StoredUser {
  userId: UserId;
  role: Role;
  /**
   * A name that people are shown: something to be seen, no control characters, none that override the
   * direction of text.
   */
  name: string;
  /** The address of a picture: at most 2,048 bytes without control characters. */
  avatar: string | null;
  /** Of an otomo: points for each minute of a call. Nothing, or 0: calls are free. */
  pricePerMinute: number | null;
  /** Whether they are kept out. */
  disabled: boolean;
}

/** What happened to a call, as its timeline has it. */
export type TimelineEvent =
  /** Stored. */
  | 'requested'
  /** An `incoming_call` entered an outbox. */
  | 'ringing'
  /** An `incoming_call` entered none. */
  | 'unreached'
  /** A device of the otomo accepted. */
  | 'accepted'
  /** One participant reported media. */
  | 'reported'
  /** Media is up. */
  | 'connected'
  /** A minute was charged. */
  | 'charged'
  /** A side was lost. */
  | 'lost'
  /** A side came back. */
  | 'back'
  /** The media server saw no more media. */
  | 'media_lost'
  /** The media server saw media again. */
  | 'media_back'
  /** The server was down. */
  | 'restarted'
  /** Over. */
  | 'ended';

/** One transaction of the points of a user. */
export type TransactionId = string;

/** Whether the asker is typing. */
export interface TypingNow {
  typing: boolean;
}

/** The id of the other one of two, or of a group's conversation. */
export type TypingTo = UserId | ConversationId;

/** A person, whole: what is missing here is not kept from before. */
export interface User {
  role: Role;
  /**
   * A name that people are shown: something to be seen, no control characters, none that override the
   * direction of text.
   */
  name: string;
  /** The address of a picture: at most 2,048 bytes without control characters. */
  avatar?: string | null;
  /** Whether they are kept out. */
  disabled?: boolean;
  /** Of an otomo: points for each minute of a call. Nothing, or 0: calls are free. */
  pricePerMinute?: number | null;
}

/** A person (or a backend) as the app knows them: the `sub` of their token. */
export type UserId = string;

/** `UserStatus` of source document 002. */
export interface UserStatus {
  userId: UserId;
  isOnline: boolean;
  /** When they last came or went; `null` if they were never online. */
  lastSeen: DateTime | null;
  /** Whether they are typing to the asker. */
  isTyping: boolean;
  typingTo: TypingTo | null;
  /** When they became known. */
  createdAt: DateTime;
  /** When the stored part of it last changed. */
  updatedAt: DateTime;
}

/** An otomo, with their connections to this node. */
export interface WatchedOtomo {
  userId: UserId;
  name: string;
  avatar: string | null;
  status: OtomoStatus;
  /** Counts this otomo's changes. */
  version: number;
  changedAt: DateTime;
  connections: number;
}

/** Why an otomo has their status: what people were told, what follows from the facts now, and the facts. */
export interface WhyOtomo {
  userId: UserId;
  status: OtomoStatus;
  version: number;
  changedAt: DateTime;
  decision: OtomoDecision;
  connected: boolean;
  connections: Array<OtomoConnection>;
  choice: OtomoChoiceNow;
  call: OtomoCall | null;
  /** Until then nobody can ring them, after their last call. */
  wrapUpUntil: DateTime | null;
  /**
   * What keeps calls from them, in the order in which it counts, and what an admin can do about each. Empty
   * for one who can be called, and for one who is not there: nothing makes somebody connect.
   */
  remedies: Array<OtomoRemedy>;
}

// ---- Operations ----

/** Every operation that answers in JSON, or with nothing, by its method and its path. */
export interface Operations {
  get: {
    /** What admins did, the newest first */
    '/admin/api/audit': { query: { cursor?: string; limit?: number }; body: undefined; answer: PageOfAuditEntry };
    /** All calls, the newest first */
    '/admin/api/calls': { query: { live?: boolean; cursor?: string; limit?: number }; body: undefined; answer: PageOfCall };
    /** What happened in a call, in order */
    '/admin/api/calls/{id}/timeline': { query: Record<string, never>; body: undefined; answer: CallTimeline };
    /** Whether this node stops, and how far it is */
    '/admin/api/drain': { query: Record<string, never>; body: undefined; answer: DrainProgress };
    /** The nodes of the database, also those that have left */
    '/admin/api/nodes': { query: Record<string, never>; body: undefined; answer: Nodes };
    /** The otomo, with their connections to this node */
    '/admin/api/otomo': { query: { status?: OtomoStatus; cursor?: string; limit?: number }; body: undefined; answer: PageOfWatchedOtomo };
    /** Why an otomo has their status */
    '/admin/api/otomo/{id}/why': { query: Record<string, never>; body: undefined; answer: WhyOtomo };
    /** This node in one look */
    '/admin/api/overview': { query: Record<string, never>; body: undefined; answer: Overview };
    /** The connections of all nodes, the oldest first */
    '/admin/api/sessions': { query: { userId?: UserId; cursor?: string; limit?: number }; body: undefined; answer: PageOfSession };
    /** The connections of all nodes that something waits for, the slowest first */
    '/admin/api/slow': { query: { limit?: number }; body: undefined; answer: PageOfSession };
    /** Your calls, the newest first */
    '/api/calls': { query: { cursor?: string; limit?: number }; body: undefined; answer: PageOfCall };
    /** One of your calls */
    '/api/calls/{id}': { query: Record<string, never>; body: undefined; answer: Call };
    /** The ring of a call that rings for you */
    '/api/calls/{id}/ring': { query: Record<string, never>; body: undefined; answer: Ring };
    /** Your conversations, those with the latest messages first */
    '/api/conversations': { query: { cursor?: string; limit?: number }; body: undefined; answer: PageOfConversation };
    /** One of your conversations */
    '/api/conversations/{id}': { query: Record<string, never>; body: undefined; answer: Conversation };
    /** A part of the history */
    '/api/conversations/{id}/messages': { query: { after?: number; before?: number; limit?: number }; body: undefined; answer: MessageHistory };
    /** Friends and open requests, the latest first */
    '/api/friends': { query: { standing?: FriendStanding; cursor?: string; limit?: number }; body: undefined; answer: PageOfFriend };
    /** Which of your friends are online */
    '/api/friends/online-status': { query: Record<string, never>; body: undefined; answer: OnlineStatus };
    /** Servers for a peer connection */
    '/api/ice-servers': { query: Record<string, never>; body: undefined; answer: IceServers };
    /** Your durable events, for a client without a connection */
    '/api/inbox': { query: { after?: number; limit?: number }; body: undefined; answer: InboxPart };
    /** Who you are */
    '/api/me': { query: Record<string, never>; body: undefined; answer: Me };
    /** The otomo, those who can be called first */
    '/api/otomo': { query: { status?: OtomoStatus; cursor?: string; limit?: number }; body: undefined; answer: PageOfOtomo };
    /** One otomo */
    '/api/otomo/{id}': { query: Record<string, never>; body: undefined; answer: Otomo };
    /** How many points you have */
    '/api/points': { query: Record<string, never>; body: undefined; answer: PointsBalance };
    /** How your points changed, the newest first */
    '/api/points/transactions': { query: { cursor?: string; limit?: number }; body: undefined; answer: PageOfPointsTransaction };
    /** The members of a room, and who of them is there */
    '/api/server/rooms/{room}': { query: { cursor?: string; limit?: number }; body: undefined; answer: Room };
    /** Whether somebody is online */
    '/api/users/{id}/status': { query: Record<string, never>; body: undefined; answer: UserStatus };
    /** Whether the process answers */
    '/health/live': { query: Record<string, never>; body: undefined; answer: Liveness };
    /** Whether this node should get new clients */
    '/health/ready': { query: Record<string, never>; body: undefined; answer: Readiness };
  };
  post: {
    /** End a call */
    '/admin/api/calls/{id}/end': { query: Record<string, never>; body: undefined; answer: CallEnded };
    /** Stop this node without cutting anybody off */
    '/admin/api/drain': { query: Record<string, never>; body: undefined; answer: DrainBegun };
    /** Set an otomo free for calls */
    '/admin/api/otomo/{id}/free': { query: Record<string, never>; body: undefined; answer: OtomoFreed };
    /** Set an otomo's status */
    '/admin/api/otomo/{id}/status': { query: Record<string, never>; body: OtomoStatusToForce; answer: OtomoForced };
    /** Close a connection */
    '/admin/api/sessions/{id}/disconnect': { query: Record<string, never>; body: undefined; answer: SessionsClosed };
    /** Close all connections of somebody, on all nodes */
    '/admin/api/users/{id}/disconnect': { query: Record<string, never>; body: undefined; answer: PersonDisconnected };
    /** Send a user's durable events again */
    '/admin/api/users/{id}/inbox/resend': { query: Record<string, never>; body: InboxResend; answer: InboxResent };
    /** Say something as a socket would */
    '/api/commands': { query: { device?: DeviceId; session?: SessionId }; body: Command; answer: Acknowledgement | null };
    /** Begin a conversation */
    '/api/conversations': { query: Record<string, never>; body: ConversationToBegin; answer: Conversation };
    /** Send a message */
    '/api/conversations/{id}/messages': { query: Record<string, never>; body: MessageToSend; answer: Message };
    /** Say how far you have read */
    '/api/conversations/{id}/read': { query: Record<string, never>; body: ReadUpTo; answer: MessageReadAck };
    /** Say whether you are typing */
    '/api/conversations/{id}/typing': { query: Record<string, never>; body: TypingNow; answer: null };
    /** Log out */
    '/api/logout': { query: { device?: DeviceId }; body: undefined; answer: LoggedOut };
    /** Say whether a call's media flows */
    '/api/server/calls/{id}/media': { query: Record<string, never>; body: MediaSeen; answer: MediaNoted };
    /** Say something to users */
    '/api/server/events': { query: Record<string, never>; body: EventsToPublish; answer: Published };
    /** Take points */
    '/api/server/points/{user}/consume': { query: Record<string, never>; body: PointsOrder; answer: PointsChanged };
    /** Give points */
    '/api/server/points/{user}/grant': { query: Record<string, never>; body: PointsOrder; answer: PointsChanged };
    /** Close all of a user's connections */
    '/api/server/users/{id}/disconnect': { query: Record<string, never>; body: undefined; answer: ConnectionsClosed };
  };
  put: {
    /** Add somebody to a group */
    '/api/conversations/{id}/members/{user}': { query: Record<string, never>; body: undefined; answer: Conversation };
    /** Ask somebody, or accept what they asked */
    '/api/friends/{id}': { query: Record<string, never>; body: undefined; answer: Friendship };
    /** Go on break, or come back */
    '/api/otomo/status': { query: Record<string, never>; body: OtomoStatusToSet; answer: OtomoChoiceMade };
    /** Let somebody into a room */
    '/api/server/rooms/{room}/members/{user}': { query: Record<string, never>; body: RoomGrant; answer: RoomGranted };
    /** Set somebody up */
    '/api/server/users/{id}': { query: Record<string, never>; body: User; answer: StoredUser };
  };
  delete: {
    /** Leave a group, or take somebody out */
    '/api/conversations/{id}/members/{user}': { query: Record<string, never>; body: undefined; answer: null };
    /** Take a request back, refuse one, or end a friendship */
    '/api/friends/{id}': { query: Record<string, never>; body: undefined; answer: null };
    /** Take somebody out of a room */
    '/api/server/rooms/{room}/members/{user}': { query: Record<string, never>; body: undefined; answer: null };
  };
}

/** Whether a part of a path may stand in a place of a described one: whatever is no name in braces for a variable. */
type Fits<Part extends string, Place extends string> = Place extends `{${string}}`
  ? Part extends '' | `{${string}}` ? false : true
  : Part extends Place ? true : false;

type Leads<Path extends string, Described extends string> = Described extends `${infer Place}/${infer Places}`
  ? Path extends `${infer Part}/${infer Parts}`
    ? Fits<Part, Place> extends true ? Leads<Parts, Places> : false
    : false
  : Path extends `${string}/${string}` ? false : Fits<Path, Described>;

/** Which described path a path is, as it stands in the document or filled in. */
type DescribedPath<Method extends keyof Operations, Path extends string> = Path extends keyof Operations[Method]
  ? Path
  : {
      [Described in keyof Operations[Method]]: Leads<Path, Described & string> extends true ? Described : never;
    }[keyof Operations[Method]];

/** What a path takes and gives that is in no document, or is only known as a string. */
export interface AnyOperation {
  query: any;
  body: any;
  answer: any;
}

/** The operation that a path leads to, as it is written in code: `/api/me`, `/api/calls/${id}`. */
export type Operation<Method extends keyof Operations, Path extends string> = Path extends string
  ? [DescribedPath<Method, Path>] extends [never] ? AnyOperation : Operations[Method][DescribedPath<Method, Path>]
  : never;
