/**
 * What surrounds every view: the name of the house, who is here, the language, the state of the link.
 */

import { avatar } from '../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';
import { navView } from './nav.js';
import { noticesView } from './notices.js';

/**
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {() => void} switchLanguage
 * @property {() => void} signOut
 * @property {(transport: import('../saved.js').Transport) => void} useTransport
 * @property {() => void} retry
 * @property {(id: number) => void} closeNotice
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function shellView(t, actions) {
  const language = h(
    'button',
    {
      type: 'button',
      class: 'button ghost',
      id: 'language',
      'aria-label': t.text('app.languageLabel'),
      on: { click: actions.switchLanguage },
    },
    t.text('app.language'),
  );
  const self = h('div', { class: 'self' });
  const outText = h('span', { class: 'sign-out-text' });
  const out = h(
    'button',
    { type: 'button', class: 'button ghost', id: 'sign-out', on: { click: actions.signOut } },
    icon('leave'),
    outText,
  );
  const link = linkView(t, actions.retry);
  const nav = navView(t, link.light, actions.useTransport);
  const notices = noticesView(t, actions.closeNotice, { links: true });
  const element = h(
    'header',
    { class: 'shell' },
    h('a', { class: 'skip', href: '#content' }, t.text('app.skip')),
    h(
      'div',
      { class: 'bar' },
      h('p', { class: 'brand' }, icon('blossom'), h('span', { class: 'brand-name' }, t.text('app.name'))),
      self,
      out,
      language,
    ),
    nav.element,
    link.banner,
    notices.element,
  );
  /** @type {State['me'] | undefined} */
  let shown;

  return {
    element,
    update(state) {
      const { me } = state;
      if (me !== shown) {
        self.replaceChildren(
          ...(me === null ? [] : [avatar(me, 'small'), h('span', { class: 'self-name' }, me.name ?? me.userId)]),
        );
        shown = me;
      }
      out.hidden = me === null;
      // Where people are lent one tries another; where one has a token of one's own, one leaves.
      const leaving = t.text(me?.lent ? 'app.beSomeoneElse' : 'app.signOut');
      setText(outText, leaving);
      setAttribute(out, 'aria-label', leaving);
      nav.update(state);
      link.update(state);
      notices.update(state);
    },
  };
}

/**
 * A small light while all is well; a banner once there is something to know.
 *
 * @param {Translator} t
 * @param {() => void} retry
 */
function linkView(t, retry) {
  const light = h('span', { class: 'light', id: 'link', role: 'status' }, h('span', { class: 'light-text' }));
  const sentence = h('p', {});
  const again = h('button', { type: 'button', class: 'button ghost', on: { click: retry } }, t.text('link.retry'));
  const banner = h('div', { class: 'banner', role: 'status', hidden: true }, sentence, again);
  return {
    light,
    banner,
    /** @param {State} state */
    update({ link, me }) {
      const { phase, closing } = link;
      light.hidden = me === null;
      setAttribute(light, 'data-phase', phase);
      setText(
        /** @type {Element} */ (light.firstElementChild),
        t.text(phase === 'live' ? 'link.live' : 'link.connecting'),
      );
      banner.hidden = phase !== 'away' && phase !== 'refused';
      again.hidden = phase !== 'away';
      if (!banner.hidden) setText(sentence, phase === 'refused' ? stoppedText(t, closing?.code ?? null) : t.text('link.waiting'));
    },
  };
}

/**
 * @param {Translator} t
 * @param {number | null} code a close code
 */
function stoppedText(t, code) {
  const known = [4001, 4002, 4003, 4004, 4005, 4202].includes(code ?? 0);
  return t.text(`link.stopped.${known ? code : 'other'}`, { code: code ?? '' });
}
