// The page of admins: what happens on the server is seen there, and what is pressed there happens, to real clients.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { Admin } from './support/admin.mjs';
import { PATIENCE_MS, until } from './support/person.mjs';
import { RawClient } from './support/raw_client.mjs';
import { picture, scenario } from './support/scenario.mjs';
import { SECRET, sign } from './support/tokens.mjs';

/** @returns {Promise<Admin>} one at the door, in English */
async function admin({ person, server }, options = {}) {
  const { page } = await person('admin', { door: `${server.url}admin/`, locale: 'en-GB', ...options });
  return new Admin(page);
}

/** Two people in a call that is connected. */
async function talking(server, caller, otomo) {
  const user = await RawClient.enter(server, caller, 'user', 'phone');
  const called = await RawClient.enter(server, otomo, 'otomo', 'desk');
  const callId = await connected(user, called, otomo);
  return { user, called, callId };
}

async function connected(user, called, otomo) {
  const callId = randomUUID();
  user.say({ type: 'call_request', toUserId: otomo, callId });
  await called.hears('incoming_call');
  called.say({ type: 'call_accept', callId });
  await user.hears('signaling_start');
  for (const one of [user, called]) one.say({ type: 'call_connected', callId });
  await user.hears('call_connected');
  return callId;
}

scenario('the overview shows the node as it is, and goes with it', async (stage) => {
  const root = await (await admin(stage)).borrows();
  const { page } = root;
  const value = (name) => page.locator(`[data-figure=${name}] .figure-value`);
  const shows = (name, text) => root.sees(value(name).filter({ hasText: new RegExp(`^${text}$`) }));
  await shows('connections', '0');
  const { user, called } = await talking(stage.server, 'ov-taro', 'ov-hana');
  await shows('connections', '2');
  await root.sees(page.locator('.share-list li', { hasText: 'In a call 1' }));
  await root.sees(page.locator('.share-list li', { hasText: 'Connected 1' }));
  const told = await page.locator('[data-figure=connections] .chart').getAttribute('aria-label');
  assert.equal(told, 'Connections, last 3 minutes: 2 now, between 0 and 2');
  for (let times = 0; times < 40; times += 1) user.say({ type: 'heartbeat' });
  await root.sees(value('messagesIn').filter({ hasNotText: /^[0–]$/ }));
  await picture(page, 'admin overview');
  user.leave();
  called.leave();
  await shows('connections', '0');
});

scenario('why an otomo is busy is said in sentences, and they are freed', async (stage) => {
  const root = await (await admin(stage)).borrows();
  const { user, called } = await talking(stage.server, 'why-taro', 'why-hana');
  await root.opens('otomo');
  await root.row('Otomo, in list order', 'why-hana').getByRole('button').click();
  await root.sees(root.details.getByText(/^People see “In a call” since/));
  await root.sees(root.details.getByText(/^The call decides/));
  assert.equal(await root.details.locator('li[data-decides=true] strong').textContent(), 'Call:');
  await root.sees(root.details.getByText(/device desk on node .+, connected/));
  await root.sees(root.details.getByText('They are in a call: “Free for calls” ends it.'));
  await picture(root.page, 'admin why');

  const ended = [user, called].map((one) => one.hears('call_end'));
  const said = await root.does(root.details.getByRole('button', { name: 'Free for calls' }));
  assert.equal(said, 'why-hana has been freed: the call has ended.');
  for (const end of ended) assert.equal((await end).reason, 'admin_end');
  await root.sees(root.details.getByText(/^The choice decides/));

  await root.does(root.details.getByRole('button', { name: 'Set on a break' }));
  await root.sees(root.details.getByText(/^People see “On a break” since/));
  await root.sees(root.row('Otomo, in list order', 'why-hana').getByText('On a break'));
  const book = await root.reads(2);
  assert.match(book[0], /^dev-admin \| Set a status \| why-hana \| break \| Done$/);
  assert.match(book[1], /^dev-admin \| Freed an otomo \| why-hana \| – \| Done$/);
  user.leave();
  called.leave();
});

scenario('a call is listed with what happened in it, and ended', async (stage) => {
  const root = await (await admin(stage)).borrows();
  const { user, called, callId } = await talking(stage.server, 'end-taro', 'end-hana');
  await root.opens('calls');
  const row = root.row('Calls, the newest first', 'end-taro → end-hana');
  await root.sees(row.getByText('Connected'));
  await row.getByRole('button', { name: /^Timeline/ }).click();
  const happened = root.details.locator('li strong');
  await root.sees(happened.filter({ hasText: /^Connected$/ }));
  // Who accepts at once may be faster than the note that it rang.
  const events = (await happened.allTextContents()).filter((event) => event !== 'Ringing');
  assert.deepEqual(events, ['Requested', 'Accepted', 'One side has media', 'Connected']);

  const ended = [user, called].map((one) => one.hears('call_end'));
  await root.does(row.getByRole('button', { name: /^End/ }));
  for (const end of ended) assert.equal((await end).reason, 'admin_end');
  await root.sees(root.details.locator('li', { hasText: 'Endedby an admin' }));
  await root.seesNoMore(row);
  await root.page.getByRole('button', { name: 'All', exact: true }).click();
  await root.sees(row.getByText('Completed · ended by an admin'));
  assert.equal(await row.getByRole('button', { name: /^End/ }).count(), 0);
  await root.details.getByRole('button', { name: 'Close details' }).click();
  await root.seesNoMore(root.details);
  await row.getByRole('button', { name: /^Timeline/ }).click();
  await root.sees(root.details.locator('li', { hasText: 'Completed' }));
  await root.sees(row);
  assert.equal(await root.page.locator('.choice[aria-pressed=true]').textContent(), 'All', 'the filter stays');
  await root.page.reload();
  await root.sees(row);
  await picture(root.page, 'admin calls');
  assert.equal((await root.reads(1))[0], `dev-admin | Ended a call | ${callId} | – | Done`);
  user.leave();
  called.leave();
});

scenario(
  'a client that does not read is found, and disconnected',
  async (stage) => {
    const root = await (await admin(stage)).borrows();
    const { user, called, callId } = await talking(stage.server, 'slow-taro', 'slow-yuki');
    await root.opens('sessions');
    await root.sees(root.page.getByText('Nothing waits: everybody reads as fast as they are told.'));
    called.freeze();
    const offer = { type: 'offer', sdp: 'x'.repeat(60_000) };
    const flood = setInterval(() => user.say({ type: 'webrtc_offer', callId, offer }), 20);
    const slow = root.row('Slow clients', 'slow-yuki');
    await root.sees(slow.getByText(/(KiB|MiB)$/));
    clearInterval(flood);
    await root.sees(slow.locator('[data-tone=busy]'));
    await picture(root.page, 'admin sessions');
    const said = await root.does(slow.getByRole('button'));
    assert.equal(said, 'slow-yuki on device desk has been disconnected.');
    await root.seesNoMore(slow);
    await root.seesNoMore(root.row('Connections of all nodes, the oldest first', 'slow-yuki'));
    assert.match((await root.reads(1))[0], /^dev-admin \| Closed a connection \| .{36} \| – \| Done$/);
    user.leave();
    called.leave();
  },
  { OTOMO_OUTBOX__HARD_LIMIT: '64MiB', OTOMO_LIMITS__COMMANDS_PER_SECOND: '1000', OTOMO_LIMITS__BURST: '1000' },
);

scenario('what a device has lost is sent again', async (stage) => {
  const root = await (await admin(stage)).borrows();
  const taro = await RawClient.enter(stage.server, 're-taro', 'user', 'phone');
  const yumi = await RawClient.enter(stage.server, 're-yumi', 'user', 'phone');
  yumi.say({ type: 'message_send', toUserId: 're-taro', clientMessageId: randomUUID(), body: 'hello' });
  const { seq } = await taro.hears('new-message');
  await root.opens('sessions');
  await root.page.getByLabel('User ID').fill('re-taro');
  await root.page.getByRole('button', { name: 'Show' }).click();
  await root.sees(root.row('Connections of re-taro', 're-taro'));
  const again = taro.hears('new-message');
  const said = await root.does(root.page.getByRole('button', { name: 'Send again' }));
  assert.equal(said, 'Sent again to re-taro. Events: 1. Connections: 1.');
  assert.equal((await again).seq, seq);
  assert.equal((await root.reads(1))[0], 'dev-admin | Sent events again | re-taro | after=0 | Done');
  taro.leave();
  yumi.leave();
});

scenario('what the server refuses is said where it was asked for, and is in the book', async (stage) => {
  stage.expects('400 /admin/api/users/no-taro/inbox/resend');
  const root = await (await admin(stage)).borrows();
  const taro = await RawClient.enter(stage.server, 'no-taro', 'user', 'phone');
  await root.opens('sessions');
  await root.page.getByLabel('User ID').fill('no-taro');
  await root.page.getByRole('button', { name: 'Show' }).click();
  await root.sees(root.row('Connections of no-taro', 'no-taro'));
  await root.page.locator('#resend-after').fill('7');
  await root.page.getByRole('button', { name: 'Send again' }).click();
  await root.page.locator('#confirm').click();
  await root.sees(root.page.locator('dialog.confirm .fault', { hasText: 'BAD_REQUEST' }));
  await root.page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await root.reads(1))[0], 'dev-admin | Sent events again | no-taro | after=7 | Not done (BAD_REQUEST)');
  taro.leave();
});

scenario('a question stays while its deed is done, and no answer of an earlier one touches the next', async (stage) => {
  const root = await (await admin(stage)).borrows();
  const { page } = root;
  const hana = await RawClient.enter(stage.server, 'ask-hana', 'otomo', 'desk');
  await root.opens('otomo');
  await root.row('Otomo, in list order', 'ask-hana').getByRole('button').click();
  const dialog = page.locator('dialog.confirm');
  const answers = [];
  await page.route('**/admin/api/otomo/ask-hana/*', (route) => (route.request().method() === 'GET' ? route.fallback() : answers.push(route)));
  const asks = async (name) => {
    await root.details.getByRole('button', { name }).click();
    await page.locator('#confirm').press('Enter');
    await page.locator('#confirm[aria-disabled=true]').waitFor();
  };
  await asks('Set on a break');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Cancel' }).click({ force: true });
  await page.keyboard.press('Escape');
  assert.ok(await dialog.isVisible(), 'it is being done');
  assert.equal(answers.length, 1, 'once');
  // As browsers do when Escape is pressed again and again.
  await dialog.evaluate((element) => element.close());
  await asks('Set offline');
  await answers[0].continue();
  await root.sees(page.locator('.notice', { hasText: 'ask-hana is now shown as “On a break”.' }));
  assert.ok(await dialog.isVisible());
  assert.match(await dialog.locator('h2').textContent(), /offline/i);
  assert.equal(await page.locator('#confirm').getAttribute('aria-disabled'), 'true');
  await answers[1].fulfill({ status: 503, json: { error: { code: 'UNAVAILABLE', message: 'not now', context: {} } } });
  await root.sees(dialog.locator('.fault', { hasText: 'UNAVAILABLE' }));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  stage.expects('503 /admin/api/otomo/ask-hana');
  hana.leave();
});

scenario('all of it goes by keyboard, and what is focused stays so from one look to the next', async (stage) => {
  const root = await admin(stage);
  const { page } = root;
  const hana = await RawClient.enter(stage.server, 'key-hana', 'otomo', 'desk');
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.locator('.lent button').press('Enter');
  await page.getByRole('link', { name: 'Otomo', exact: true }).press('Enter');
  const why = root.row('Otomo, in list order', 'key-hana').getByRole('button');
  await root.sees(why);
  await why.focus();
  const element = await why.elementHandle();
  const asOf = await page.locator('#as-of').textContent();
  await root.sees(page.locator('#as-of').filter({ hasNotText: asOf }));
  assert.ok(await element.evaluate((button) => button === document.activeElement), 'the row is the same element');
  assert.equal(await why.count(), 1);

  await page.keyboard.press('Enter');
  await root.sees(root.details.getByText(/^The choice decides/));
  assert.match(await focused(), /^Why\? key-hana/, 'the details are what comes next');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Set available');
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'Cancel', 'a second Enter changes nothing');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'Set available');

  const skip = page.getByRole('link', { name: 'Skip to content' });
  await skip.focus();
  await skip.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  assert.match(page.url(), /#\/otomo\/key-hana$/, 'the view stays');
  hana.leave();
});

scenario('the language is switched in place, and stays', async (stage) => {
  const root = await (await admin(stage)).borrows();
  await root.opens('calls');
  await root.page.locator('#language').click();
  await root.sees(root.page.getByRole('heading', { level: 1, name: '通話', exact: true }));
  assert.equal(await root.page.locator('html').getAttribute('lang'), 'ja');
  assert.equal(await root.page.evaluate(() => document.activeElement.id), 'language');
  await root.page.reload();
  await root.sees(root.page.getByRole('heading', { level: 1, name: '通話', exact: true }));
});

scenario('on a phone every tab is in sight, in both languages', async (stage) => {
  const root = await (await admin(stage, { viewport: { width: 390, height: 844 } })).borrows();
  for (const language of ['en', 'ja']) {
    await root.sees(root.page.locator(`html[lang=${language}]`));
    const tabs = await root.page.locator('.menu .tab').evaluateAll((all) =>
      all.map((tab) => [tab.getBoundingClientRect().left >= 0, tab.getBoundingClientRect().right <= innerWidth]),
    );
    assert.deepEqual(tabs, Array(7).fill([true, true]), language);
    await picture(root.page, `admin phone ${language}`);
    await root.page.locator('#language').click();
  }
});

scenario('the nodes and the health of this one are shown', async (stage) => {
  const root = await (await admin(stage)).borrows();
  await root.opens('nodes');
  await root.sees(root.page.getByText(/is ready: it may get new clients\. It runs version \d/));
  await root.sees(root.row('Nodes of this database', /\(answers here\)$/).getByText('Alive'));
});

scenario(
  'who comes in needs a token of an admin that is good, and goes when it is not any more',
  async (stage) => {
    stage.expects('401 /admin/api/', '403 /admin/api/', '404 /dev/people');
    const root = await admin(stage);
    const says = (text) => root.sees(root.page.locator('.fault', { hasText: text }));
    await root.sees(root.page.locator('.command', { hasText: 'otomo token --sub admin --role admin' }));
    assert.equal(await root.page.locator('.lent').isVisible(), false, 'a server of production lends nothing');
    await root.pastes('nonsense');
    await says('This does not read as a token.');
    const in5 = Math.floor(Date.now() / 1_000) + 5;
    await root.pastes(sign({ sub: 'taro', role: 'user', exp: in5 }));
    await says('FORBIDDEN');
    await root.pastes(sign({ sub: 'root', role: 'admin', exp: in5 }));
    await root.sees(root.page.locator('.figure'));
    assert.equal(await root.page.locator('.self-name').textContent(), 'root');
    await says('Your token has expired or is not valid any more. Please sign in again.');
    assert.equal(await root.page.evaluate(() => sessionStorage.length), 0);
  },
  { OTOMO_AUTH__HS256_SECRET: SECRET },
);

scenario(
  'a server that is away is said to be, and is found again by itself',
  async (stage) => {
    const root = await (await admin(stage)).borrows();
    const asOf = root.page.locator('#as-of');
    await root.sees(asOf.filter({ hasText: /^as of \d/ }));
    await stage.server.kill();
    await root.sees(root.page.locator('.banner', { hasText: 'The server cannot be reached. What you see is old.' }));
    await stage.server.listen(process.env.OTOMO_BIN, `127.0.0.1:${stage.server.port}`);
    await root.page.locator('.banner').waitFor({ state: 'hidden', timeout: PATIENCE_MS });
  },
  {},
);

scenario(
  'a drain says what will happen, goes on while a call does, and its end is told',
  async (stage) => {
    const root = await (await admin(stage)).borrows();
    const { user, called, callId } = await talking(stage.server, 'taro', 'hana');
    const waiting = await RawClient.enter(stage.server, 'yumi', 'user', 'phone');
    await root.opens('drain');
    await root.sees(root.page.getByText(/^Node .+ serves\.$/));
    const said = await root.does(root.page.getByRole('button', { name: 'Drain this node' }));
    assert.match(said, /^Node .+ has begun to drain\.$/);
    await root.sees(root.page.getByText(/^Node .+ is draining\.$/));
    const left = (term) => root.page.locator('.facts div', { hasText: term }).locator('dd');
    await root.sees(left('Live calls left').filter({ hasText: /^1$/ }));
    await root.sees(left('Waits for').filter({ hasText: 'calls to end' }));
    await root.sees(root.page.locator('.node[data-draining]'));
    await picture(root.page, 'admin drain');
    assert.match((await root.reads(1))[0], /^dev-admin \| Drained a node \| .+ \| – \| Done$/);

    const ended = called.hears('call_end');
    user.say({ type: 'call_end_request', callId });
    assert.equal((await ended).reason, 'user_end', 'the call is not cut');
    for (const one of [user, called, waiting]) await one.hears('closing', ({ code }) => code === 4200);
    await root.sees(root.page.locator('.banner', { hasText: 'The node has finished draining' }));
    await until('the server ended', async () => !stage.server.runs);
  },
  {},
);
