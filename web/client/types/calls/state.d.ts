/**
 * What this client does itself.
 * @typedef {{act: 'ask', callId: string, peer: Person}
 *   | {act: 'request'}
 *   | {act: 'wish', wish: Call['wish']}
 *   | {act: 'media', media: RTCPeerConnectionState}
 *   | {act: 'lost', at: number}
 *   | {act: 'voice', stream: MediaStream}
 *   | {act: 'picture', stream: MediaStream}
 *   | {act: 'mute', muted: boolean}
 *   | {act: 'microphone', lost: boolean}
 *   | {act: 'fail', reason: string}
 *   | {act: 'finish', now: number}
 *   | {act: 'drop'}
 *   | {act: 'dismiss'}} Act
 */
/**
 * @param {Call} call
 * @param {any} event of the server
 * @param {Scene} scene
 * @returns {Call}
 */
export function reduceCall(call: Call, event: any, scene: Scene): Call;
/**
 * @param {Call} call
 * @param {Act} act about this call; `ask` begins one
 * @returns {Call}
 */
export function reduceAct(call: Call, act: Act): Call;
/**
 * @param {Call} call
 * @returns {boolean} whether it still holds its two people
 */
export function isLive({ phase }: Call): boolean;
/**
 * @param {Call} call
 * @returns {boolean} whether it was answered
 */
export function isAnswered({ phase }: Call): boolean;
/**
 * The one call of this client, as a person sees it: an old call and an event give the new call. Pure.
 *
 * ```text
 *  (place) --> asking --> requesting --> ringing --+
 *                |                                 +--> connecting --> connected --> ended --> (dismissed) --> idle
 *                +- a ring comes first             |
 *                v                                 |
 *  incoming_call --------------------> incoming ---+
 * ```
 * `asking` is this client's own affair: the browser asks for the microphone, and nobody is rung yet. So what ends it
 * (no microphone, its person leaves) leads to `idle` at once. From the others a call that is refused, cancelled or lost is
 * `ended`; one that its person declines or gives up before an answer is `idle`, for there is nothing to tell.
 *
 * Cut off from everything, an answered call keeps its phase, since it may go on: `lostAt` says that nothing holds it any more.
 *
 * ```text
 *  connecting, connected --(server away beyond its grace, no voice)--> the same, lostAt
 *      ^                                                                     |
 *      +--(call_snapshot has it, or the voice flows again)-------------------+--(the snapshot has it no more)--> ended
 * ```
 *
 * What comes from the server (`reduceCall`) and what this client does itself (`reduceAct`) are apart: whatever types a
 * backend publishes, none of them acts for this client. The server owns the truth; this is what can be shown of it. Events
 * about another call than ours (the same person's other devices hear of theirs too) change nothing.
 */
/** @typedef {{userId: string, name: string | null, avatar: string | null}} Person */
/** @typedef {'idle' | 'asking' | 'requesting' | 'ringing' | 'incoming' | 'connecting' | 'connected' | 'ended'} Phase */
/**
 * How a call went: `refused` and `cancelled` before anybody spoke, `over` after the answer, `failed`
 * where this client could not go on. Reasons are the server's, or an error code.
 * @typedef {object} Ending
 * @property {'refused' | 'cancelled' | 'over' | 'failed'} kind
 * @property {string} reason
 * @property {number | null} durationSeconds null where the two never spoke
 * @property {number} points what it cost
 */
/**
 * @typedef {object} Call
 * @property {Phase} phase
 * @property {string | null} callId null while idle
 * @property {'caller' | 'otomo' | null} side which of the two this client is; null while idle
 * @property {Person | null} peer the other one; null while idle
 * @property {'accept' | 'leave' | null} wish what its person asked for and the server has not yet confirmed. An ended call
 *   with the wish to leave was hung up without an answer: its ending is what is known here
 * @property {number | null} ringUntil when ringing ends, on this clock (milliseconds since 1970)
 * @property {number | null} ringMs how long it rings in all, where known
 * @property {number | null} since when the two began to speak, on this clock (milliseconds since 1970)
 * @property {number | null} peerBackBy until when an absent peer is waited for, on this clock
 * @property {number | null} lostAt when the last that held the two together broke, on this clock: there is no voice, and the
 *   server, who gives up somebody after a while, has been away for longer than that. So it is over, as far as one knows
 *   here; null where the server's word, or the voice, says that it goes on
 * @property {RTCPeerConnectionState} media what the peer connection says of itself
 * @property {MediaStream | null} remoteStream the other side's voice, for an `<audio>` element's `srcObject`: sound alone
 * @property {MediaStream | null} remotePicture pictures that the other side has added, for a `<video>` element
 * @property {boolean} muted whether the other side hears nothing, by this person's choice
 * @property {boolean} microphoneLost whether the microphone has ended by itself: unplugged, or taken back by the browser
 * @property {number} charged points that it cost so far
 * @property {boolean} low whether the balance does not reach for the next minute
 * @property {Ending | null} ending
 */
/**
 * What the reducer may know beside call and event.
 * @typedef {object} Scene
 * @property {number} now this clock, milliseconds since 1970
 * @property {number} clockOffset how far the server's clock is ahead of it, milliseconds
 * @property {(callId: string) => boolean} left whether its person has left that call, and the server may not know yet
 * @property {(callId: string) => boolean} wasMuted whether that call was muted before the page was loaded anew
 */
/** @type {Readonly<Call>} */
export const NO_CALL: Readonly<Call>;
/**
 * What this client does itself.
 */
export type Act = {
    act: "ask";
    callId: string;
    peer: Person;
} | {
    act: "request";
} | {
    act: "wish";
    wish: Call["wish"];
} | {
    act: "media";
    media: RTCPeerConnectionState;
} | {
    act: "lost";
    at: number;
} | {
    act: "voice";
    stream: MediaStream;
} | {
    act: "picture";
    stream: MediaStream;
} | {
    act: "mute";
    muted: boolean;
} | {
    act: "microphone";
    lost: boolean;
} | {
    act: "fail";
    reason: string;
} | {
    act: "finish";
    now: number;
} | {
    act: "drop";
} | {
    act: "dismiss";
};
export type Person = {
    userId: string;
    name: string | null;
    avatar: string | null;
};
export type Phase = "idle" | "asking" | "requesting" | "ringing" | "incoming" | "connecting" | "connected" | "ended";
/**
 * How a call went: `refused` and `cancelled` before anybody spoke, `over` after the answer, `failed`
 * where this client could not go on. Reasons are the server's, or an error code.
 */
export type Ending = {
    kind: "refused" | "cancelled" | "over" | "failed";
    reason: string;
    /**
     * null where the two never spoke
     */
    durationSeconds: number | null;
    /**
     * what it cost
     */
    points: number;
};
export type Call = {
    phase: Phase;
    /**
     * null while idle
     */
    callId: string | null;
    /**
     * which of the two this client is; null while idle
     */
    side: "caller" | "otomo" | null;
    /**
     * the other one; null while idle
     */
    peer: Person | null;
    /**
     * what its person asked for and the server has not yet confirmed. An ended call
     * with the wish to leave was hung up without an answer: its ending is what is known here
     */
    wish: "accept" | "leave" | null;
    /**
     * when ringing ends, on this clock (milliseconds since 1970)
     */
    ringUntil: number | null;
    /**
     * how long it rings in all, where known
     */
    ringMs: number | null;
    /**
     * when the two began to speak, on this clock (milliseconds since 1970)
     */
    since: number | null;
    /**
     * until when an absent peer is waited for, on this clock
     */
    peerBackBy: number | null;
    /**
     * when the last that held the two together broke, on this clock: there is no voice, and the
     * server, who gives up somebody after a while, has been away for longer than that. So it is over, as far as one knows
     * here; null where the server's word, or the voice, says that it goes on
     */
    lostAt: number | null;
    /**
     * what the peer connection says of itself
     */
    media: RTCPeerConnectionState;
    /**
     * the other side's voice, for an `<audio>` element's `srcObject`: sound alone
     */
    remoteStream: MediaStream | null;
    /**
     * pictures that the other side has added, for a `<video>` element
     */
    remotePicture: MediaStream | null;
    /**
     * whether the other side hears nothing, by this person's choice
     */
    muted: boolean;
    /**
     * whether the microphone has ended by itself: unplugged, or taken back by the browser
     */
    microphoneLost: boolean;
    /**
     * points that it cost so far
     */
    charged: number;
    /**
     * whether the balance does not reach for the next minute
     */
    low: boolean;
    ending: Ending | null;
};
/**
 * What the reducer may know beside call and event.
 */
export type Scene = {
    /**
     * this clock, milliseconds since 1970
     */
    now: number;
    /**
     * how far the server's clock is ahead of it, milliseconds
     */
    clockOffset: number;
    /**
     * whether its person has left that call, and the server may not know yet
     */
    left: (callId: string) => boolean;
    /**
     * whether that call was muted before the page was loaded anew
     */
    wasMuted: (callId: string) => boolean;
};
