// The pages of web/docs name every route of web/schemas/openapi.json, and none that there is not.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Markdown } from './support/markdown.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What only upgrades or passes on, and pages: not part of the description of REST. */
const BESIDE = ['GET /ws', 'GET /schemas/events.json', 'GET /schemas/messages.json', 'GET /openapi.json', 'GET /asyncapi.json'];

const there = new Set(
  Object.entries(JSON.parse(readFileSync(`${ROOT}web/schemas/openapi.json`, 'utf8')).paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => /^(get|put|post|delete|patch)$/.test(method))
      .map((method) => `${method.toUpperCase()} ${path}`),
  ),
);

/**
 * The routes that a text names, as `` `GET /api/a/b` ``. What follows with a comma and without a method has the same one, and
 * may leave out how the path before it begins: `` `GET /api/a/b`, `/c` `` also names `/api/a/c`, `/api/c` or `/c`.
 * @param {string} text
 * @param {Set<string>} known
 * @returns {string[]} as they are known, or as they are written
 */
function named(text, known) {
  const found = [];
  let methods = [];
  let waiting = [];
  let before = '';
  for (const [, separator, span] of text.matchAll(/([^`]*)`([^`]+)`/g)) {
    const [, verb, path] = /^(?:(GET|PUT|POST|DELETE)\b)?\s*(\/[\w{}/.-]*)?(?=[?\s]|$)/.exec(span) ?? [];
    if (verb && !path) waiting.push(verb);
    else if (verb) [methods, waiting] = [[...waiting, verb], []];
    else if (separator !== ', ') methods = [];
    if (!path) continue;
    const parts = before.split('/');
    const whole = verb ? [path] : [path, ...parts.map((_, left) => parts.slice(0, parts.length - left).join('/') + path)];
    for (const method of methods) {
      const route = whole.map((one) => `${method} ${one}`).find((one) => known.has(one));
      found.push(route ?? `${method} ${path}`);
      if (route) before = route.split(' ')[1];
    }
  }
  return found;
}

const said = readdirSync(`${ROOT}web/docs`).flatMap((name) =>
  Markdown.read(`${ROOT}web/docs/${name}`).prose.flatMap((line) =>
    line.split('|').flatMap((cell) => named(cell, there).map((route) => ({ route, page: `web/docs/${name}` }))),
  ),
);

test('every route of the description is on one of the pages', () => {
  assert.ok(there.size > 50);
  const routes = new Set(said.map(({ route }) => route));
  assert.deepEqual([...there].filter((route) => !routes.has(route)), []);
});

test('the pages name no route that there is not', () => {
  const none = said.filter(({ route }) => !there.has(route) && !BESIDE.includes(route));
  assert.deepEqual(none.map(({ route, page }) => `${page}: ${route}`), []);
});

test('routes are read as the tables write them', () => {
  const known = new Set(['GET /a/b', 'GET /a/c', 'PUT /a/{id}/d', 'DELETE /a/{id}/d', 'POST /e/f', 'POST /e/g']);
  assert.deepEqual(named('`GET /a/b?x=`, `/c`', known), ['GET /a/b', 'GET /a/c']);
  assert.deepEqual(named('`PUT`, `DELETE /a/{id}/d` and `{"x"}`', known), ['PUT /a/{id}/d', 'DELETE /a/{id}/d']);
  assert.deepEqual(named('`POST /e/f` `{"y"}`, or `/g`', known), ['POST /e/f']);
  assert.deepEqual(named('`POST /e/f`, `/none`', known), ['POST /e/f', 'POST /none']);
  assert.deepEqual(named('`GET /a/none`, `/a/c`', known), ['GET /a/none', 'GET /a/c']);
});
