// The types of REST lead from each path, filled in as a program does it, to the operation that OpenAPI has there, and take what
// the document gives as examples.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { compiled } from './support/compiler.mjs';

const root = new URL('../../', import.meta.url);
const openapi = JSON.parse(readFileSync(new URL('web/schemas/openapi.json', root), 'utf8'));
const types = fileURLToPath(new URL('web/client/types/rest_api.js', root));

const HEAD = `import type * as rest from ${JSON.stringify(types)};
import type { AnyOperation, Operation, Operations } from ${JSON.stringify(types)};
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
`;

/** Every operation that answers in JSON, or with nothing. */
const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { responses }]) => {
      const contents = Object.entries(responses).flatMap(([status, { content = {} }]) => (/^2/.test(status) ? Object.keys(content) : []));
      return contents.every((kind) => kind === 'application/json');
    })
    .map(([method, operation]) => ({ path, method, operation })),
);

test('each path leads to its operation', () => {
  const program = operations.map(({ path, method }, at) => {
    const filled = path.replaceAll(/\{\w+\}/g, '${string}');
    return `export const o${at}: Same<Operation<'${method}', \`${filled}\`>, Operations['${method}']['${path}']> = true;\n`;
  });
  assert.ok(program.length > 50, `${program.length}`);
  assert.equal(compiled(HEAD + program.join('')), '');
  const elsewhere = program.map((line) => line.replace('`>', '/elsewhere`>'));
  assert.equal(compiled(HEAD + elsewhere.map((line) => `// @ts-expect-error\n${line}`).join('')), '');
});

test('of a path that is only a string nothing is known', () => {
  const program = ['get', 'post', 'put', 'delete'].map((method, at) => {
    return `export const s${at}: Same<Operation<'${method}', string>, AnyOperation> = true;\n`;
  });
  assert.equal(compiled(HEAD + program.join('')), '');
});

test('a body is asked for where there is one, and so is each of its fields', () => {
  const program = operations.map(({ path, method, operation }, at) => {
    const body = `Operations['${method}']['${path}']['body']`;
    return `export const b${at}: Same<${body}, undefined> = ${operation.requestBody === undefined};\n`;
  });
  assert.equal(compiled(HEAD + program.join('')), '');
});

test('the examples of the document have its types', () => {
  const examples = Object.entries(openapi.components.schemas).flatMap(([name, { examples = [] }]) =>
    examples.map((example) => ({ name, example })),
  );
  assert.ok(examples.length >= 5, `${examples.length}`);
  const program = examples.map(({ name, example }, at) => {
    return `export const e${at}: rest.${name} = ${JSON.stringify(example)};\n`;
  });
  assert.equal(compiled(HEAD + program.join('')), '');
  const faulty = examples.map(({ name, example }, at) => {
    const nothing = Object.fromEntries(Object.keys(example).map((field) => [field, [[]]]));
    return `// @ts-expect-error\nexport const e${at}: rest.${name} = ${JSON.stringify(nothing)};\n`;
  });
  assert.equal(compiled(HEAD + faulty.join('')), '');
});
