// What the READMEs ask to do in a browser, and what must then be seen.

import { createRequire } from 'node:module';

import { Admin } from '../../browser/support/admin.mjs';
import { Person } from '../../browser/support/person.mjs';

// It is installed for the tests of the pages.
const { chromium } = createRequire(new URL('../../browser/package.json', import.meta.url))('playwright-core');

/** As root, without a screen, and with a microphone that beeps. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** How long a page may take to show what it should, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Chromium with its tabs. */
export class Browser {
  #browser;
  #text;
  #mapped;
  /** Tabs that stay open for later scenes. @type {Record<string, import('playwright-core').Page>} */
  tabs = {};

  /** @param {string} text of the README @param {(address: string) => string} mapped puts in the ports that are in use */
  static async open(text, mapped) {
    const browser = new Browser();
    browser.#text = text;
    browser.#mapped = mapped;
    const executablePath = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
    browser.#browser = await chromium.launch({ executablePath, args: FLAGS });
    return browser;
  }

  async close() {
    await this.#browser.close();
  }

  /** A tab of somebody's own, at an address that the README names. */
  async tab(address) {
    if (!this.#text.includes(`<${address}>`)) throw new Error(`the README does not name ${address}`);
    const context = await this.#browser.newContext({ locale: 'ja-JP' });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(this.#mapped(address));
    return page;
  }

  /** @param {string} scene */
  async play(scene) {
    const acted = SCENES[scene];
    if (!acted) throw new Error(`there is no scene ${scene}`);
    await acted(this);
  }
}

const SCENES = {
  /** Two people of the demo page: one calls the other, they talk, and the call ends. */
  async demo(browser) {
    const enter = async (name) => {
      const person = new Person(await browser.tab('http://127.0.0.1:8080/'), name);
      await person.page.getByRole('button', { name }).click();
      await person.isLive();
      return person;
    };
    const kenta = await enter('健太');
    const sakura = await enter('さくら');
    await kenta.sees('さくら', 'online');
    await kenta.calls('さくら');
    await sakura.accepts();
    await Promise.all([kenta.talks(), sakura.talks()]);
    await kenta.leaves();
    await Promise.all([kenta.endsWith('user_end'), sakura.endsWith('user_end')]);
    for (const { page } of [kenta, sakura]) await page.context().close();
  },

  /** An admin borrows a token and finds the otomo whom somebody has called. */
  async admin(browser) {
    const admin = await new Admin(await browser.tab('http://127.0.0.1:8080/admin/')).borrows();
    await admin.opens('otomo');
    await admin.sees(admin.page.getByText('さくら'));
    await admin.page.context().close();
  },

  /** Two people of one's own app: one sees the other online, calls, is answered, hears her, and hangs up. She cannot call. */
  async call(browser) {
    const taro = await browser.tab('http://127.0.0.1:3000/?as=taro');
    const hana = await browser.tab('http://127.0.0.1:3000/?as=hana&role=otomo');
    await taro.getByText('hana is online').waitFor();
    await hana.getByText('hana is online').waitFor();
    if ((await hana.getByRole('button', { name: 'Call' }).count()) > 0) throw new Error('hana may call');
    await taro.getByRole('button', { name: 'Call hana' }).click();
    await hana.getByText('taro: incoming').waitFor();
    await hana.getByRole('button', { name: 'Answer' }).click();
    await taro.getByText('hana: connected').waitFor();
    await taro.getByText('hana is busy').waitFor();
    if ((await taro.getByRole('button', { name: 'Call hana' }).count()) > 0) throw new Error('taro may call somebody who is busy');
    for (const page of [taro, hana])
      await page.waitForFunction(() => document.querySelector('audio').currentTime > 0.5, undefined, { polling: 100 });
    await taro.getByRole('button', { name: 'Hang up' }).click();
    for (const page of [taro, hana]) await page.getByText('ended user_end').waitFor();
    await taro.getByText('hana is online').waitFor();
    browser.tabs = { taro, hana };
  },

  /** What the backend has said is on the page of the one whom it told, and on nobody else's. */
  async told({ tabs: { taro, hana } }) {
    await taro.getByText('Welcome').waitFor();
    if (await hana.getByText('Welcome').isVisible()) throw new Error('hana was told, too');
  },
};
