// People who write faster than the server takes.

import assert from 'node:assert/strict';

import { Chatter } from './support/chatter.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

async function two(person, userName, otomoName) {
  const [user, otomo] = [userName, otomoName].map(async (name) => new Chatter(await person(name)));
  const both = [await user, await otomo];
  await Promise.all([both[0].person.enterAs('user'), both[1].person.enterAs('otomo')]);
  await both[0].talksTo(otomoName);
  return both;
}

scenario(
  'who writes a little too fast need not care: it goes out a moment later, in order',
  async ({ person }) => {
    const [user, otomo] = await two(person, 'あさひ', 'えま');
    const written = Array.from({ length: 31 }, (_, at) => `その${at + 1}`);
    for (const text of written) await user.writes(text);
    await otomo.opens('あさひ');
    await otomo.hears('その31');
    await otomo.reads(written);
    assert.equal(await user.page.locator('.message[data-phase=failed]').count(), 0);
  },
  // One place comes free every two seconds.
  { OTOMO_LIMITS__MESSAGES_PER_MINUTE: '30' },
);

scenario(
  'who writes much too fast is told so, and sends it later',
  async ({ person }) => {
    const [user, otomo] = await two(person, 'いぶき', 'みお');
    const written = Array.from({ length: 8 }, (_, at) => `その${at + 1}`);
    for (const text of written) await user.writes(text);
    const refused = user.page.locator('.message[data-phase=failed]');
    await refused.first().getByText('続けて送りすぎています').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await refused.count(), 1);
    await user.page.waitForFunction(
      () => {
        const again = document.querySelector('.message[data-phase=failed] .link-button');
        again?.click();
        return again === null;
      },
      undefined,
      { polling: 1_000, timeout: PATIENCE_MS },
    );
    await otomo.opens('いぶき');
    await otomo.hears('その8');
    await otomo.reads(written);
  },
  // Eight at once, of which beginning the conversation is one, and then one every seven and a half seconds: longer than the page
  // waits by itself.
  { OTOMO_LIMITS__MESSAGES_PER_MINUTE: '8' },
);
