// The script that follows the READMEs does what it should with a block, and refuses what it does not understand.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Markdown } from './support/markdown.mjs';
import { matches, plan } from './support/plan.mjs';
import { Service, Shell, freePort } from './support/terminal.mjs';

const planned = (text) => plan(new Markdown(text)).map(({ line: _, ...step }) => step);

test('blocks are run, served, saved, compared or left out, as the comment above them says', () => {
  const text = [
    '```sh\nls\n```',
    '<!-- readme: serves 127.0.0.1:80 -->\n```sh\nserve\n```',
    'Save as `a/b.js`:\n\n<!-- readme: file a/b.js -->\n```js\nlet x;\n```',
    '<!-- readme: prints -->\n```json\n{}\n```',
    '<!-- readme: not run: no root -->\n```sh\nreboot\n```',
    '<!-- readme: page demo -->\n\n<!-- readme: stops -->\n\n```text\n+--+\n```',
  ].join('\n\n');
  assert.deepEqual(planned(text), [
    { does: 'run', text: 'ls' },
    { does: 'serve', address: '127.0.0.1:80', text: 'serve' },
    { does: 'save', path: 'a/b.js', text: 'let x;' },
    { does: 'print', text: '{}' },
    { does: 'skip', why: 'no root', text: 'reboot' },
    { does: 'page', scene: 'demo' },
    { does: 'stop' },
  ]);
});

test('a block of which nobody says what becomes of it is refused', () => {
  for (const text of [
    '```js\nlet x;\n```',
    '<!-- readme: files x -->\n```js\n```',
    'Save as `other.js`:\n<!-- readme: file x.js -->\n```js\n```',
    '<!-- readme: serves -->\n```sh\n```',
    '<!-- readme: not run: -->\n```sh\n```',
    '<!-- readme: prints -->\n\n```json\n{}\n```',
    '```sh\nls\n',
  ]) {
    assert.throws(() => planned(text), text);
  }
});

test('what is printed may differ only where it says …', () => {
  assert.ok(matches('{"a":1}', '{"a":1}\n'));
  assert.ok(matches('{"token":"…"}', '{"token":"eyJ.x"}'));
  assert.ok(!matches('{"a":1}', '{"a":12}'));
  assert.ok(!matches('a.c', 'abc'));
});

test('a terminal keeps what is exported, and a command that fails ends it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otomo-terminal-'));
  const shell = new Shell(folder, process.env, folder);
  try {
    assert.equal(await shell.run('export GREETING=hello'), '');
    assert.equal(await shell.run('printf "$GREETING"'), 'hello');
    assert.equal(await shell.run('cat'), '', 'nobody types anything');
    await assert.rejects(shell.run('echo so far\nfalse\necho further'), /ends with 1\n(?!.*further)/);
  } finally {
    await shell.close();
    await rm(folder, { recursive: true });
  }
});

test('something that serves is waited for, and something that ends instead is told', async () => {
  const listen = 'node -e "require(\'net\').createServer().listen(Number(process.env.PORT))"';
  const port = await freePort();
  const service = await Service.start(`echo hello; ${listen}`, `127.0.0.1:${port}`, '.', { ...process.env, PORT: port });
  assert.match(await service.end(), /hello/);
  await assert.rejects(Service.start('echo no; false', '127.0.0.1:1', '.', process.env), /nothing listens.*\nno/);
});
