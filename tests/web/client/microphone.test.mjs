// The microphone: who holds it, and that it is let go.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Microphone } from '../../../web/client/src/calls/microphone.js';
import { TestStream } from './support/peers.mjs';
import { settle } from './support/world.mjs';

/** One whose prompts the test answers, in any order. */
function prompted() {
  const prompts = [];
  const microphone = new Microphone(() => new Promise((grant, refuse) => prompts.push({ grant, refuse })));
  return { microphone, prompts };
}

test('a prompt that is refused after its call was left takes nothing from the next call', async () => {
  const { microphone, prompts } = prompted();
  const first = assert.rejects(microphone.open(), { code: 'MICROPHONE' });
  microphone.close();
  const second = microphone.open();
  prompts[0].refuse(new Error('denied'));
  await first;
  const stream = new TestStream();
  prompts[1].grant(stream);
  assert.equal(await second, stream);
  assert.equal(microphone.held, true);
  await microphone.close();
  assert.equal(stream.tracks[0].stopped, true);
});

test('one that was refused is asked for again', async () => {
  const { microphone, prompts } = prompted();
  const refused = assert.rejects(microphone.open(), { code: 'MICROPHONE' });
  prompts[0].refuse(new Error('denied'));
  await refused;
  assert.equal(microphone.held, false);
  microphone.open();
  assert.equal(prompts.length, 2);
});

test('granted after it was closed, it is let go at once', async () => {
  const { microphone, prompts } = prompted();
  microphone.open();
  microphone.close();
  const stream = new TestStream();
  prompts[0].grant(stream);
  await settle();
  assert.equal(stream.tracks[0].stopped, true);
});
