// What the map in src/lib.rs and the READMEs say of the code is so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Markdown } from './support/markdown.mjs';
import { plan } from './support/plan.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFileSync(ROOT + path, 'utf8');

/** The map: each room with its floor, and what is said of it. */
function map() {
  const drawn = /```text\n([\s\S]*?)```/.exec(read('src/lib.rs').replace(/^\/\/! ?/gm, ''))[1];
  let floor = null;
  return drawn.trimEnd().split('\n').flatMap((line) => {
    const [, number, rooms, said] = /^ (\d| )  (\S.*?)\s{2,}(\S.*)$/.exec(line) ?? assert.fail(`not a line of a map: ${line}`);
    if (number !== ' ') floor = Number(number);
    return rooms.split(/, | \| /).map((room) => ({ room, floor, said }));
  });
}

/** The commands of the program, as its help lists them. */
function commands() {
  const variants = /^enum Command \{\n([\s\S]*?)^\}/m.exec(read('src/cli/mod.rs'))[1].matchAll(/^ {4}(\w+)[,(]/gm);
  return [...variants].map(([, name]) => name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase()).sort();
}

test('the map has every room, on the floor that tests/tidy holds it to', () => {
  const held = [...read('tests/tidy/floors.rs').matchAll(/^ {4}\("(\w+)", (\d),/gm)];
  assert.ok(held.length > 20);
  const drawn = map().map(({ room, floor }) => `${room} ${floor}`);
  assert.deepEqual(drawn.toSorted(), held.map(([, room, floor]) => `${room} ${floor}`).toSorted());
});

test('the map and both READMEs name every command of the program', () => {
  const said = map().find(({ room }) => room === 'cli').said;
  const there = commands();
  assert.ok(there.includes('check-config'));
  assert.deepEqual(said.replace('(default)', '').split(/[\s,]+/).filter(Boolean).sort(), there);
  for (const name of ['README.md', 'README.ja.md']) {
    const rows = Markdown.read(ROOT + name).tables().flatMap(({ head, rows }) => [head, ...rows.map(({ cells }) => cells)]);
    const listed = rows.map(([first]) => /^`otomo ([a-z-]+)/.exec(first)?.[1]).filter(Boolean);
    assert.deepEqual([...new Set(listed)].sort(), there, name);
  }
});

test('the files that the map names are there', () => {
  const named = [...read('src/lib.rs').matchAll(/`((?:src|web|tests|config|scripts)\/[\w./-]*)`/g)].map(([, path]) => path);
  assert.ok(named.length > 3);
  for (const path of named) assert.ok(existsSync(ROOT + path), path);
});

test('both READMEs have a new user do the same', () => {
  const steps = (name) => plan(Markdown.read(ROOT + name)).map(({ line: _, why: __, ...step }) => step);
  assert.deepEqual(steps('README.ja.md'), steps('README.md'));
});

/** What a block writes a secret to, and who may read it then: its first commands, in a terminal with the usual umask. */
function secretOf(text) {
  const home = mkdtempSync(join(tmpdir(), 'otomo-secret-'));
  try {
    const [writes, path] = /^[^]*cat > ([\w.\/-]+)[^]*^END$/m.exec(text) ?? assert.fail(`no "cat >", which works on a Mac, too: ${text}`);
    execFileSync('sh', ['-c', `umask 022\n${writes}`], { cwd: home });
    assert.match(readFileSync(join(home, path), 'utf8'), /[\da-f]{64}/);
    return [path, (statSync(join(home, path)).mode & 0o777).toString(8)];
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('both READMEs name what must be there before it is used, and let nobody else read a secret', () => {
  for (const name of ['README.md', 'README.ja.md']) {
    const { parts } = Markdown.read(ROOT + name);
    const blocks = parts.filter(({ language }) => language === 'sh');
    const needed = blocks[0].before;
    for (const tool of ['curl', 'openssl']) {
      assert.ok(blocks.some(({ text }) => new RegExp(`\\b${tool} `).test(text)), tool);
      assert.ok(needed.includes(`\`${tool}\``), `${name}: ${tool}`);
    }
    const secrets = blocks.filter(({ text }) => text.includes('openssl rand'));
    // The container reads the second by its group (`--group-add`).
    assert.deepEqual(secrets.map(({ text }) => secretOf(text)), [['my-app/otomo.env', '600'], ['secrets.toml', '640']], name);
  }
});
