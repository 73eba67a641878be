// The React part of the package's README: the compiler reads it, and it runs.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Window } from 'happy-dom';
import ts from 'typescript';

import { CONNECTED, settle, world } from '../web/client/support/world.mjs';
import { blocks, Project } from './support/package.mjs';

/** How long anything may take to be shown, in milliseconds. */
const PATIENCE_MS = 5_000;

const REACT = ['react', 'react-dom', 'scheduler', '@tanstack', '@types', 'csstype'];

let project;
let app;
let react;
/** What React and its tests need of a page. */
let page;

before(async () => {
  project = new Project();
  project.lend(...REACT);
  const source = blocks('tsx').join('\n');
  project.write('hooks.tsx', source);
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, jsx: ts.JsxEmit.ReactJSX };
  const file = project.write('hooks.mjs', ts.transpileModule(source, { compilerOptions }).outputText);

  page = new Window({ url: 'http://test/' });
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  for (const [name, value] of Object.entries({ window: page, document: page.document, navigator: page.navigator })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  // All from one place, or React finds itself twice.
  const from = (name) => import(pathToFileURL(project.write(`from_${name.replaceAll(/\W/g, '_')}.mjs`, `export * from '${name}';`)));
  react = { ...(await from('react')), ...(await from('react-dom/client')), ...(await from('@tanstack/react-query')) };
  app = await import(pathToFileURL(file));
});
after(async () => {
  project.remove();
  for (const name of ['window', 'document', 'navigator']) delete globalThis[name];
  await page.happyDOM.close();
});

/** What is on the page, so that no test leaves it there. */
let mounted = null;
afterEach(async () => {
  await react.act(async () => mounted?.unmount());
  mounted = null;
});

/** Puts an element on the page, inside of all providers. */
async function show(otomo, element) {
  const { createElement, act, StrictMode, QueryClient, QueryClientProvider, createRoot } = react;
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } });
  const inner = createElement(QueryClientProvider, { client: queryClient }, element);
  const place = page.document.createElement('div');
  mounted = createRoot(place);
  await act(async () => mounted.render(createElement(StrictMode, null, createElement(app.OtomoProvider, { otomo }, inner))));
  await act(settle);
  return { place, act };
}

/** Waits until the page shows something: the query cache tells its components in a task of its own. */
async function shows(place, text) {
  for (const end = Date.now() + PATIENCE_MS; place.textContent !== text && Date.now() < end; ) {
    await react.act(() => new Promise((resolve) => setTimeout(resolve)));
  }
  assert.equal(place.textContent, text);
}

const says = (seen, ...messages) => react.act(() => seen.socket().says(...messages));

const otomo = (userId, status) => ({ userId, status, timestamp: 1, version: 1, name: userId.toUpperCase() });

describe('the React part of the README', () => {
  test('is taken by the compiler', () => {
    assert.equal(project.check(['hooks.tsx'], { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true }), '');
  });

  test('shows the list, connected while it is on the page', async () => {
    const seen = world();
    const { place } = await show(seen.otomo, react.createElement(app.OtomoList));
    assert.equal(place.querySelector('section').getAttribute('aria-busy'), 'true');
    await says(seen, CONNECTED, { type: 'otomo_status_snapshot', otomos: [otomo('a', 'online'), otomo('b', 'offline')] });
    await says(seen, { type: 'ready', seq: 0 });
    const buttons = () => [...place.querySelectorAll('button')].map(({ textContent, disabled }) => [textContent, disabled]);
    assert.deepEqual(buttons(), [['A: online', false], ['B: offline', true]]);
    assert.equal(place.querySelector('section').getAttribute('aria-busy'), 'false');
    await says(seen, { type: 'otomo_status_update', userId: 'b', status: 'online', timestamp: 2 });
    assert.deepEqual(buttons(), [['B: online', false], ['A: online', false]]);
    const open = seen.sockets.filter(({ closedWith }) => closedWith === null);
    assert.equal(open.length, 1, 'StrictMode mounts twice and leaves one connection');
    await react.act(async () => mounted.unmount());
    assert.equal(open[0].closedWith, 1000);
  });

  test('renders a list only when something of it has changed', async () => {
    const seen = world();
    let renders = 0;
    const Counted = () => {
      app.useStore(app.useOtomo().otomos);
      renders += 1;
      return null;
    };
    await show(seen.otomo, react.createElement(Counted));
    await says(seen, CONNECTED, { type: 'otomo_status_snapshot', otomos: [otomo('a', 'online')] }, { type: 'ready', seq: 0 });
    const before = renders;
    await says(seen, { type: 'otomo_status_snapshot', otomos: [otomo('a', 'online')] }, { type: 'heartbeat_ack', timestamp: 1 });
    assert.equal(renders, before);
  });

  test('shows a call, from the ring on', async () => {
    const seen = world();
    const { place, act } = await show(seen.otomo, react.createElement(app.CallBar));
    await says(seen, CONNECTED, { type: 'ready', seq: 0 });
    const ring = { fromUserId: 'taro', fromUserName: 'たろう', fromUserAvatar: null, timestamp: 1, expiresAt: 31, remainingMs: 30_000 };
    await says(seen, { type: 'incoming_call', callId: 'c-1', ...ring });
    assert.match(place.textContent, /たろう: incoming/);
    await act(async () => [...place.querySelectorAll('button')].find(({ textContent }) => textContent === 'hang up').click());
    assert.equal(seen.socket().of('call_reject').length, 1);
    await says(seen, { type: 'call_cancelled', callId: 'c-1', reason: 'caller_cancelled', timestamp: 2 });
    await act(async () => place.querySelector('button').click());
    assert.equal(place.textContent, '');
  });

  test('keeps the balance in the query cache, and tells each change', async () => {
    const seen = world({ rest: (_, path) => (path === '/api/points' ? [200, { balance: 100 }] : [404, {}]) });
    const told = [];
    const Balance = () => {
      const { data } = app.useSPBalanceSummary((message) => told.push(message));
      return react.createElement('b', null, data?.balance);
    };
    const { place } = await show(seen.otomo, react.createElement(Balance));
    await says(seen, CONNECTED, { type: 'ready', seq: 0 });
    await shows(place, '100');
    await says(seen, { type: 'sp_update', current_sp: 70, amount_changed: -30, description: '剣を振る' });
    await shows(place, '70');
    assert.deepEqual(told, [{ title: 'SPを30消費しました', description: '剣を振る' }]);
  });

  test('knows who is online from REST before the stream is up, and then from the stream', async () => {
    const rest = (_, path) => (path === '/api/friends/online-status' ? [200, { data: { statuses: { yumi: true } } }] : [404, {}]);
    const seen = world({ rest });
    const Badge = () => react.createElement('i', null, app.useOnlineStatus('yumi') ? 'online' : 'offline');
    const { place } = await show(seen.otomo, react.createElement(Badge));
    assert.equal(place.textContent, 'online');
    assert.notEqual(seen.otomo.link.get().phase, 'live');
    await says(seen, CONNECTED, { type: 'ready', seq: 0 });
    await says(seen, { type: 'friend_status_changed', user_id: 'yumi', status: 'offline', timestamp: 1_706_604_520_125 });
    assert.equal(place.textContent, 'offline');
  });
});
