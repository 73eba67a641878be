// The types in the page's comments are true: the compiler reads them, and nothing is built.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

test('the types of the page hold', () => {
  const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  const project = fileURLToPath(new URL('../../web/jsconfig.json', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
