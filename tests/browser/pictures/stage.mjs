// Opens pages for one scene, in one look: a language, a device, a colour scheme.

/** What the pages are looked at with. */
export const DEVICES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
};

const LOCALES = { ja: 'ja-JP', en: 'en-GB' };

/**
 * @typedef {object} Look
 * @property {'ja' | 'en'} language
 * @property {'phone' | 'desktop'} device
 * @property {'light' | 'dark'} scheme
 */

/** Every look there is. @type {Look[]} */
export const LOOKS = Object.keys(LOCALES).flatMap((language) =>
  Object.keys(DEVICES).flatMap((device) => ['light', 'dark'].map((scheme) => ({ language, device, scheme }))),
);

/** @param {Look} look */
export function nameOf({ language, device, scheme }) {
  return `${language} ${device} ${scheme}`;
}

export class Stage {
  #browser;
  #look;
  #contexts = [];
  #after = [];

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('./world.mjs').World} world
   * @param {Look} look
   */
  constructor(browser, world, look) {
    this.#browser = browser;
    this.world = world;
    this.#look = look;
  }

  /** A page of somebody who is signed in. @param {string} who an id @param {string} [hash] a place on the page */
  async open(who, hash = '#/') {
    const page = await this.#page();
    await page.addInitScript((identity) => {
      sessionStorage.setItem('otomo.identity', JSON.stringify(identity));
    }, this.world.people[who].identity);
    await page.goto(this.world.url + hash);
    await page.locator('#link[data-phase=live]').waitFor({ state: 'attached' });
    return page;
  }

  /** A page of nobody yet. @param {string} [path] */
  async stranger(path = '') {
    const page = await this.#page();
    await page.goto(this.world.url + path);
    return page;
  }

  /** What puts the world back once the scene is over. @param {() => Promise<unknown>} act */
  after(act) {
    this.#after.push(act);
  }

  async clear() {
    for (const act of this.#after.reverse()) await act();
    for (const context of this.#contexts) await context.close();
  }

  async #page() {
    const { language, device, scheme } = this.#look;
    const context = await this.#browser.newContext({
      ...DEVICES[device],
      locale: LOCALES[language],
      timezoneId: 'Asia/Tokyo',
      colorScheme: scheme,
      // What glides or breathes would be somewhere else in each picture.
      reducedMotion: 'reduce',
    });
    this.#contexts.push(context);
    return context.newPage();
  }
}
