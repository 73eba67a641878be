/**
 * How a call went: why it ended, how long it was, and the way back.
 */

import { duration } from '../../shared/i18n.js';
import { listed, peerOf } from '../state/client.js';
import { endingKey } from '../state/ending.js';
import { hashOf, POINTS } from '../state/place.js';
import { avatar } from '../ui/avatar.js';
import { h, icon } from '../../shared/ui/dom.js';

/** Ends that have to do with points. */
const OF_POINTS = new Set(['INSUFFICIENT_POINTS', 'low_balance']);

/**
 * @param {import('../i18n.js').Translator} t
 * @param {import('./stage.js').Actions} actions
 * @param {import('../state/client.js').Call} call
 * @returns {import('./stage.js').Scene}
 */
export function summaryScene(t, actions, call) {
  const { side, ending } = call;
  const peer = peerOf(call);
  const seconds = ending?.durationSeconds ?? null;
  const points = ending?.points ?? 0;
  const close = h(
    'button',
    { type: 'button', class: 'button primary', on: { click: actions.dismiss } },
    t.text(side === 'caller' ? 'summary.close' : 'summary.closeOtomo'),
  );
  const again = h(
    'button',
    { type: 'button', class: 'button ghost', hidden: true, on: { click: () => actions.call(peer) } },
    icon('phone'),
    t.text('summary.again'),
  );
  const toPoints = h(
    'a',
    { class: 'button ghost', href: hashOf(POINTS), on: { click: actions.dismiss } },
    icon('points'),
    t.text('summary.toPoints'),
  );
  toPoints.hidden = side !== 'caller' || !OF_POINTS.has(ending?.reason ?? '');
  const element = h(
    'div',
    { class: 'scene' },
    h('p', { class: 'eyebrow' }, t.text(seconds === null ? 'summary.notReached' : 'summary.title')),
    h('div', { class: 'portrait' }, avatar(peer, 'large')),
    h('h2', { id: 'stage-title', tabindex: -1 }, peer.name ?? peer.userId),
    h(
      'p',
      { id: 'stage-status', class: 'reason', role: 'status', 'data-reason': ending?.reason ?? null },
      t.text(endingKey(call)),
    ),
    h(
      'dl',
      { class: 'facts' },
      ...(seconds === null ? [] : fact(t.text('summary.duration'), duration(seconds))),
      ...(points > 0 ? fact(t.text('summary.points'), String(points)) : []),
    ),
    h('div', { class: 'actions' }, close, toPoints, again),
  );

  return {
    element,
    update(_, state) {
      const reachable = listed(state, peer.userId)?.status === 'online' && state.link.phase === 'live';
      again.hidden = side !== 'caller' || !reachable;
    },
  };
}

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  return [h('div', {}, h('dt', {}, name), h('dd', { class: 'tabular' }, value))];
}
