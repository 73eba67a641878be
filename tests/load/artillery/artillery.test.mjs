// The scenarios of this folder, briefly, against the real server.
//
// Artillery's engines and runner are what `artillery run` runs in its workers; its command line brings the clients of several
// clouds with it and is left to those who load something with it.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import yaml from 'js-yaml';

import { Server } from '../../browser/support/server.mjs';
import { people } from './people.mjs';

const artillery = createRequire(import.meta.url)('@artilleryio/int-core');
const { runner, runnerFuncs } = artillery.runner;

const SECRET = 'a secret for the load of these tests';

let server;

before(async () => {
  process.env.OTOMO_AUTH__HS256_SECRET = SECRET;
  await artillery.updateGlobalObject();
  server = await Server.start({ OTOMO_AUTH__HS256_SECRET: SECRET });
});
after(() => server.stop());

/** What a scenario's file counts, played for a short time and in haste. */
async function play(file, target, phase) {
  const scriptPath = fileURLToPath(new URL(file, import.meta.url));
  const script = yaml.load(await readFile(scriptPath, 'utf8'));
  hasten(script.scenarios);
  Object.assign(script.config, { target, phases: [phase] });
  const loaded = await runnerFuncs.loadProcessor(script, { scriptPath });
  const events = await runner(loaded, script.config.payload && people(20), { scriptPath });
  return new Promise((resolve) => {
    events.on('done', ({ counters }) => {
      events.stop();
      resolve(counters);
    });
    events.run();
  });
}

/** How much faster than in the files people think and talk. */
const HASTE = 4;

function hasten(step) {
  if (step?.think) step.think /= HASTE;
  if (step && typeof step === 'object') Object.values(step).forEach(hasten);
}

const errors = (counters) => Object.keys(counters).filter((name) => /error|failed/i.test(name) && counters[name] > 0);

test('otomo are called and calls end', async () => {
  const phase = { duration: 3, arrivalRate: 8 };
  const counters = await play('calls.yml', `ws://127.0.0.1:${server.port}/ws`, phase);
  assert.deepEqual(errors(counters), [], JSON.stringify(counters));
  assert.equal(counters['otomo.calls'], counters['vusers.created_by_name.a user calls somebody']);
  assert.equal(counters['vusers.completed'], counters['vusers.created']);
});

test('messages are acknowledged over Socket.IO', async () => {
  const phase = { duration: 2, arrivalRate: 5 };
  const counters = await play('chat.yml', `http://127.0.0.1:${server.port}`, phase);
  assert.deepEqual(errors(counters), [], JSON.stringify(counters));
  assert.equal(counters['socketio.emit'], 5 * counters['vusers.created']);
  assert.equal(counters['vusers.completed'], counters['vusers.created']);
});
