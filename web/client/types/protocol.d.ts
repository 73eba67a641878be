/** What travels between client and server. */

export type OtomoStatus = 'online' | 'busy' | 'break' | 'offline';
export type CallPhase = 'requesting' | 'ringing' | 'connecting' | 'connected' | 'ended';
export interface IceServer { urls: string[]; username?: string; credential?: string }
export interface Description { type: string; sdp: string }
export interface CallParticipant { userId: string; name: string; avatar: string | null }
export interface LiveCall {
  callId: string; phase: CallPhase; role: 'offerer' | 'answerer'; bound: boolean; caller: CallParticipant; otomo: CallParticipant;
  timestamp: number; expiresAt?: number; remainingMs?: number; connectedAt?: number; pricePerMinute?: number;
  totalChargedPoints: number; iceServers?: IceServer[];
}
export interface RecentCall {
  callId: string; userId: string; otomoId: string; outcome: string; reason: string; endedAt: number; durationSeconds: number;
  totalChargedPoints: number;
}
export interface OfCall { callId: string }
export interface OfRoom { room: string }
export interface OfGame { game_session_id: string }
export interface Typing { conversationId: string }
export interface CallRequestAck { callId: string; status: CallPhase; outcome?: string; reason?: string; joinedCallId?: string }
export interface MessageSendAck { clientMessageId: string; messageId: string; conversationId: string; messageSeq: number; createdAt: number }
export interface Timed { timestamp: string }

export interface EventMap {
  connected: {
    sessionId: string; userId: string; role: 'user' | 'otomo' | 'admin' | 'service'; node: string; seq: number; resumed: boolean;
    heartbeat: { intervalMs: number; timeoutMs: number };
    limits: {
      messageSize: number; commandsPerSecond: number; burst: number; callsPerMinute: number; messagesPerMinute: number;
      ringTimeoutMs: number; connectTimeoutMs: number; lossGraceMs: number;
    };
    typing: { resendMs: number; expireMs: number }; timestamp: number;
  };
  ready: { seq: number };
  resync: { reason: 'retention' | 'unknown_seq'; firstSeq: number; seq: number };
  heartbeat_ack: { timestamp: number };
  token_expiring: { expiresAt: number };
  token_refresh_ack: { expiresAt: number };
  closing: { code: number; reason: string; reconnect: boolean; retryAfterMs: number };
  error: { code: string; message: string; context?: Record<string, any>; timestamp: number };
  notification: { id: string; title?: string; message: string; category: string; data: Record<string, any>; timestamp: number };
  otomo_status_snapshot: { otomos: { userId: string; status: OtomoStatus; timestamp: number; version: number; name?: string; avatar?: string }[]; more?: boolean };
  otomo_status_update: { userId: string; status: OtomoStatus; timestamp: number };
  otomo_status_set_ack: { status: 'online' | 'break'; shown: OtomoStatus; until?: number };
  call_snapshot: { call: LiveCall | null; recent: RecentCall[] };
  call_request_ack: CallRequestAck;
  incoming_call: { callId: string; fromUserId: string; fromUserName: string; fromUserAvatar: string | null; timestamp: number; expiresAt: number; remainingMs: number };
  call_ringing: OfCall;
  call_accept_ack: OfCall;
  call_accepted: { callId: string; timestamp: number };
  call_reject_ack: OfCall;
  call_rejected: { callId: string; reason: string; timestamp: number };
  call_cancel_ack: OfCall;
  call_cancelled: { callId: string; reason: string; timestamp: number };
  call_missed: { callId: string; fromUserId: string; fromUserName: string; timestamp: number };
  signaling_start: { callId: string; role: 'offerer' | 'answerer'; iceServers: IceServer[] };
  webrtc_offer: { callId: string; fromUserId: string; offer: Description };
  webrtc_answer: { callId: string; fromUserId: string; answer: Description };
  ice_candidate: { callId: string; fromUserId: string; candidate: any };
  call_connected: { callId: string; userId: string; otomoId: string; connectedAt: number; method: string };
  call_peer_reconnecting: { callId: string; deadline: number };
  call_peer_back: OfCall;
  call_tick: {
    callId: string; tickNumber: number; chargedPoints: number; totalChargedPoints: number; durationSeconds: number; userBalance?: number;
    status: 'ok' | 'low_balance' | 'ended'; timestamp: number;
  };
  call_end: { callId: string; userId: string; otomoId: string; endedAt: number; reason: string; durationSeconds: number; totalChargedPoints: number };
  call_end_request_ack: OfCall;
  unread_snapshot: { asOfSeq: number; conversations: { conversationId: string; lastSeq: number; readSeq: number; unread: number }[] };
  message_send_ack: MessageSendAck;
  'new-message': {
    messageId: string; conversationId: string; messageSeq: number; senderId: string; body: string; data?: any; clientMessageId: string; createdAt: number;
  };
  'message-read': { conversationId: string; messageSeq: number; userId: string; timestamp: number };
  message_read_ack: { conversationId: string; messageSeq: number };
  'typing-start': { conversationId: string; userId: string; expiresInMs: number };
  'typing-stop': { conversationId: string; userId: string };
  'user-online': { userId: string; timestamp: number };
  'user-offline': { userId: string; timestamp: number; lastSeen: number };
  friend_status_snapshot: { statuses: Record<string, boolean>; lastSeen: Record<string, number> };
  friend_status_changed: { user_id: string; status: 'online' | 'offline'; timestamp: number };
  sp_update: {
    current_sp: number; amount_changed: number; transaction_type: string; description: string; balance_before: number; balance_after: number;
    metadata: Record<string, any>; timestamp: string;
  };
  sp_insufficient: { required_amount: number; current_sp: number; action: string; message: string; timestamp: string };
  sp_daily_recovery: { total_amount: number; balance_after: number; date: string; timestamp: string };
  joined_game: OfGame;
  left_game: OfGame;
  chat_message: { game_session_id: string; user_id: string; message: string; timestamp: string };
  pong: Timed;
  room_join_ack: OfRoom;
  room_leave_ack: OfRoom;
  room_left: { room: string; reason: string };
  room_snapshot: { room: string; events: any[] };
  room_event: { room: string; event: string; data: any };
  action_ack: { action: string; result: any };
}

export interface CommandMap {
  heartbeat: { fields: {}; answer: EventMap['heartbeat_ack'] };
  token_refresh: { fields: { token: string }; answer: EventMap['token_refresh_ack'] };
  otomo_status_set: { fields: { status: 'online' | 'break'; until?: number }; answer: EventMap['otomo_status_set_ack'] };
  call_request: { fields: { toUserId: string; callId: string }; answer: CallRequestAck };
  call_ringing: { fields: OfCall; answer: void };
  call_accept: { fields: OfCall; answer: OfCall };
  call_reject: { fields: { callId: string; reason?: 'busy' | 'manual_decline' | 'away' | 'timeout' }; answer: OfCall };
  call_cancel: { fields: OfCall; answer: OfCall };
  webrtc_offer: { fields: { callId: string; offer: Description }; answer: void };
  webrtc_answer: { fields: { callId: string; answer: Description }; answer: void };
  ice_candidate: { fields: { callId: string; candidate: any }; answer: void };
  call_connected: { fields: OfCall; answer: void };
  call_end_request: { fields: OfCall; answer: OfCall };
  message_send: { fields: { conversationId?: string; toUserId?: string; clientMessageId: string; body: string; data?: any }; answer: MessageSendAck };
  'message-read': { fields: { conversationId: string; messageSeq: number }; answer: EventMap['message_read_ack'] };
  'typing-start': { fields: Typing; answer: void };
  'typing-stop': { fields: Typing; answer: void };
  join_game: { fields: OfGame; answer: OfGame };
  leave_game: { fields: OfGame; answer: OfGame };
  game_action: { fields: { game_session_id: string; action: any; [field: string]: any }; answer: EventMap['action_ack'] };
  chat_message: { fields: { game_session_id: string; message: string }; answer: void };
  ping: { fields: {}; answer: Timed };
  room_join: { fields: OfRoom; answer: OfRoom };
  room_leave: { fields: OfRoom; answer: OfRoom };
}
