/**
 * The call itself: ringing out, connecting, talking, and every trouble on the way, in one calm place.
 */

import { duration } from '../i18n.js';
import { avatar } from '../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../ui/dom.js';

/** @typedef {import('../state/call.js').Call} Call */

/**
 * @param {import('../i18n.js').Translator} t
 * @param {import('./stage.js').Actions} actions
 * @param {Call} first
 * @returns {import('./stage.js').Scene}
 */
export function talkScene(t, actions, first) {
  let muted = first.muted;
  const status = h('p', { class: 'eyebrow', id: 'stage-status', role: 'status' });
  const timer = h('p', { class: 'timer tabular', role: 'timer', 'aria-live': 'off' });
  const trouble = h('p', { class: 'trouble', role: 'status' });
  const patience = h('p', { class: 'quiet tabular', role: 'timer', 'aria-live': 'off' });
  const portrait = h(
    'div',
    { class: 'portrait' },
    h('span', { class: 'voice', 'aria-hidden': 'true' }),
    avatar(first.peer, 'large'),
  );
  const mute = control('mute', 'microphone', () => actions.mute(!muted));
  const hangUp = control('reject', 'hang-up', actions.leave);
  const play = h(
    'button',
    { type: 'button', class: 'button primary', hidden: true, on: { click: actions.playVoice } },
    icon('speaker'),
    t.text('call.playVoice'),
  );
  const element = h(
    'div',
    { class: 'scene' },
    status,
    portrait,
    h('h2', { id: 'stage-title' }, first.peer.name ?? first.peer.userId),
    timer,
    trouble,
    patience,
    play,
    h('div', { class: 'answers' }, mute.element, hangUp.element),
  );

  return {
    element,
    focus: hangUp.button,
    update(call, state, now) {
      muted = call.muted;
      const talking = call.phase === 'connected';
      setText(status, t.text(statusKey(call)));
      setText(timer, talking && call.connectedAt !== null ? duration((now - call.connectedAt) / 1000) : '');
      setText(trouble, troubleText(t, call, state));
      setText(patience, patienceText(t, call, now));
      play.hidden = !state.soundBlocked;
      setAttribute(portrait, 'class', talking ? 'portrait talking' : 'portrait calling');
      portrait.style.setProperty('--loudness', talking ? actions.loudness().toFixed(2) : '0');
      mute.element.hidden = !talking && call.phase !== 'connecting';
      setAttribute(mute.button, 'aria-pressed', String(muted));
      mute.show(muted ? 'microphone-off' : 'microphone', t.text(muted ? 'call.unmute' : 'call.mute'));
      hangUp.show('hang-up', t.text(talking ? 'call.hangUp' : 'call.cancel'));
      hangUp.button.disabled = call.wish === 'leave';
    },
  };
}

/** @param {Call} call */
function statusKey({ phase, wish }) {
  return wish === 'leave' ? 'call.leaving' : `call.${phase}`;
}

/**
 * What is wrong, the nearest cause first: without the server nothing else is known for sure.
 *
 * @param {import('../i18n.js').Translator} t
 * @param {Call} call
 * @param {import('../state/store.js').State} state
 */
function troubleText(t, { peerBackBy, phase, media, muted }, { link }) {
  if (link.phase !== 'live') return t.text('call.linkAway');
  if (peerBackBy !== null) return t.text('call.peerAway');
  if (phase === 'connected' && media !== 'connected') return t.text('call.mediaAway');
  return muted ? t.text('call.mutedHint') : '';
}

/**
 * How long an absent peer is still waited for. Apart from the sentence, which would be read out every second.
 *
 * @param {import('../i18n.js').Translator} t
 * @param {Call} call
 * @param {number} now
 */
function patienceText(t, { peerBackBy }, now) {
  if (peerBackBy === null) return '';
  return t.text('call.remaining', { seconds: Math.max(0, Math.ceil((peerBackBy - now) / 1000)) });
}

/**
 * @param {'mute' | 'reject'} kind
 * @param {string} symbol
 * @param {() => void} act
 */
function control(kind, symbol, act) {
  let shown = symbol;
  let picture = icon(symbol);
  const label = h('span', { id: `control-${kind}` });
  const button = h(
    'button',
    { type: 'button', class: `round ${kind}`, 'aria-labelledby': `control-${kind}`, on: { click: act } },
    picture,
  );
  return {
    button,
    element: h('div', { class: 'answer' }, button, label),
    /**
     * @param {string} next a symbol
     * @param {string} text
     */
    show(next, text) {
      setText(label, text);
      if (next === shown) return;
      const replacement = icon(next);
      picture.replaceWith(replacement);
      [shown, picture] = [next, replacement];
    },
  };
}
