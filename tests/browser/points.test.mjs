// Points in real browsers: they come and go, are listed, and pay for calls.

import assert from 'node:assert/strict';

import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

/** A minute short enough to wait for. */
const CHARGED = { OTOMO_CALLS__CHARGE_INTERVAL: '3s', OTOMO_CALLS__RING_TIMEOUT: '12s' };

const balanceOf = (page) => page.locator('#balance');

async function goesToPoints(page) {
  await page.locator('#to-points').click();
  await page.getByRole('heading', { name: 'ポイント', exact: true, level: 1 }).waitFor();
}

async function has(page, points) {
  await balanceOf(page).getByText(points, { exact: true }).waitFor({ timeout: PATIENCE_MS });
}

scenario('points come and go, live, with what they were for', async ({ person, expects }) => {
  expects('409 /api/server/points/');
  const { page } = await (await person('みのる')).enterAs('user');
  await goesToPoints(page);
  await has(page, '0');
  await page.getByText('まだ動きはありません').waitFor();
  await page.getByRole('button', { name: '100ポイントもらう' }).click();
  await has(page, '100');
  await page.locator('.notice', { hasText: '100ポイントを受け取りました' }).waitFor();
  await page.getByRole('button', { name: '30ポイント使う' }).click();
  await has(page, '70');
  const rows = page.locator('.transaction');
  await rows.nth(1).waitFor({ timeout: PATIENCE_MS });
  assert.deepEqual(await rows.locator('.transaction-amount').allTextContents(), ['-30', '+100']);
  assert.deepEqual(await rows.locator('.transaction-balance').allTextContents(), ['残高 70', '残高 100']);
  assert.deepEqual(await page.locator('.transactions h3').allTextContents(), ['今日']);

  for (const left of ['40', '10']) {
    await page.getByRole('button', { name: '30ポイント使う' }).click();
    await has(page, left);
  }
  await page.getByRole('button', { name: '30ポイント使う' }).click();
  await page.locator('.notice', { hasText: 'ポイントが足りません（必要 30・残高 10）' }).waitFor({ timeout: PATIENCE_MS });
  await has(page, '10');
  await page.reload();
  await has(page, '10');
});

scenario('a long history comes page by page, without holes', async ({ person }) => {
  const { page } = await (await person('ひさし')).enterAs('user');
  await goesToPoints(page);
  for (let times = 1; times <= 23; times += 1) {
    await page.getByRole('button', { name: '100ポイントもらう' }).click();
    await has(page, new Intl.NumberFormat('ja').format(100 * times));
  }
  await page.reload();
  const rows = page.locator('.transaction');
  await rows.nth(19).waitFor({ timeout: PATIENCE_MS });
  assert.equal(await rows.count(), 20);
  await page.getByRole('button', { name: 'さらに読み込む' }).click();
  await rows.nth(22).waitFor({ timeout: PATIENCE_MS });
  const balances = await rows.locator('.transaction-balance').allTextContents();
  assert.deepEqual(balances.map((text) => Number(text.replaceAll(/\D/g, ''))), Array.from({ length: 23 }, (_, at) => 2300 - 100 * at));
  assert.equal(await page.getByRole('button', { name: 'さらに読み込む' }).isVisible(), false);
});

scenario(
  'a call that costs says what it costs, warns, and ends when the points do',
  async ({ person }) => {
    const [user, otomo] = await Promise.all([person('たまき'), person('こはる')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
    await otomo.page.getByText('1分50ポイント').click();
    await user.sees('こはる', 'online');

    await user.calls('こはる');
    await user.endsWith('INSUFFICIENT_POINTS');
    await user.stage.getByRole('link', { name: 'ポイントを見る' }).click();
    await user.isIdle();
    await user.page.getByRole('button', { name: '100ポイントもらう' }).click();
    await has(user.page, '100');
    await user.page.locator('#to-home').click();

    await user.calls('こはる');
    await otomo.accepts();
    await Promise.all([user.talks(), otomo.talks()]);
    await user.stage.getByText('50ポイント使いました・残り50').waitFor({ timeout: PATIENCE_MS });
    await otomo.stage.getByText('これまでに50ポイント').waitFor({ timeout: PATIENCE_MS });
    await user.stage.getByText('ポイントがまもなくなくなります').waitFor({ timeout: PATIENCE_MS });
    await Promise.all([user.endsWith('low_balance'), otomo.endsWith('low_balance')]);
    await user.stage.getByRole('link', { name: 'ポイントを見る' }).click();
    await has(user.page, '0');
    await user.page.getByText('通話料・こはる（2分目）').waitFor({ timeout: PATIENCE_MS });
  },
  CHARGED,
);

scenario('the meter shows both voices, and a muted one is still', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('れん'), person('ひまり')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('ひまり', 'online');
  await user.calls('ひまり');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  /** Waits until a meter has been louder than some level. */
  const louder = (page, index, level) =>
    page.waitForFunction(
      ([at, least]) => Number(document.querySelectorAll('.meter')[at].style.getPropertyValue('--level')) > least,
      [index, level],
      { timeout: PATIENCE_MS, polling: 50 },
    );
  await Promise.all([louder(user.page, 0, 0.1), louder(user.page, 1, 0.1), louder(otomo.page, 1, 0.1)]);

  await otomo.stage.locator('.round.mute').click();
  await otomo.page.waitForFunction(() => document.querySelector('.meter').style.getPropertyValue('--level') === '0.00');
  await user.leaves();
});
