// The page of admins, as far as it needs no browser: figures, sentences, places, and when it looks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { LOOKS_KEPT, NO_HISTORY, record } from '../../web/admin/figures/history.js';
import { emptied, quantile, rate } from '../../web/admin/figures/quantile.js';
import { MESSAGES, Words } from '../../web/admin/i18n.js';
import { hashOf, readPlace, VIEWS } from '../../web/admin/place.js';
import { AWAY_MS, EVERY_MS, pauseAfter, Poller } from '../../web/admin/poller.js';
import { linesOf } from '../../web/admin/ui/chart.js';
import { addedTo } from '../../web/admin/views/calls.js';
import { isAlone } from '../../web/admin/views/drain.js';
import { stateOf } from '../../web/admin/views/nodes.js';
import { beganAt } from '../../web/admin/views/sessions.js';
import { explain } from '../../web/admin/why.js';
import { describePage } from './support/page.mjs';

describePage('admin', MESSAGES);

/** A histogram with bounds of 1, 2 and 4 ms. */
const latency = (...counts) => ({
  count: counts.reduce((sum, count) => sum + count, 0),
  sumSeconds: 0,
  buckets: [0.001, 0.002, 0.004, null].map((upToSeconds, place) => ({ upToSeconds, count: counts[place] })),
});

describe('figures', () => {
  test('a rate is what was counted over the time between', () => {
    assert.equal(rate(100, 150, 2_000), 25);
    assert.equal(rate(100, 150, 0), 0);
  });

  test('a quantile lies within its bucket, by what two looks differ by', () => {
    const none = latency(0, 0, 0, 0);
    assert.equal(quantile(none, latency(100, 0, 0, 0), 0.5), 0.5);
    assert.equal(quantile(none, latency(50, 50, 0, 0), 0.99), 1.98);
    assert.equal(quantile(latency(50, 50, 0, 0), latency(50, 50, 10, 0), 0.5), 3, 'what was before is past');
    assert.equal(quantile(none, latency(0, 0, 1, 99), 0.99), 4, 'at least the last bound');
    assert.equal(quantile(latency(1, 0, 0, 0), latency(1, 0, 0, 0), 0.99), null);
    assert.equal(quantile(emptied(latency(0, 4, 0, 0)), latency(0, 4, 0, 0), 0.5), 1.5, 'since the start');
  });
});

/** A look at a node. */
const look = (uptimeMs, changes = {}) => ({
  node: 'n1',
  uptimeMs,
  now: new Date(uptimeMs).toISOString(),
  connections: 3,
  outboxBytes: 0,
  liveCalls: 1,
  totals: { messagesIn: uptimeMs / 100, messagesOut: uptimeMs / 50 },
  latency: { broadcast: latency(0, 0, 0, 0), commit: latency(uptimeMs / 1_000, 0, 0, 0) },
  ...changes,
});

describe('the history of looks', () => {
  const after = (...looks) => looks.reduce(record, NO_HISTORY).points;

  test('has rates from the second look on', () => {
    const [first, second] = after(look(1_000), look(3_000));
    assert.deepEqual([first.messagesIn, first.commit], [null, null]);
    assert.deepEqual([second.messagesIn, second.messagesOut], [10, 20]);
    assert.equal(second.commit, 0.99);
    assert.equal(second.broadcast, null, 'nothing was broadcast');
  });

  test('begins anew when another node answers, and when the node has begun anew', () => {
    assert.equal(after(look(1_000), look(3_000)).length, 2);
    assert.equal(after(look(1_000), look(3_000), look(5_000, { node: 'n2' })).length, 1);
    assert.equal(after(look(1_000), look(3_000), look(500)).length, 1);
  });

  test('keeps the last minutes and no more', () => {
    const looks = Array.from({ length: LOOKS_KEPT + 5 }, (_, place) => look((place + 1) * EVERY_MS));
    const points = after(...looks);
    assert.equal(points.length, LOOKS_KEPT);
    assert.equal(points.at(-1).at, (LOOKS_KEPT + 5) * EVERY_MS);
  });
});

describe('a chart', () => {
  test('draws the newest at the right edge, and leaves out what is not known', () => {
    assert.deepEqual(linesOf([0, 10], 3, 10), [['100.0,45.0', '200.0,3.0']]);
    assert.deepEqual(linesOf([1, null, 2, 2], 4, 2).map((line) => line.length), [1, 2]);
    assert.deepEqual(linesOf([null], 4, 1), []);
  });
});

/** A poller on a clock of its own, which is wound by hand. */
function wound(look) {
  const told = [];
  let waiting = null;
  const poller = new Poller({
    look,
    failed: (failure, nextMs) => told.push([failure.message, nextMs]),
    after(ms, run) {
      waiting = { ms, run };
      return () => (waiting = null);
    },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    poller,
    told,
    settled,
    waits: () => waiting?.ms ?? null,
    async ring() {
      waiting.run();
      await settled();
    },
  };
}

describe('looking again and again', () => {
  test('goes more and more seldom while the server is away, and as before when it is back', async () => {
    let away = true;
    const { poller, told, settled, waits, ring } = wound(async () => {
      if (away) throw new Error('away');
    });
    poller.wake();
    await settled();
    for (let times = 0; times < 5; times += 1) await ring();
    assert.deepEqual(told.map(([, ms]) => ms), [4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    away = false;
    await ring();
    assert.equal(waits(), EVERY_MS);
    assert.equal(pauseAfter(60), AWAY_MS);
  });

  test('rests in a tab that nobody sees', async () => {
    let looks = 0;
    const { poller, settled, waits } = wound(async () => void (looks += 1));
    poller.wake();
    await settled();
    poller.sleep();
    assert.equal(waits(), null);
    poller.nudge();
    assert.equal(looks, 1);
    poller.wake();
    assert.equal(looks, 2);
  });

  test('an answer that comes after a newer look began is not shown, and plans nothing', async () => {
    const ends = [];
    const shown = [];
    const { poller, settled, waits } = wound(async (isNewest) => {
      const number = ends.length;
      await new Promise((resolve) => ends.push(resolve));
      if (isNewest()) shown.push(number);
    });
    poller.wake();
    poller.nudge();
    ends[0]();
    await settled();
    assert.deepEqual([shown, waits()], [[], null]);
    ends[1]();
    await settled();
    assert.deepEqual([shown, waits()], [[1], EVERY_MS]);
  });
});

describe('places', () => {
  test('are read as they were written, and what leads nowhere is the overview', () => {
    for (const view of VIEWS) assert.deepEqual(readPlace(hashOf(view)), { view, id: null, filter: null });
    for (const id of ['hana', 'a/b', '花 50%', 'a?b']) {
      for (const filter of [null, 'offline', '?/']) {
        assert.deepEqual(readPlace(hashOf('otomo', id, filter)), { view: 'otomo', id, filter });
      }
    }
    for (const hash of ['', '#', '#/', '#/nowhere/x', '#content']) assert.equal(readPlace(hash).view, 'overview');
    assert.equal(readPlace('#/otomo/%').id, '%');
  });

  test('a session says by its id when it began', () => {
    assert.equal(beganAt('019ab1f2-3c00-7000-8000-000000000000'), 0x019ab1f23c00);
  });
});

describe('why an otomo has their status', () => {
  const en = new Words('en');
  const facts = {
    userId: 'hana',
    status: 'online',
    version: 3,
    changedAt: '2026-11-22T12:36:08.000Z',
    decision: { status: 'online', cause: 'login' },
    connected: true,
    connections: [
      { sessionId: 's', device: 'phone', node: 'n1', state: 'connected', expiresAt: '2026-11-22T12:37:00.000Z' },
    ],
    choice: { chosen: 'online', cause: 'login', until: null, missed: 0 },
    call: null,
    wrapUpUntil: null,
    remedies: [],
  };

  test('the choice decides where there is a connection and no call', () => {
    const why = explain(en, facts);
    assert.match(why.told, /^People see “Available” since .+ \(change 3\)\.$/);
    assert.equal(why.by, 'choice');
    assert.match(why.decided, /^The choice decides: .*“Available” is shown \(logging in means being ready\)\.$/);
    assert.equal(why.unsettled, null);
    const told = why.facts.map(({ fact, sentence }) => `${fact}: ${sentence}`);
    assert.equal(told[0], 'call: none.');
    assert.match(told[1], /^connections: device phone on node n1, connected; good until .+ unless renewed\.$/);
    assert.equal(told[2], 'choice: “Available” (logging in means being ready), with no end.');
  });

  test('a call decides before all else', () => {
    const busy = { status: 'busy', cause: 'call' };
    const why = explain(en, { ...facts, status: 'busy', decision: busy, call: { callId: 'c1', phase: 'connected' } });
    assert.equal(why.by, 'call');
    assert.match(why.decided, /^The call decides: .*“In a call”/);
    assert.equal(why.facts[0].sentence, 'Connected, c1.');
  });

  test('without a connection they are offline, and a grace that ran out says so', () => {
    const gone = { ...facts.connections[0], state: 'expired' };
    const offline = { status: 'offline', cause: 'not_connected' };
    const why = explain(en, { ...facts, decision: offline, connected: false, connections: [gone] });
    assert.equal(why.by, 'connections');
    assert.equal(why.unsettled, 'The facts say “Offline” by now. People will be told as soon as that is settled.');
    const sentences = why.facts.filter(({ fact }) => fact === 'connections').map(({ sentence }) => sentence);
    assert.match(sentences[0], /its time ran out at/);
    assert.equal(sentences[1], 'so nobody is there.');
    const nobody = explain(en, { ...facts, decision: offline, connected: false, connections: [] });
    assert.equal(nobody.facts[1].sentence, 'none, and no grace runs.');
  });

  test('a break says how long, and unanswered rings are counted', () => {
    const choice = { chosen: 'break', cause: 'missed_calls', until: '2026-11-22T13:00:00.000Z', missed: 3 };
    const why = explain(en, { ...facts, status: 'break', decision: { status: 'break', cause: 'missed_calls' }, choice });
    assert.match(why.facts.at(-1).sentence, /^“On a break” \(too many .+\), until .+\. Rings in a row without an answer: 3\.$/);
  });

  test('what keeps calls from them is said with what ends it', () => {
    const remedies = [
      { obstacle: 'wrap_up', correction: 'free' },
      { obstacle: 'break', correction: 'set_online' },
    ];
    const why = explain(en, { ...facts, wrapUpUntil: '2026-11-22T12:38:00.000Z', remedies });
    assert.match(why.remedies[0], /^They wrap up their last call until .+: “Free for calls” ends that\.$/);
    assert.equal(why.remedies[1], 'A break was chosen: “Set available” ends it.');
  });

  test('no sentence has a gap that was not filled, in both languages', () => {
    for (const language of /** @type {const} */ (['ja', 'en'])) {
      for (const state of ['connected', 'in_grace', 'expired']) {
        const connections = [{ ...facts.connections[0], state }];
        const { told, decided, facts: sentences } = explain(new Words(language), { ...facts, connections });
        for (const text of [told, decided, ...sentences.map(({ sentence }) => sentence)]) {
          assert.doesNotMatch(text, /[{}]|\b(why|status|phase)\.\w/, text);
        }
      }
    }
  });
});

test('a node whose lease is good and that does not answer is told apart from one that is gone', () => {
  const report = { version: '1', uptimeMs: 1, connections: 0, outboxBytes: 0, congested: false, draining: false };
  const states = [
    { alive: true, report },
    { alive: true, report: { ...report, congested: true } },
    { alive: true, report: { ...report, draining: true } },
    { alive: true, report: null },
    { alive: false, report: null },
  ].map(stateOf);
  assert.deepEqual(states, ['alive', 'congested', 'draining', 'silent', 'gone']);
});

test('a node is alone where no other answers and stays', () => {
  const node = (alive, itself = false, draining = false) => ({ alive, this: itself, report: { draining } });
  assert.equal(isAlone([node(true, true)]), true);
  assert.equal(isAlone([node(true, true), node(false)]), true, 'another that is gone');
  assert.equal(isAlone([node(true, true), node(true, false, true)]), true, 'another that stops as well');
  assert.equal(isAlone([node(true, true), { ...node(true), report: null }]), true, 'another that does not answer');
  assert.equal(isAlone([node(true, true), node(true)]), false);
});

describe('words of the server', () => {
  /** The words of an enum in the server's sources. */
  const wordsOf = (file, name) => {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    const body = source.split(`pub enum ${name} {`)[1]?.split(/^ {4}\}/m)[0] ?? '';
    const words = [...body.matchAll(/= "([\w.]+)"/g)].map(([, word]) => word);
    assert.ok(words.length > 0, `${name} is not found in ${file}`);
    return words;
  };

  test('have a text each', () => {
    for (const [room, file, name] of [
      ['status', 'presence/rules/status.rs', 'Status'],
      ['why.cause', 'presence/rules/readiness.rs', 'ChosenCause'],
      ['why.remedy', 'presence/rules/why.rs', 'Obstacle'],
      ['why.correction', 'presence/rules/why.rs', 'Correction'],
      ['phase', 'calls/rules/call.rs', 'PhaseName'],
      ['event', 'calls/rules/effect.rs', 'TimelineEvent'],
      ['by', 'calls/rules/ending.rs', 'By'],
      ['outcome', 'calls/rules/ending.rs', 'Outcome'],
      ['reason', 'calls/rules/ending.rs', 'Rejection'],
      ['reason', 'calls/rules/ending.rs', 'Cancellation'],
      ['reason', 'calls/rules/ending.rs', 'Hangup'],
      ['role', 'kernel/identity.rs', 'Role'],
      ['action', 'audit/mod.rs', 'Action'],
    ]) {
      for (const word of wordsOf(file, name)) assert.ok(`${room}.${word}` in MESSAGES.en, `${room}.${word} has no text`);
    }
  });

  test('that count connections have a text each', () => {
    const namesIn = (file, pattern) => {
      const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
      const found = [...source.matchAll(pattern)].flatMap(([, words]) => words.match(/\w+/g));
      assert.ok(found.length > 0, `nothing is found in ${file}`);
      return found;
    };
    for (const [room, file, pattern] of [
      ['close', 'protocol/close_code.rs', /^ {4}\w+ = \d+ "(\w+)",/gm],
      ['close', 'session/watch.rs', /map_or\("(\w+)", CloseCode::as_str\)/g],
      ['refusal', 'session/gate.rs', /const NAMES: .+ = \[(.+)\];/g],
      ['drop', 'delivery/counters.rs', /metrics\.drops\.of\("(\w+)"\)/g],
      ['transport', 'transport/ws/handshake.rs', /connections\.of\("(\w+)"\)/g],
      ['transport', 'transport/sse/stream.rs', /connections\.of\("(\w+)"\)/g],
      ['transport', 'transport/socketio/query.rs', /connections\.of\("(\w+)"\)/g],
    ]) {
      for (const word of namesIn(file, pattern)) assert.ok(`${room}.${word}` in MESSAGES.en, `${room}.${word} has no text`);
    }
  });

  test('are told as they are where this page does not know them', () => {
    assert.equal(new Words('ja').word('reason', 'of_a_newer_server'), 'of_a_newer_server');
  });
});

describe('what a timeline adds to an event', () => {
  const said = (language, detail) => addedTo(new Words(language), { by: 'otomo', detail }).split(' · ').slice(1).join(' · ');

  test('is said in the language of the page', () => {
    assert.equal(addedTo(new Words('ja'), { by: 'otomo', detail: 'device home' }), 'おともはんによる · 端末 home');
    assert.equal(addedTo(new Words('en'), { by: 'otomo', detail: 'device home' }), 'by the otomo · on device home');
    assert.equal(addedTo(new Words('en'), { by: 'system', detail: null }), 'by the server');
    assert.equal(said('ja', 'device my phone'), '端末 my phone');
    assert.equal(said('ja', 'charge 3, 1260 points in all'), '3 回目、合計 1,260 ポイント');
    assert.equal(said('en', 'charge 3, 1260 points in all'), 'charge 3, 1,260 points in all');
    assert.equal(said('ja', 'completed, user_end'), '完了 · ユーザーが終了');
    assert.equal(said('ja', 'media_server'), 'media_server', 'what the page has no words for');
  });

  test('is written by the server so that the page knows it', () => {
    const source = readFileSync(new URL('../../src/calls/records/timeline.rs', import.meta.url), 'utf8');
    for (const words of ['device {}', 'charge {}, {} points in all', '{}, {}']) assert.ok(source.includes(`"${words}"`), words);
  });
});

describe('figures in words', () => {
  const en = new Words('en');

  test('sizes and spans are in the largest unit that fills', () => {
    assert.deepEqual([0, 1_023, 1_536, 5 * 1_048_576, null].map((bytes) => en.size(bytes)), [
      '0 B', '1,023 B', '1.5 KiB', '5 MiB', '–',
    ]);
    assert.deepEqual([0.4567, 12, 1_234, null].map((ms) => en.took(ms)), ['0.457 ms', '12 ms', '1.23 s', '–']);
    assert.deepEqual([0.1234, 12.345, 12_345.6].map((value) => en.figure(value)), ['0.123', '12.3', '12,346']);
    assert.deepEqual([-5, 59_999, 60_000].map((ms) => en.span(ms)), ['0 s', '59 s', '1 minute']);
  });

  test('a refusal is told in the sentence of the server, and a server that is away in ours', () => {
    const told = en.fault({ code: 'NOT_FOUND', message: 'no such session' });
    assert.equal(told, 'The server refused: no such session (NOT_FOUND).');
    assert.equal(en.fault({ code: 'DISCONNECTED', message: 'x' }), 'The server cannot be reached.');
    assert.equal(en.fault(new TypeError('y')), 'That did not work: TypeError: y');
  });
});
