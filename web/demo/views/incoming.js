/**
 * O-02, the incoming call: who it is, how long it still rings, and the two answers.
 */

import { peerOf } from '../state/client.js';
import { avatar } from '../ui/avatar.js';
import { roundButton } from '../ui/round_button.js';
import { h, progressRing, setText } from '../../shared/ui/dom.js';

/**
 * @param {import('../i18n.js').Translator} t
 * @param {import('./stage.js').Actions} actions
 * @param {import('../state/client.js').Call} call
 * @returns {import('./stage.js').Scene}
 */
export function incomingScene(t, actions, call) {
  const ring = progressRing('countdown');
  const remaining = h('p', { class: 'quiet tabular', role: 'timer', 'aria-live': 'off' });
  const status = h('p', { class: 'eyebrow', id: 'stage-status' });
  const reject = roundButton('reject', 'hang-up', t.text('call.reject'), actions.leave);
  const accept = roundButton('accept', 'phone', t.text('call.accept'), actions.accept);
  const peer = peerOf(call);
  const name = peer.name ?? peer.userId;
  const element = h(
    'div',
    { class: 'scene' },
    status,
    h('div', { class: 'portrait ringing' }, ring.element, avatar(peer, 'large')),
    h('h2', { id: 'stage-title', tabindex: -1, 'aria-label': t.text('call.incomingFrom', { name }) }, name),
    remaining,
    h('div', { class: 'answers' }, reject.element, accept.element),
  );

  return {
    element,
    update({ ringUntil, ringMs, wish }, { link }, now) {
      const leftMs = Math.max(0, (ringUntil ?? now) - now);
      ring.set(ringMs ? Math.min(1, leftMs / ringMs) : 1);
      setText(remaining, t.text('call.remaining', { seconds: Math.ceil(leftMs / 1000) }));
      setText(
        status,
        t.text(wish === 'accept' ? 'call.accepting' : wish === 'leave' ? 'call.leaving' : 'call.incoming'),
      );
      accept.setAble(wish === null && link.phase === 'live');
      reject.setAble(wish !== 'leave');
    },
  };
}
