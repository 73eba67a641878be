// The package as an app gets it: what is in it, that it works where there is nothing else, and that its types are true.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { blocks, bundledBytes, importedFromOutside, PACKAGE, packed, Project } from './support/package.mjs';

const read = (path) => readFileSync(path, 'utf8');

/** Every file below a folder, from there. */
const below = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe('the package', () => {
  test('holds its code, its types, and what one must know of it, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'otomo-pack-'));
    try {
      const paths = packed(folder).files.map(({ path }) => path);
      const wanted = (path) => /^(src\/.+\.js|types\/.+\.d\.ts|package\.json|README\.md|LICENSE)$/.test(path);
      assert.deepEqual(paths.filter((path) => !wanted(path)), []);
      for (const name of below(join(PACKAGE, 'src'))) assert.ok(paths.includes(`src/${name}`), name);
      for (const name of ['README.md', 'LICENSE', 'types/index.d.ts', 'types/protocol.d.ts', 'types/rest_api.d.ts']) assert.ok(paths.includes(name), name);
      assert.equal(read(join(PACKAGE, 'LICENSE')), read(join(PACKAGE, '../../LICENSE')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('needs no other package', () => {
    const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(read(join(PACKAGE, 'package.json')));
    assert.deepEqual({ dependencies, peerDependencies, optionalDependencies }, {
      dependencies: undefined,
      peerDependencies: undefined,
      optionalDependencies: undefined,
    });
    assert.deepEqual(importedFromOutside(below(join(PACKAGE, 'src')).map((name) => join('src', name))), []);
  });

  test('is as small as its README says', () => {
    const [, said] = /; (\d+) kB where a bundler makes it small/.exec(read(join(PACKAGE, 'README.md')));
    assert.equal(Math.round(bundledBytes() / 1000), Number(said));
  });

  test('has types that are those of its code', () => {
    const made = mkdtempSync(join(tmpdir(), 'otomo-types-'));
    try {
      const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
      const project = fileURLToPath(new URL('declarations.json', import.meta.url));
      const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', made], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
      const here = join(PACKAGE, 'types');
      // These two are made from the server's own types.
      const ours = below(here).filter((name) => !['protocol.d.ts', 'rest_api.d.ts'].includes(name));
      assert.deepEqual(ours, below(made), 'npm run types');
      for (const name of ours) assert.equal(read(join(here, name)), read(join(made, name)), `${name} is old: npm run types`);
    } finally {
      rmSync(made, { recursive: true });
    }
  });
});

describe('an app with the package', () => {
  let project;
  before(() => (project = new Project()));
  after(() => project.remove());

  test('imports it', () => {
    project.write(
      'app.mjs',
      `import { createOtomo, OtomoError } from 'otomo-client';
       const otomo = createOtomo({ url: 'http://127.0.0.1:9', token: 't', WebSocket: class {} });
       console.log(otomo.link.get().phase, new OtomoError('A', 'b').code);`,
    );
    const { status, stdout, stderr } = project.run('app.mjs');
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), 'idle A');
  });

  test('is told by the compiler what fits and what does not', () => {
    project.write(
      'app.ts',
      `import { createOtomo, type Call, type Store } from 'otomo-client';
       import type { NewMessage } from 'otomo-client/protocol';
       const otomo = createOtomo({ token: async (why) => (why === 'connect' ? 'a' : 'b'), storage: null, topics: ['chat'] });
       otomo.on('new-message', (event) => {
         const message: NewMessage = event;
         const seq: number | undefined = event.seq;
         console.log(message.body, seq);
         // @ts-expect-error no such field
         event.text;
       });
       otomo.on('boss_spawned', (event) => {
         const hp: unknown = event.hp;
         console.log(hp);
         // @ts-expect-error what an app's own event holds is not known
         event.hp.toFixed();
       });
       otomo.on('*', (event) => {
         const type: string = event.type;
         console.log(type);
         // @ts-expect-error nor what any event holds
         event.body.length;
       });
       otomo.send('typing-start', { conversationId: 'c' });
       // @ts-expect-error no such command
       otomo.send('typing', {});
       const { messageSeq } = await otomo.request('message_send', { toUserId: 'x', body: 'y' }, { timeoutMs: 5 });
       const seq: number = messageSeq;
       // @ts-expect-error a field is missing
       await otomo.request('call_accept', {});
       // @ts-expect-error it has no answer
       await otomo.request('typing-start', { conversationId: 'c' });
       const { requestId } = await otomo.request('own_action', { any: 1 });
       const acknowledged: string | undefined = requestId;
       // @ts-expect-error an action of the app's own is acknowledged, and that is all
       (await otomo.request('own_action', {})).messageSeq;
       const store: Store<Call> = otomo.calls.store;
       const phase: 'idle' | 'asking' | 'requesting' | 'ringing' | 'incoming' | 'connecting' | 'connected' | 'ended' = store.get().phase;
       // @ts-expect-error snapshots are for reading
       otomo.unread.get().conversations['c'] = { unread: 0, readSeq: 0, lastSeq: 0 };
       console.log(seq, phase, acknowledged, otomo.points.get().last?.timestamp);`,
    );
    assert.equal(project.check(['app.ts']), '');
    assert.equal(project.check(['app.ts'], { module: 'esnext', moduleResolution: 'bundler' }), '');
  });

  test('is told the same of REST, by the path', () => {
    project.write(
      'rest.ts',
      `import { createOtomo } from 'otomo-client';
       import type { Call, Message, Operation } from 'otomo-client/rest';
       const { rest } = createOtomo({ token: 'a' });
       const { userId } = await rest.get('/api/me');
       // @ts-expect-error no such field
       (await rest.get('/api/me')).nobody;
       const call: Call = await rest.get(\`/api/calls/\${encodeURIComponent(userId)}\`, { timeoutMs: 5 });
       const { items, nextCursor } = await rest.get('/api/calls', { query: { limit: 5, cursor: null } });
       // @ts-expect-error no such parameter
       await rest.get('/api/calls', { query: { page: 5 } });
       // @ts-expect-error it has none
       await rest.get('/api/me', { query: { page: 5 } });
       const messages = \`/api/conversations/\${userId}/messages\` as const;
       const sent: Message = await rest.post(messages, { clientMessageId: 'm-1', body: 'hello' });
       // @ts-expect-error a field is missing
       await rest.post(messages, { body: 'hello' });
       // @ts-expect-error it needs a body
       await rest.post('/api/conversations');
       // @ts-expect-error no such path
       await rest.get('/api/nothing');
       // @ts-expect-error it is got, not posted
       await rest.post('/api/me');
       // @ts-expect-error no such path of a call
       await rest.get(\`/api/calls/\${userId}/rings\`);
       // @ts-expect-error nor one to delete
       await rest.delete('/api/friend/x');
       // @ts-expect-error its id is not filled in
       await rest.get('/api/calls/{id}');
       // @ts-expect-error nor is there one
       await rest.get('/api/calls/');
       const known: Call[] = [
         await rest.get(\`/api/calls/\${crypto.randomUUID()}\`),
         await rest.get('/api/calls/0198c0de-0000-7000-8000-000000000001'),
         await rest.get(\`/api/calls/\${7 as number}\`),
         await rest.get(\`/api/calls/\${'a' as 'a' | 'b'}\`),
       ];
       const [{ status }] = [await rest.get('/api/otomo/hana')];
       // @ts-expect-error nor one without its first stroke
       await rest.get('api/me');
       // @ts-expect-error no such status
       await rest.put('/api/otomo/status', { status: 'busy' });
       const gone: null = await rest.delete(\`/api/friends/\${userId}\`);
       const order = call.phase === 'ended' ? 'grant' : 'consume';
       const { transactionId } = await rest.post(\`/api/server/points/\${userId}/\${order}\`, { amount: 5, transaction_type: 'trial' });
       const ring: Operation<'get', '/api/calls/{id}/ring'>['answer']['type'] = 'incoming_call';
       const path: string = '/api/me';
       await rest.post(path);
       await rest.post(\`\${path}/more\`);
       await rest.put(path, { any: true }, { idempotencyKey: 'k' });
       console.log((await rest.get(path, { query: { any: true } })).whatever, items[0]?.callId, nextCursor, sent.body, gone, transactionId, ring, known.length, status);`,
    );
    assert.equal(project.check(['rest.ts']), '');
    assert.equal(project.check(['rest.ts'], { module: 'esnext', moduleResolution: 'bundler' }), '');
  });

  test('may be written as its README says', () => {
    const written = blocks('ts').map((code, index) => {
      project.write(`readme_${index}.ts`, code);
      return `readme_${index}.ts`;
    });
    assert.ok(written.length >= 3);
    assert.equal(project.check(written), '');
  });
});
