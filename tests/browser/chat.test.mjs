// The chat in real browsers: two people write to each other, and find everything again.

import assert from 'node:assert/strict';

import { Chatter } from './support/chatter.mjs';
import { network, tunnel } from './support/network.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { picture, scenario } from './support/scenario.mjs';

/** A user and an otomo at their pages; the user has opened their conversation. */
async function pair(person, userName, otomoName, options = {}) {
  const [user, otomo] = await Promise.all([person(userName, options.user), person(otomoName, options.otomo)]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  const pair = { user: new Chatter(user), otomo: new Chatter(otomo) };
  await pair.user.talksTo(otomoName);
  return pair;
}

/** The same two, both in the conversation, with a first message. */
async function talking(person, userName, otomoName, options) {
  const { user, otomo } = await pair(person, userName, otomoName, options);
  await user.writes('もしもし');
  await otomo.opens(userName);
  await otomo.hears('もしもし');
  await user.isReadBy('もしもし');
  return { user, otomo };
}

scenario('two people write, and each sees what is unread, who is typing and what was read', async ({ person }) => {
  const { user, otomo } = await pair(person, 'はると', 'ひなた');
  await user.page.getByText('まだメッセージはありません').first().waitFor();
  await user.writes('こんにちは');
  await user.sent('こんにちは');
  await otomo.badge.getByText('1', { exact: true }).waitFor();
  await otomo.page.waitForFunction(() => document.title.startsWith('(1)'));
  await otomo.page.getByText('こんにちは').waitFor();
  await picture(otomo.page, 'chat waiting with a message');

  await otomo.toChat();
  await otomo.row('はると').locator('.count').getByText('1').waitFor();
  assert.equal(await user.message('こんにちは').locator('.message-state').textContent(), '');
  await otomo.opens('はると');
  await user.isReadBy('こんにちは', /既読 \d+:\d\d/);
  await otomo.page.waitForFunction(() => document.title === 'おともはん');
  assert.equal(await otomo.badge.textContent(), '');

  await otomo.field.pressSequentially('はい');
  await user.typing.getByText('ひなたさんが入力中').waitFor();
  await user.row('ひなた').getByText('ひなたさんが入力中').waitFor();
  await picture(user.page, 'chat typing');
  await otomo.field.press('Enter');
  await user.hears('はい');
  await user.typing.getByText('入力中').waitFor({ state: 'detached' });
  await otomo.isReadBy('はい');

  await otomo.field.pressSequentially('や');
  await user.typing.getByText('ひなたさんが入力中').waitFor();
  await otomo.field.fill('');
  await user.typing.getByText('入力中').waitFor({ state: 'detached' });
  await picture(user.page, 'chat');
});

scenario('the green dot goes with who leaves, and says when they were last seen', async ({ person }) => {
  const { user, otomo } = await talking(person, 'そうた', 'いろは');
  const dot = user.row('いろは').locator('.face[data-online]');
  await dot.waitFor({ timeout: PATIENCE_MS });
  await user.head.getByText('オンライン', { exact: true }).waitFor();
  await otomo.goesBy('sse');
  await dot.waitFor();
  await otomo.page.locator('#sign-out').click();
  // A goodbye, also over SSE: nobody waits for a return.
  await dot.waitFor({ state: 'detached', timeout: 2_000 });
  await user.head.getByText('最終オンライン').waitFor();
  await picture(user.page, 'chat last seen');
});

scenario('over SSE and back: the same conversation goes on without a loss', async ({ person }) => {
  const { user, otomo } = await talking(person, 'ゆうと', 'めい');
  await user.goesBy('sse');
  await otomo.writes('一');
  await user.hears('一');
  await otomo.isReadBy('一');
  await user.writes('二');
  await user.sent('二');
  await otomo.field.pressSequentially('さ');
  await user.typing.getByText('めいさんが入力中').waitFor();
  await otomo.goesBy('sse');
  await otomo.field.fill('三');
  await otomo.field.press('Enter');
  await user.hears('三');

  // Messages that are written while the wire changes.
  await user.writes('四');
  await user.page.locator('.transport input[value=websocket]').check();
  await otomo.writes('五');
  await user.writes('六');
  await otomo.hears('六');
  await user.hears('五');
  const texts = await otomo.texts();
  assert.deepEqual([...texts].sort(), ['もしもし', '一', '二', '三', '四', '五', '六'].sort());
  // Their own last message may be between "sent" and its place in the conversation.
  await user.reads(texts);

  await otomo.page.reload();
  await otomo.person.isLive();
  assert.ok(await otomo.page.locator('.transport input[value=sse]').isChecked());
  await otomo.reads(await user.texts());
});

scenario('a call goes over SSE as well', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('だいち'), person('さや')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await Promise.all([new Chatter(user).goesBy('sse'), new Chatter(otomo).goesBy('sse')]);
  await user.sees('さや', 'online');
  await user.calls('さや');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  await user.leaves();
  await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
});

/** Two who talk; the user's network can be taken away. */
async function throughTunnel({ person, server }, play, userName, otomoName) {
  const way = await tunnel(server);
  try {
    const pair = await talking(person, userName, otomoName, { user: { door: way.door } });
    await play({ ...pair, offline: await network(pair.user.page, way) });
  } finally {
    way.close();
  }
}

scenario('who is offline writes on, and both find everything after', (stage) =>
  throughTunnel(
    stage,
    async ({ user, otomo, offline }) => {
      for (const transport of ['websocket', 'sse']) {
        await user.goesBy(transport);
        const before = await user.texts();
        await offline(true);
        await user.page.locator('#link:not([data-phase=live])').waitFor();
        await user.writes(`${transport} 圏外から`);
        await user.message(`${transport} 圏外から`).getByText('つながると送信します').waitFor();
        await otomo.writes(`${transport} 圏外へ`);
        await otomo.sent(`${transport} 圏外へ`);
        await picture(user.page, `chat offline ${transport}`);
        await offline(false);
        const after = [...before, `${transport} 圏外へ`, `${transport} 圏外から`];
        await user.reads(after);
        await otomo.reads(after);
      }
    },
    'りく',
    'すず',
  ),
);

scenario('what was not sent outlives a reload, as does what was not finished, and is stored once', (stage) =>
  throughTunnel(
    stage,
    async ({ user, otomo, offline }) => {
      await offline(true);
      await user.page.locator('#link:not([data-phase=live])').waitFor();
      await user.writes('あとで');
      await user.field.fill('書きかけ');
      await offline(false);
      await user.page.reload();
      await user.person.isLive();
      await user.sent('あとで');
      await otomo.reads(['もしもし', 'あとで']);
      await user.reads(['もしもし', 'あとで']);
      assert.equal(await user.field.inputValue(), '書きかけ');
    },
    'みなと',
    'ことは',
  ),
);

scenario(
  'a server that crashes between two messages loses none',
  async ({ person, server }) => {
    const { user, otomo } = await talking(person, 'いつき', 'ふうか');
    await otomo.goesBy('sse');
    await otomo.opens('いつき');
    await user.writes('前');
    await user.sent('前');
    await server.crashAndReturn();
    await user.writes('後');
    await otomo.reads(['もしもし', '前', '後']);
    await user.reads(['もしもし', '前', '後']);
    await user.isReadBy('後');
  },
  {},
);

scenario(
  'a message that is refused says why, and can be written anew, within what the server takes',
  async ({ person }) => {
    const { user } = await talking(person, 'あおと', 'りお');
    const long = 'あ'.repeat(2_000);
    await user.writes(long);
    const fault = user.page.locator('.message[data-phase=failed]');
    await fault.getByText('長すぎて送れません').waitFor();
    assert.ok(await fault.getByText('再送する').isHidden());
    await picture(user.page, 'chat too long');
    await fault.getByText('書き直す').click();
    assert.equal(await user.field.inputValue(), long);
    await fault.waitFor({ state: 'detached' });

    // What the server takes is known by now.
    const room = user.page.locator('#message-room');
    await room.getByText('1000文字ほど長すぎます').waitFor();
    assert.equal(await user.field.getAttribute('aria-invalid'), 'true');
    await user.field.press('Enter');
    assert.equal(await user.field.inputValue(), long, 'it is not sent again');
    await user.field.fill('あ'.repeat(990));
    await room.getByText('あと10文字ほど書けます').waitFor();
    assert.equal(await user.field.getAttribute('aria-invalid'), null);
    await user.writes('みじかく');
    await user.sent('みじかく');
    assert.equal(await room.textContent(), '');
  },
  { OTOMO_CHAT__MAX_BODY: '3000' },
);

async function readsHistory({ person, server }) {
  const { user, otomo } = await talking(person, 'かいと', 'ゆい');
  const { conversationId } = await user.page.evaluate(() => window.otomo.state().place);
  const { token } = await user.page.evaluate(() => window.otomo.state().me);
  const write = async (number) => {
    const answer = await fetch(new URL(`/api/conversations/${conversationId}/messages`, server.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ clientMessageId: `n-${number}`, body: `第${number}通` }),
    });
    assert.equal(answer.status, 200);
  };
  for (let number = 1; number <= 120; number += 1) await write(number);
  await otomo.hears('第120通');
  await otomo.page.reload();
  await otomo.hears('第120通');
  const first = () => otomo.page.locator('.message-body').first().textContent();
  const count = () => otomo.page.locator('.message').count();
  assert.equal(await count(), 50);

  // What is in view stays there while older messages come in above.
  const begins = await first();
  const body = otomo.message(begins).locator('.message-body');
  const where = async () => (await body.boundingBox())?.y ?? Number.NaN;
  await otomo.page.locator('.log').evaluate((log) => (log.scrollTop = 0));
  const before = await where();
  await otomo.page.waitForFunction(() => document.querySelectorAll('.message').length > 50);
  assert.ok(Math.abs((await where()) - before) <= 2, `at ${await where()}, not at ${before}`);

  // Somebody who looks back is not pulled to the end, and has not read what comes there.
  await user.writes('最後');
  await user.sent('最後');
  await otomo.page.getByRole('button', { name: '新しいメッセージ' }).waitFor();
  assert.equal(await user.message('最後').locator('.message-state').textContent(), '');
  await otomo.page.getByRole('button', { name: '新しいメッセージ' }).click();
  await user.isReadBy('最後');

  await otomo.page.waitForFunction(() => {
    const log = document.querySelector('.log');
    log.scrollTop = 0;
    return document.querySelectorAll('.message').length === 122;
  });
  const expected = ['もしもし', ...Array.from({ length: 120 }, (_, at) => `第${at + 1}通`), '最後'];
  assert.deepEqual(await otomo.texts(), expected);
  await otomo.page.getByText('ここから会話が始まりました').waitFor();
}

scenario('history comes page by page, and who reads it stays where they are', readsHistory, {
  OTOMO_LIMITS__MESSAGES_PER_MINUTE: 'none',
});

scenario('a group has a name, its members, and how many have read', async ({ person, server }) => {
  const { user, otomo } = await talking(person, 'たくみ', 'つむぎ');
  const third = new Chatter(await person('あかり'));
  await third.person.enterAs('otomo');
  await user.page.locator('#new-group').click();
  await user.page.locator('#group-title').fill('お茶会');
  const choice = (name) => user.page.locator('.member-choice').getByText(name, { exact: true });
  for (const name of ['つむぎ', 'あかり']) await choice(name).click();
  await picture(user.page, 'chat new group');
  // An answer that is lost: asking again begins no second group.
  const lost = async (route) => {
    await route.fetch();
    await route.abort();
  };
  await user.page.route('**/api/conversations', lost, { times: 1 });
  await user.page.getByRole('button', { name: 'グループを作る' }).click();
  await user.page.getByText('オフラインです').waitFor();
  await user.page.getByRole('button', { name: 'グループを作る' }).click();
  await user.isIn('お茶会');
  assert.equal(await user.row('お茶会').count(), 1);
  await user.writes('みなさん');
  await otomo.opens('お茶会');
  await user.isReadBy('みなさん', /既読 1/);
  await third.opens('お茶会');
  await user.isReadBy('みなさん', /既読 2/);
  await third.writes('はーい');
  await user.hears('はーい');
  await user.head.getByText('メンバー3人・3人がオンライン').waitFor();
  await picture(user.page, 'chat group');

  // Who is taken out of it sees nothing of it any more.
  const { token, conversationId } = await user.page.evaluate(() => {
    const { me, place } = window.otomo.state();
    return { token: me.token, conversationId: place.conversationId };
  });
  const gone = await third.page.evaluate(() => window.otomo.state().me.userId);
  const member = new URL(`/api/conversations/${conversationId}/members/${gone}`, server.url);
  await fetch(member, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  await third.page.getByText('この会話は見つかりません').waitFor({ timeout: PATIENCE_MS });
  await third.row('お茶会').waitFor({ state: 'detached' });
  await user.head.getByText('メンバー2人・2人がオンライン').waitFor();
});

scenario('Enter sends, Shift+Enter does not, and an input method keeps its Enter', async ({ person }) => {
  const { user, otomo } = await talking(person, 'ひろと', 'かのん');
  await user.field.pressSequentially('一行目');
  await user.field.press('Shift+Enter');
  await user.field.pressSequentially('二行目');
  await user.field.evaluate((field) => {
    const enter = { key: 'Enter', bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', { ...enter, isComposing: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { ...enter, keyCode: 229 }));
  });
  assert.equal(await user.field.inputValue(), '一行目\n二行目');
  await user.field.press('Enter');
  await otomo.reads(['もしもし', '一行目\n二行目']);
  await user.writes('<img src=x onerror=alert(1)>');
  await otomo.hears('<img src=x onerror=alert(1)>');
  assert.equal(await otomo.page.locator('.message img').count(), 0);
  await user.field.focus();
  await user.field.press('Enter');
  await user.writes('   ');
  assert.equal((await user.texts()).length, 3);
});

scenario('a page that nobody looks at reads nothing', async ({ person }) => {
  const { user, otomo } = await talking(person, 'れん', 'ほのか');
  await otomo.page.evaluate(() => {
    document.hasFocus = () => false;
  });
  await user.writes('見てる？');
  await otomo.hears('見てる？');
  await otomo.page.waitForFunction(() => document.title.startsWith('(1)'));
  assert.equal(await user.message('見てる？').locator('.message-state').textContent(), '');
  await otomo.page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event('focus'));
  });
  await user.isReadBy('見てる？');
});

scenario('on the smallest phone, in English and in the dark, all of it fits', async ({ person }) => {
  const phone = { viewport: { width: 320, height: 568 }, locale: 'en-GB', colorScheme: 'dark' };
  const { user, otomo } = await pair(person, 'Juliet', 'あんな', { user: phone });
  const fits = async (name) => {
    await picture(user.page, name);
    const wide = await user.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 320, `${name} is ${wide} pixels wide`);
  };
  await user.writes('averyveryverylongwordwithoutanybreaks'.repeat(4));
  await user.writes('Hello');
  await otomo.opens('Juliet');
  await user.isReadBy('Hello', /^Read \d/);
  await otomo.field.pressSequentially('H');
  await user.typing.getByText('あんな is typing').waitFor();
  await fits('chat small phone');
  const field = await user.field.boundingBox();
  assert.ok(field.y + field.height <= 568, 'the field is in view');
  await otomo.field.press('Enter');
  await user.page.locator('.back-to-list').click();
  await user.row('あんな').waitFor();
  await fits('chat list small phone');
  await user.toHome();
  await user.person.sees('あんな', 'online');
  await fits('list small phone');
  const name = user.person.card('あんな').locator('.otomo-name');
  assert.ok(await name.evaluate((element) => element.scrollWidth <= element.clientWidth), 'the name is cut');
  await user.page.goBack();
  await user.page.goBack();
  await user.isIn('あんな');
  await user.page.goForward();
  await user.page.locator('#language').click();
  await user.page.getByRole('heading', { name: 'メッセージ', level: 2 }).waitFor();
  await fits('chat list small phone japanese');
});
