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
  return { ...browser, microphone: new Microphone(browser.microphone) };
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
