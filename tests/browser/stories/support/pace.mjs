// How long people are away, in milliseconds, and what the server is set to meanwhile.
//
// Long: as people are away, with the server's defaults. Short: a fifth of it, and the server's times a fifth too, so that
// each story goes the same way.

import { setTimeout as sleep } from 'node:timers/promises';

export const LONG = process.env.OTOMO_STORIES_LONG !== undefined;

/** The server's times, in milliseconds, as `config/default.toml` has them. */
const DEFAULTS = { pingMs: 25_000, pongMs: 10_000, lossMs: 10_000, leaveMs: 15_000 };

const SHARE = LONG ? 1 : 5;

/** The server's times in these stories. */
export const TIMES = Object.fromEntries(Object.entries(DEFAULTS).map(([name, ms]) => [name, ms / SHARE]));

/**
 * An absence lasts, whatever happened meanwhile: no condition ends it, its length is what the story is about.
 * @param {number} ms
 * @param {number} [began] when, milliseconds since 1970
 */
export const lasts = (ms, began = Date.now()) => sleep(Math.max(0, began + ms - Date.now()));

/** @param {number} ms */
const duration = (ms) => `${ms}ms`;

/** The server's settings. */
export const SETTINGS = LONG
  ? {}
  : {
      OTOMO_PRESENCE__PING_INTERVAL: duration(TIMES.pingMs),
      OTOMO_PRESENCE__PONG_TIMEOUT: duration(TIMES.pongMs),
      OTOMO_PRESENCE__LEAVE_GRACE: duration(TIMES.leaveMs),
      OTOMO_CALLS__LOSS_GRACE: duration(TIMES.lossMs),
    };

/** The network is gone for less than a call waits. */
export const BLINK_MS = 5_000 / SHARE;

/** The network is gone for longer than a call waits, and than somebody counts as present. */
export const OFF_MS = 20_000 / SHARE;

/** All packets get lost. In short long enough for a peer connection to notice, which takes some five seconds. */
export const LOST_MS = LONG ? 20_000 : 9_000;

/** The laptop sleeps. */
export const SLEEP_MS = 60_000 / SHARE;

/** The tab is behind another one. After five minutes Chromium lets timers fire once a minute; in short they fire once a second. */
export const HIDDEN_MS = LONG ? 330_000 : 10_000;

/** Until the server has noticed a silence, at most. */
export const NOTICE_MS = TIMES.pingMs + TIMES.pongMs;

/** What a busy machine may add to any of this. */
export const SLACK_MS = 10_000;
