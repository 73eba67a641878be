/**
 * The call itself: ringing out, connecting, talking, and every trouble on the way, in one calm place.
 */

import { isAnswered } from '../../client/src/calls/state.js';
import { duration } from '../../shared/i18n.js';
import { peerOf } from '../state/client.js';
import { avatar } from '../ui/avatar.js';
import { roundButton } from '../ui/round_button.js';
import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';

/** @typedef {import('../state/client.js').Call} Call */

/**
 * @param {import('../i18n.js').Translator} t
 * @param {import('./stage.js').Actions} actions
 * @param {Call} first
 * @returns {import('./stage.js').Scene}
 */
export function talkScene(t, actions, first) {
  const peer = peerOf(first);
  let muted = first.muted;
  const status = h('p', { class: 'eyebrow', id: 'stage-status', role: 'status' });
  const timer = h('p', { class: 'timer tabular', role: 'timer', 'aria-live': 'off' });
  const trouble = h('p', { class: 'trouble', role: 'status' });
  const bill = h('p', { class: 'bill tabular' });
  const voices = voicesView(t);
  const patience = h('p', { class: 'quiet tabular', role: 'timer', 'aria-live': 'off' });
  const portrait = h(
    'div',
    { class: 'portrait' },
    h('span', { class: 'voice', 'aria-hidden': 'true' }),
    avatar(peer, 'large'),
  );
  const mute = roundButton('mute', 'microphone', t.text('call.mute'), () => actions.mute(!muted));
  const hangUp = roundButton('reject', 'hang-up', t.text('call.cancel'), actions.leave);
  const play = h(
    'button',
    { type: 'button', class: 'button primary', hidden: true, on: { click: actions.playVoice } },
    icon('speaker'),
    t.text('call.playVoice'),
  );
  const reopen = h(
    'button',
    { type: 'button', class: 'button primary', hidden: true, on: { click: actions.reopenMicrophone } },
    icon('microphone'),
    t.text('call.reopenMicrophone'),
  );
  const element = h(
    'div',
    { class: 'scene' },
    status,
    portrait,
    h('h2', { id: 'stage-title', tabindex: -1 }, peer.name ?? peer.userId),
    timer,
    bill,
    voices.element,
    trouble,
    patience,
    play,
    reopen,
    h('div', { class: 'answers' }, mute.element, hangUp.element),
  );

  return {
    element,
    update(call, state, now) {
      muted = call.muted;
      const { since, lostAt } = call;
      const talking = call.phase === 'connected' && lostAt === null;
      setText(status, t.text(statusKey(call)));
      setText(timer, call.phase === 'connected' && since !== null ? duration(((lostAt ?? now) - since) / 1000) : '');
      setText(trouble, troubleText(t, call, state));
      setText(patience, patienceText(t, call, now));
      play.hidden = !state.soundBlocked;
      // Once it has done its work, who has pressed it goes on from the next button.
      if (!call.microphoneLost && reopen === document.activeElement) mute.button.focus();
      reopen.hidden = !call.microphoneLost;
      setAttribute(portrait, 'class', talking ? 'portrait talking' : 'portrait calling');
      const loudness = talking ? actions.loudness() : { own: 0, peer: 0 };
      portrait.style.setProperty('--loudness', loudness.peer.toFixed(2));
      voices.update(loudness, talking, muted);
      setText(bill, billText(t, call, state));
      mute.element.hidden = !isAnswered(call);
      // That it is pressed says that one is muted: the word stays the same.
      setAttribute(mute.button, 'aria-pressed', String(muted));
      mute.setSymbol(muted ? 'microphone-off' : 'microphone');
      hangUp.setWord(t.text(call.phase === 'connected' ? 'call.hangUp' : 'call.cancel'));
      hangUp.setAble(call.wish !== 'leave');
    },
  };
}

/** @param {Call} call */
function statusKey({ phase, wish, lostAt }) {
  if (wish === 'leave') return 'call.leaving';
  return lostAt === null ? `call.${phase}` : 'call.lost';
}

/**
 * What is wrong, the nearest cause first: without the server nothing else is known for sure.
 *
 * @param {import('../i18n.js').Translator} t
 * @param {Call} call
 * @param {import('../state/store.js').State} state
 */
function troubleText(t, { peerBackBy, phase, media, microphoneLost, muted, low, side }, { link }) {
  if (link.phase !== 'live') return t.text('call.linkAway');
  if (peerBackBy !== null) return t.text('call.peerAway');
  if (phase === 'connected' && media !== 'connected') return t.text('call.mediaAway');
  if (microphoneLost) return t.text('call.microphoneLost');
  if (low && side === 'caller') return t.text('call.lowBalance');
  return muted ? t.text('call.mutedHint') : '';
}

/**
 * What the call has cost; only its caller knows what is left.
 *
 * @param {import('../i18n.js').Translator} t
 * @param {Call} call
 * @param {import('../state/store.js').State} state
 */
function billText(t, { charged, side }, { balance }) {
  if (charged === 0) return '';
  const points = t.number(charged);
  if (side !== 'caller' || balance === null) return t.text('call.charged', { points });
  return t.text('call.cost', { points, balance: t.number(balance) });
}

/**
 * The level meter: how loud both voices are. For eyes alone; that one is muted is said in words.
 * @param {import('../i18n.js').Translator} t
 */
function voicesView(t) {
  const own = meter(t.text('call.ownVoice'));
  const peer = meter(t.text('call.peerVoice'));
  const element = h('div', { class: 'voices', 'aria-hidden': 'true' }, own.element, peer.element);
  return {
    element,
    /**
     * @param {import('./stage.js').Loudness} loudness
     * @param {boolean} talking
     * @param {boolean} muted
     */
    update(loudness, talking, muted) {
      element.hidden = !talking;
      own.set(muted ? 0 : loudness.own);
      peer.set(loudness.peer);
    },
  };
}

/** @param {string} text */
function meter(text) {
  const bar = h('span', { class: 'meter' });
  return {
    element: h('span', { class: 'voice-level' }, h('span', {}, text), bar),
    /** @param {number} level from 0 to 1 */
    set: (level) => bar.style.setProperty('--level', level.toFixed(2)),
  };
}

/**
 * How long an absent peer is still waited for. Apart from the sentence, which would be read out every second.
 *
 * @param {import('../i18n.js').Translator} t
 * @param {Call} call
 * @param {number} now
 */
function patienceText(t, { peerBackBy, lostAt }, now) {
  if (peerBackBy === null || lostAt !== null) return '';
  return t.text('call.remaining', { seconds: Math.max(0, Math.ceil((peerBackBy - now) / 1000)) });
}
