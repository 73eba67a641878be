// The microphone of one call: who holds it, and that it is let go.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Microphone } from '../../../web/client/src/calls/microphone.js';
import { voice } from './support/peers.mjs';
import { prompts } from './support/phone.mjs';
import { settle } from './support/world.mjs';

/** One whose prompts the test answers. */
function prompted() {
  const browser = prompts();
  return { ...browser, capture: browser.microphone, microphone: new Microphone(browser.microphone) };
}

test('one that was refused is asked for again', async () => {
  const { microphone, asked, deny } = prompted();
  const refused = assert.rejects(microphone.open(), { code: 'MICROPHONE' });
  await deny();
  await refused;
  microphone.open();
  assert.equal(asked.length, 2);
});

test('closed while the browser asks, who waits is told at once, and what is granted later is let go', async () => {
  const { microphone, allow } = prompted();
  const waiting = assert.rejects(microphone.open(), { code: 'ABORTED' });
  microphone.close();
  await waiting;
  assert.equal((await allow()).tracks[0].stopped, true);
});

test('closed, it asks the browser for nothing more', async () => {
  const { microphone, asked } = prompted();
  microphone.close();
  await assert.rejects(microphone.open(), { code: 'ABORTED' });
  await settle();
  assert.equal(asked.length, 0);
});

test('another one that is chosen before it is needed is opened only then', async () => {
  const { microphone, asked } = prompted();
  const other = voice();
  assert.equal(await microphone.use(async () => other), null);
  assert.equal(await microphone.open(), other);
  assert.equal(asked.length, 0);
});

/** Lets the test answer the browser's questions in any order. */
async function grant(question) {
  const stream = voice();
  question.grant(stream);
  await settle();
  return stream;
}

const stopped = (...streams) => streams.map(({ tracks }) => tracks[0].stopped);

test('two that are chosen at once: the last choice is held and muted, whichever the browser grants first', async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const { microphone, ...browser } = prompted();
    const opened = microphone.open();
    const before = await browser.allow();
    await opened;
    const chosen = [microphone.use(browser.capture), microphone.use(browser.capture)];
    const questions = browser.asked.slice(-2);
    const streams = [];
    for (const at of order) streams[at] = await grant(questions[at]);
    const [first, last] = streams;
    assert.equal((await Promise.all(chosen)).at(-1), last);
    assert.deepEqual(stopped(before, first, last), [true, true, false], `${order}`);
    microphone.mute(true);
    assert.equal(last.tracks[0].enabled, false);
    assert.equal(await microphone.open(), last);
    microphone.close();
    assert.equal(last.tracks[0].stopped, true);
  }
});

test('one that is granted after another was chosen is let go, and who waits for it gets the other', async () => {
  const { microphone, asked } = prompted();
  const waiting = microphone.open();
  const other = voice();
  assert.equal(await microphone.use(async () => other), other);
  const late = await grant(asked[0]);
  assert.equal(await waiting, other);
  assert.deepEqual(stopped(late, other), [true, false]);
  microphone.mute(true);
  assert.equal(other.tracks[0].enabled, false);
  microphone.close();
  assert.equal(other.tracks[0].stopped, true);
});

test('one that is denied after another was chosen: who waits for it gets the other', async () => {
  const { microphone, deny } = prompted();
  const waiting = microphone.open();
  const other = voice();
  await microphone.use(async () => other);
  await deny();
  assert.equal(await waiting, other);
});

test('one that was chosen and is denied leaves what is granted before and after it', async () => {
  const { microphone, asked } = prompted();
  const waiting = microphone.open();
  await assert.rejects(microphone.use(async () => assert.fail('denied')), { code: 'MICROPHONE' });
  const first = await grant(asked[0]);
  assert.equal(await waiting, first);
  assert.deepEqual(stopped(first), [false]);
});
