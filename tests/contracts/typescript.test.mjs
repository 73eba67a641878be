// The types of TypeScript take every golden message as it is, and none with a wrong field: the compiler says so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { compiled } from './support/compiler.mjs';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const schemas = JSON.parse(read('web/schemas/messages.json')).$defs;
const types = fileURLToPath(new URL('web/client/types/protocol.js', root));

const HEAD = `import type { CommandMap, EventMap, OtomoCommand, OtomoEvent } from ${JSON.stringify(types)};
type Command<Type extends keyof CommandMap> = Extract<OtomoCommand, { type: Type }>;
`;

/** The golden messages: the type of each in TypeScript, its schema and its fields. */
function golden() {
  const lines = read('tests/golden/protocol_v1.jsonl').trimEnd().split('\n');
  return lines.map((line) => {
    const [isCommand, message] = [line.startsWith('in '), JSON.parse(line.slice(4))];
    const schema = schemas[`${isCommand ? 'command' : 'event'}.${message.type}`];
    // As a connection is sent it.
    if (schema.required.includes('prev')) Object.assign(message, { seq: 42, prev: 41 });
    const type = isCommand ? `Command<'${message.type}'>` : `EventMap['${message.type}']`;
    return { type, schema, message };
  });
}

test('every golden message has the type that it is said to have', () => {
  const program = golden().map(({ type, message }, at) => {
    const [command, text] = [type.startsWith('Command'), JSON.stringify(message)];
    const union = command ? 'OtomoCommand' : 'OtomoEvent';
    return `export const m${at}: ${type} = ${text};\nexport const u${at}: ${union} = m${at};\n`;
  });
  assert.ok(program.length > 90);
  assert.equal(compiled(HEAD + program.join('')), '');
});

test('a message with a wrong, a missing or an unknown field does not compile', () => {
  const faulty = golden().flatMap(({ type, schema, message }) => {
    const wrong = Object.keys(message).filter((field) => isTyped(schema.properties[field]));
    const messages = wrong.map((field) => ({ ...message, [field]: [[{ no: 'field is this' }]] }));
    for (const field of schema.required) {
      const { [field]: _, ...rest } = message;
      // What may be anything may also be nothing.
      if (isTyped(schema.properties[field])) messages.push(rest);
    }
    if (!('additionalProperties' in schema)) messages.push({ ...message, forgotten: 1 });
    return messages.map((faulty) => ({ type, faulty }));
  });
  assert.ok(faulty.length > 600, `${faulty.length}`);
  const program = faulty.map(({ type, faulty }, at) => {
    return `// @ts-expect-error\nexport const m${at}: ${type} = ${JSON.stringify(faulty)};\n`;
  });
  assert.equal(compiled(HEAD + program.join('')), '');
});

function isTyped(schema = {}) {
  return ['type', 'const', '$ref', 'anyOf'].some((keyword) => keyword in schema);
}

test('an answer has the type of the event that it is', () => {
  const commands = Object.entries(schemas).filter(([name]) => name.startsWith('command.'));
  const program = commands.map(([name, schema], at) => {
    const command = name.slice('command.'.length);
    const answer = schema['x-answer'] ? `EventMap['${schema['x-answer']}']` : 'void';
    const given = `CommandMap['${command}']['answer']`;
    return `export const a${at}: ${given} extends ${answer} ? ${answer} extends ${given} ? 1 : 0 : 0 = 1;\n`;
  });
  assert.equal(compiled(HEAD + program.join('')), '');
  assert.notEqual(compiled(HEAD + program.join('').replaceAll('void', 'string')), '');
});
