// What a page shows over time, and whether its time goes on at all.

let watched = 0;

/**
 * Writes down what a page shows, each time that it changes.
 *
 * @template T
 * @param {import('playwright-core').Page} page
 * @param {(argument: any) => T} look runs in the page, alone
 * @param {unknown} [argument] of it
 * @returns {Promise<() => Promise<T[]>>} gives what was seen so far, each value once for as long as it stood
 */
export async function watch(page, look, argument = null) {
  const name = `watched${(watched += 1)}`;
  // As the developer tools do: the page's own policy forbids `eval`.
  const devtools = await page.context().newCDPSession(page);
  const expression = `{
    const seen = (window.${name} = []);
    const see = () => {
      const value = (${look})(${JSON.stringify(argument)});
      if (seen.length === 0 || seen.at(-1) !== value) seen.push(value);
    };
    see();
    new MutationObserver(see).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  }`;
  const { exceptionDetails } = await devtools.send('Runtime.evaluate', { expression });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return () => page.evaluate((key) => window[key], name);
}

/** A look: somebody's status in the list; null where they are not in it. */
export const statusOf = (/** @type {string} */ name) =>
  [...document.querySelectorAll('.otomo')].find((card) => card.querySelector('.otomo-name')?.textContent === name)?.dataset
    .status ?? null;

/** A look: whether the head of the open conversation shows its person as online. */
export const dot = () => document.querySelector('.conversation-head .face')?.hasAttribute('data-online') ?? null;

/** A look: the scene on the stage. */
export const scene = () => document.querySelector('dialog.stage[open]')?.dataset.scene ?? null;

/** A look: the light of the link. */
export const light = () => document.querySelector('#link')?.dataset.phase ?? null;

/**
 * A clock in the page: how often a timer of a tenth of a second really fired.
 *
 * @param {import('playwright-core').Page} page
 */
export async function timerOf(page) {
  await page.evaluate(() => {
    window.ticks = [performance.now()];
    setInterval(() => window.ticks.push(performance.now()), 100);
  });
  return {
    /** Begins to count anew. */
    restart: () => page.evaluate(() => (window.ticks = [performance.now()])),
    /** @returns {Promise<{count: number, longestMs: number}>} ticks since then, and the longest pause between two */
    read: () =>
      page.evaluate(() => {
        const ticks = [...window.ticks, performance.now()];
        const pauses = ticks.slice(1).map((at, index) => at - ticks[index]);
        return { count: window.ticks.length - 1, longestMs: Math.max(...pauses) };
      }),
  };
}
