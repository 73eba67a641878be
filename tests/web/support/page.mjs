// What is asked of every page: its texts are all there in both languages, and it is made of nothing but its own files.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

/** @param {string} name */
const folderOf = (name) => new URL(`../../../web/${name}/`, import.meta.url);

/** @param {string} name a folder of `web` */
function scriptsOf(name) {
  const files = readdirSync(folderOf(name), { recursive: true }).map(String);
  const scripts = files.filter((file) => file.endsWith('.js'));
  return scripts.map((file) => ({ file, text: readFileSync(new URL(file, folderOf(name)), 'utf8') }));
}

/**
 * @param {string} name a folder of `web`
 * @param {Record<'ja' | 'en', Record<string, string>>} messages its texts
 */
export function describePage(name, { ja, en }) {
  const scripts = scriptsOf(name);
  const holes = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

  describe(`the two languages of ${name}`, () => {
    test('have the same texts with the same gaps', () => {
      // What there is one of has a form of its own in English alone.
      const forms = Object.keys(en).filter((key) => key.endsWith('.one'));
      assert.deepEqual(Object.keys(ja), Object.keys(en).filter((key) => !forms.includes(key)));
      for (const key of Object.keys(ja)) {
        assert.ok(ja[key] !== '' && en[key] !== '', key);
        assert.deepEqual(holes(ja[key]), holes(en[key]), key);
      }
      for (const form of forms) {
        // Its number may be written out.
        const others = holes(en[form.replace(/\.one$/, '')]).filter((hole) => hole !== '{count}');
        assert.deepEqual(holes(en[form]).filter((hole) => hole !== '{count}'), others, form);
      }
    });

    test('hold every text that the page asks for, and no other', () => {
      const views = scripts.filter(({ file }) => !file.startsWith('messages/'));
      const whole = views.map(({ text }) => text).join('\n');
      // Words of the server: each has a text in a room of its own.
      const words = [...whole.matchAll(/\.word\('([\w.]+)'/g)].map(([, room]) => `${room}.`);
      const all = whole.replaceAll(/\.word\('[\w.]+'/g, '');
      const rooms = new Set(Object.keys(ja).map((key) => key.split('.')[0]));
      for (const [, key] of all.matchAll(new RegExp(`'((?:${[...rooms].join('|')})\\.[\\w.]+)'`, 'g'))) {
        assert.ok(key in ja, `${key} has no text`);
      }
      const built = [...all.matchAll(/`([a-z]+\.(?:[a-z]+\.)?)\$\{/g)].map(([, stem]) => stem);
      const stems = [...built, ...words];
      const asked = (/** @type {string} */ key) => all.includes(`'${key}'`) || stems.some((stem) => key.startsWith(stem));
      for (const key of Object.keys(ja)) assert.ok(asked(key), `nobody asks for ${key}`);
    });
  });

  describe(`the page ${name}`, () => {
    test('never writes markup, never loads from elsewhere, and has no inline script or style', () => {
      const html = readFileSync(new URL('index.html', folderOf(name)), 'utf8');
      for (const { file, text } of [...scripts, ...scriptsOf('shared')]) {
        assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, file);
        assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/, file);
      }
      assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
      assert.doesNotMatch(html, /(?:src|href)="(?!\/(?:demo|admin|shared)\/)/);
    });
  });
}
