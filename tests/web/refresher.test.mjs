// What is loaded whenever it is wanted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refresher } from '../../web/shared/refresher.js';

test('what is wanted while it is loaded is loaded once more, after that', async () => {
  const answers = [];
  const list = new Refresher(() => new Promise((answer) => answers.push(answer)));
  let done = false;
  const first = list.refresh().then(() => (done = true));
  list.refresh();
  list.refresh();
  assert.equal(answers.length, 1);
  answers[0]();
  await new Promise(setImmediate);
  assert.deepEqual([answers.length, done], [2, false]);
  answers[1]();
  await first;
  assert.equal(answers.length, 2);
  list.refresh();
  assert.equal(answers.length, 3);
});
