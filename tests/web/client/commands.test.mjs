// What the client knows of commands is what the protocol says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ANSWERLESS, NAMED_BY, REPEATABLE } from '../../../web/client/src/link/commands.js';

const types = readFileSync(new URL('../../../web/client/types/protocol.d.ts', import.meta.url), 'utf8');
const map = /interface CommandMap \{(.*?)^\}/ms.exec(types)[1];
const commands = [...map.matchAll(/^ {2}'?([\w-]+)'?: \{ fields: .+?; answer: (\w+) \};/gm)];

test('commands without an answer are those of the protocol', () => {
  const without = commands.filter(([, , answer]) => answer === 'void').map(([, name]) => name);
  assert.ok(commands.length >= 25);
  assert.deepEqual([...ANSWERLESS].sort(), without.sort());
});

test('commands that are repeated are commands with an answer', () => {
  const answered = new Set(commands.filter(([, , answer]) => answer !== 'void').map(([, name]) => name));
  for (const name of [...REPEATABLE, ...Object.keys(NAMED_BY)]) assert.ok(answered.has(name), name);
});
