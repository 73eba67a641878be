// The tables of messages on the pages of web/docs say what web/schemas/messages.json says, and leave nothing out.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Markdown } from './support/markdown.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEFINED = JSON.parse(readFileSync(`${ROOT}web/schemas/messages.json`, 'utf8')).$defs;

/** What every message may carry; the page of the protocol says so once. */
const CARRIED = ['type', 'requestId', 'seq', 'prev', 'v'];

/** Messages whose own fields are named like those. */
const OWN_SEQ = ['connected', 'ready', 'resync'];

const DOCUMENTS = readdirSync(`${ROOT}web/docs`).filter((name) => name.endsWith('.md'));

/** Rows of tables that begin with a command or an event: `{ kind, type, cells, place }`. */
function rows(documents) {
  return documents.flatMap(([name, document]) =>
    document.tables().flatMap(({ head, rows }) => {
      if (!['command', 'event'].includes(head[0]) || !head.includes('fields')) return [];
      return rows.map(({ cells, line }) => ({
        kind: head[0],
        type: cells[0].replaceAll('`', ''),
        cells,
        place: `${name}:${line}`,
      }));
    }),
  );
}

const documented = rows(DOCUMENTS.map((name) => [`web/docs/${name}`, Markdown.read(`${ROOT}web/docs/${name}`)]));

/** Reads fields as the tables write them: `` `a`, `b?`, `c{d, e[]}`, `f[{g}]` ``, into `a`, `b?`, `c.d`, .. */
function written(cell) {
  const names = [];
  for (const [, span] of cell.matchAll(/`([^`]+)`/g)) {
    const inside = [];
    for (const [token, name, many] of span.matchAll(/(\w+\??)(\[\])?(?=[,{}[\]]|$)|[{}]/g)) {
      if (token === '{') inside.push(names.at(-1).replace('?', ''));
      else if (token === '}') inside.pop();
      else names.push([...inside.slice(-1), name].join('.') + (many ?? ''));
    }
  }
  return names.map((name) => name.replace('[]', '')).sort();
}

/** @returns {object} the schema behind references, of an item if it is of a list, of what is not null if it may be */
function resolved(schema) {
  if (schema.$ref) return resolved(DEFINED[schema.$ref.split('/').at(-1)]);
  if (schema.items) return resolved(schema.items);
  const alternatives = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  return alternatives.length === 1 ? resolved(alternatives[0]) : schema;
}

/** The fields of a schema in the same words; those within a field only where `nested` says that the table has them. */
function defined(schema, nested, inside = '') {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = inside + name;
    const optional = schema.required?.includes(name) ? '' : '?';
    const within = nested(path) ? defined(resolved(property), nested, `${path}.`) : [];
    return [path + optional, ...within];
  });
}

/** What is wrong with a row. */
function faults({ kind, type, cells, place }) {
  const schema = DEFINED[`${kind}.${type}`];
  if (!schema) return [`${place}: there is no ${kind} ${type}`];
  const said = written(cells[kind === 'command' ? 1 : 2]);
  const carried = CARRIED.filter((name) => !(OWN_SEQ.includes(type) && name === 'seq'));
  const own = { ...schema, properties: { ...schema.properties } };
  for (const name of carried) delete own.properties[name];
  const there = defined(own, (path) => said.some((name) => name.startsWith(`${path}.`))).sort();
  const found = [];
  if (said.join() !== there.join()) found.push(`${place}: ${type} has ${there.join(', ')}; it says ${said.join(', ')}`);
  if (kind === 'event' && cells[1] !== schema['x-kind']) found.push(`${place}: ${type} is ${schema['x-kind']}`);
  const answer = schema['x-answer'];
  if (kind === 'command' && (answer ? !cells[2].includes(`\`${answer}\``) : !/^none\b/.test(cells[2])))
    found.push(`${place}: ${type} is answered with ${answer ?? 'nothing'}`);
  return [...found, ...valueFaults(own, cells, `${place}: ${type}`)];
}

/** Where a row lists the values of a field (`` `reason`: `a`, `b` ``), it lists all of them and no others. */
function valueFaults(schema, cells, place) {
  const list = /`(\w+)`(?::| is) ((?:`\w+`(?: \([^)]*\))?(?:, | or )?)+)/g;
  return [...cells.at(-1).matchAll(list)].flatMap(([, field, values]) => {
    const { enum: those, oneOf } = resolved(schema.properties[field] ?? {});
    const there = (those ?? oneOf?.map((one) => one.const ?? one.enum) ?? []).flat().sort().join();
    const said = [...values.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, value]) => value).sort().join();
    return there === said ? [] : [`${place}: ${field} is one of ${there}; it says ${said}`];
  });
}

test('every row of the tables of messages says what the schema says', () => {
  assert.deepEqual(documented.flatMap(faults), []);
});

test('every command and every event is in one of the tables, once', () => {
  const there = Object.keys(DEFINED).filter((name) => /^(command|event)\./.test(name));
  assert.ok(there.length > 80);
  const said = documented.map(({ kind, type }) => `${kind}.${type}`);
  assert.deepEqual(said.sort(), there.sort());
});

test('a row that is wrong is noticed', () => {
  const of = (head, row) => rows([['a.md', new Markdown(`| ${head} |\n|---|---|---|---|\n| ${row} |\n`)]]).flatMap(faults);
  const event = (row) => of('event | kind | fields | who', row);
  assert.deepEqual(event('`call_accepted` | control | `callId`, `timestamp` | the caller'), []);
  assert.equal(event('`call_accepted` | control | `callId` | the caller').length, 1, 'a field is missing');
  assert.equal(event('`call_accepted` | control | `callId`, `timestamp?` | the caller').length, 1, 'it is never missing');
  assert.equal(event('`call_accepted` | durable | `callId`, `timestamp` | the caller').length, 1, 'another kind');
  assert.equal(event('`call_accepts` | control | `callId`, `timestamp` | the caller').length, 1, 'no such event');
  assert.equal(event('`room_left` | control | `room`, `reason` | `reason`: `revoked`').length, 1, 'a value is missing');
  const ready = (fields) => event(`\`unread_snapshot\` | preamble | \`asOfSeq\`, \`conversations[{${fields}}]\` | all`).length;
  assert.equal(ready('conversationId, lastSeq, readSeq, unread'), 0);
  assert.equal(ready('conversationId, lastSeq, readSeq'), 1, 'a field of a field is missing');
  const command = (row) => of('command | fields | answer', row).length;
  assert.equal(command('`call_accept` | `callId` | `call_accept_ack`'), 0);
  assert.equal(command('`call_accept` | `callId` | none'), 1, 'it is answered');
  assert.equal(command('`call_ringing` | `callId` | `call_ringing_ack`'), 1, 'it is not answered');
});
