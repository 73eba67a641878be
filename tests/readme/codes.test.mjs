// The tables of the protocol's page have every error code with its status, and every close code with what it asks of clients;
// the tables of settings name settings that exist, with their defaults.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Markdown } from './support/markdown.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFileSync(ROOT + path, 'utf8');
const table = (page, ...head) => page.tables().find((it) => head.every((cell, index) => it.head[index] === cell)).rows;

const protocol = Markdown.read(`${ROOT}web/docs/protocol.md`);
const codes = (cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);

test('every error code stands beside its status', () => {
  const there = [...read('src/protocol/error_code.rs').matchAll(/^ {4}\w+ "([A-Z_]+)" (\d+),/gm)];
  assert.ok(there.length > 20);
  const said = table(protocol, 'status', 'codes').flatMap(({ cells }) => codes(cells[1]).map((code) => `${cells[0]} ${code}`));
  assert.deepEqual(said.sort(), there.map(([, code, status]) => `${status} ${code}`).sort());
});

test('every close code stands beside whether to come back', () => {
  const there = [...read('src/protocol/close_code.rs').matchAll(/^ {4}\w+ = (\d{4}) "/gm)].map(([, code]) => Number(code));
  assert.ok(there.length > 15);
  const comeBack = (code) => {
    if (code >= 4100 && code < 4200) return 'after a pause';
    if (code >= 4200) return 'now';
    return [1001, 1011].includes(code) ? 'yes' : 'no';
  };
  const rows = table(protocol, 'code').flatMap(({ cells }) => cells[0].split(', ').map((code) => [Number(code), cells[2]]));
  assert.deepEqual(rows.map(([code]) => code).sort(), there.sort());
  for (const [code, said] of rows) assert.ok(said.startsWith(comeBack(code)), `${code}: ${said}`);
});

/** Every setting with its default, as config/default.toml has them. */
function settings() {
  let section = '';
  const found = new Map();
  for (const line of read('config/default.toml').split('\n')) {
    section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
    const [, key, value] = /^(\w+) = (.*)$/.exec(line) ?? [];
    if (key) found.set(`${section}.${key}`, value.replaceAll('"', ''));
  }
  return found;
}

/** A default as the pages write it: `15s` is `15 s`, `256KiB` is `256 KiB`, `10000` is `10,000`. */
function spoken(value) {
  if (/^\d+$/.test(value)) return Number(value).toLocaleString('en');
  if (value === '' || value === '[]') return 'none';
  if (value.startsWith('[')) return value.slice(1, -1);
  return value.replace(/^(\d+)d$/, (_, days) => `${days} day${days === '1' ? '' : 's'}`).replace(/^(\d+)([a-zA-Z]+)$/, '$1 $2');
}

test('tables of settings name settings that exist, with their defaults', () => {
  const there = settings();
  assert.ok(there.size > 80);
  const faults = [];
  for (const name of readdirSync(`${ROOT}web/docs`)) {
    for (const { head, rows } of Markdown.read(`${ROOT}web/docs/${name}`).tables()) {
      if (head[0] !== 'setting' || head[1] !== 'default') continue;
      for (const { cells, line } of rows) {
        const named = [...cells[0].matchAll(/`([\w.]+)`/g)].map(([, setting]) => setting);
        const expected = named.map((setting) => spoken(there.get(setting) ?? 'no such setting')).join(', ');
        const said = cells[1].replaceAll('`', '');
        if (said !== expected) faults.push(`web/docs/${name}:${line}: ${named.join(', ')}: ${expected}, not ${said}`);
      }
    }
  }
  assert.deepEqual(faults, []);
});

test('what stands in backticks like a setting is one', () => {
  const sections = new Set([...settings().keys()].map((name) => name.split('.')[0]));
  const known = new Set(settings().keys());
  const faults = ['README.md', 'README.ja.md', ...readdirSync(`${ROOT}web/docs`).map((name) => `web/docs/${name}`)].flatMap((path) =>
    [...read(path).matchAll(/`([a-z]+)\.([a-z_0-9]+)`/g)]
      .filter(([, section, key]) => sections.has(section) && !/^(md|rs|toml|js|json)$/.test(key))
      .map(([, section, key]) => `${section}.${key}`)
      .filter((name) => !known.has(name) && !/^connected\./.test(name))
      .map((name) => `${path}: there is no setting ${name}`),
  );
  assert.deepEqual(faults, []);
});
