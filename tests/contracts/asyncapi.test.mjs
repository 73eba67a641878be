// The AsyncAPI document, read by AsyncAPI's own parser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Parser } from '@asyncapi/parser';

const text = readFileSync(new URL('../../web/schemas/asyncapi.json', import.meta.url), 'utf8');
const messages = JSON.parse(readFileSync(new URL('../../web/schemas/messages.json', import.meta.url), 'utf8')).$defs;

/** What is wrong with a document: errors and warnings, not hints. */
async function read(source) {
  const { document, diagnostics } = await new Parser().parse(source);
  const faults = diagnostics.filter(({ severity }) => severity < 2);
  return { document, faults: faults.map(({ message, path }) => `${path.join('.')}: ${message}`) };
}

test('the document is valid', async () => {
  const { document, faults } = await read(text);
  assert.deepEqual(faults, []);
  const addresses = document.channels().all().map((channel) => channel.address());
  assert.deepEqual(addresses.sort(), ['/api/chat/sse', '/api/commands', '/socket.io/', '/sse', '/ws']);
});

test('the parser would notice a document that does not hold together', async () => {
  const broken = JSON.parse(text);
  broken.operations.callRequest.messages = [{ $ref: '#/components/messages/command.call_request' }];
  delete broken.channels.ws.address;
  broken.channels.sse.servers = [{ $ref: '#/servers/nowhere' }];
  const { faults } = await read(JSON.stringify(broken));
  assert.notDeepEqual(faults, []);
});

test('each command is an operation with its answer, or its error', async () => {
  const { document } = await read(text);
  const names = (of) => of.all().map((message) => message.name()).sort();
  const operations = new Map();
  for (const operation of document.operations().all()) {
    const channel = operation.channels().all()[0].address();
    if (operation.isReceive() && channel === '/ws') operations.set(names(operation.messages())[0], operation);
  }
  const commands = Object.entries(messages).filter(([name]) => name.startsWith('command.'));
  assert.equal(operations.size, commands.length);
  for (const [name, schema] of commands) {
    const operation = operations.get(name.slice('command.'.length));
    const expected = [schema['x-answer'], 'error'].filter(Boolean).sort();
    assert.deepEqual(names(operation.reply().messages()), expected, name);
  }
});
