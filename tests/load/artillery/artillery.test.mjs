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
const ensure = createRequire(import.meta.url)('artillery-plugin-ensure');

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

/** What Artillery's plugin says of a scenario's thresholds, given how long things took: the exit code that it asks for. */
async function judged(file, milliseconds) {
  const { config } = yaml.load(await readFile(fileURLToPath(new URL(file, import.meta.url)), 'utf8'));
  // Artillery loads a plugin only where it is named.
  assert.ok(config.plugins && 'ensure' in config.plugins, `${file} names no plugin for its thresholds`);
  const [metric] = config.ensure.thresholds.flatMap(Object.keys);
  let beforeExit;
  const before = globalThis.artillery;
  globalThis.artillery = {
    version: '2.0.33',
    ext: ({ method }) => (beforeExit = method),
    globalEvents: { emit() {} },
    log() {},
  };
  try {
    new ensure.Plugin({ config }, {});
    const at = metric.lastIndexOf('.');
    const summaries = { [metric.slice(0, at)]: { [metric.slice(at + 1)]: milliseconds } };
    await beforeExit({ report: { counters: {}, rates: {}, summaries } });
    return globalThis.artillery.suggestedExitCode ?? 0;
  } finally {
    globalThis.artillery = before;
  }
}

test('a threshold that is not met fails the run', async () => {
  for (const file of ['calls.yml', 'chat.yml']) {
    assert.equal(await judged(file, 20), 0, file);
    assert.equal(await judged(file, 2_000), 1, file);
  }
});
