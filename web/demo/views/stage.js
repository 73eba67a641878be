/**
 * The stage: one modal dialog on which a call happens, from the ring to its end. Which scene plays is
 * decided by the call's phase; keyboard and screen reader stay inside while it is open.
 */

import { deservesSummary } from '../state/ending.js';
import { h, setAttribute } from '../../shared/ui/dom.js';
import { incomingScene } from './incoming.js';
import { noticesView } from './notices.js';
import { summaryScene } from './summary.js';
import { talkScene } from './talk.js';

/**
 * @typedef {import('../state/client.js').Call} Call
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {() => void} accept
 * @property {() => void} leave
 * @property {(muted: boolean) => void} mute
 * @property {() => void} playVoice
 * @property {() => void} reopenMicrophone
 * @property {() => void} dismiss
 * @property {(id: number) => void} closeNotice
 * @property {(person: import('../state/client.js').Person) => void} call
 * @property {() => Loudness} loudness how loud the voices are right now
 *
 * @typedef {{own: number, peer: number}} Loudness each from 0 to 1
 *
 * @typedef {object} Scene
 * @property {HTMLElement} element with the heading `#stage-title`, from which the keyboard starts
 * @property {(call: Call, state: State, now: number) => void} update
 */

/** @type {Record<'incoming' | 'talk' | 'summary', (t: Translator, actions: Actions, call: Call) => Scene>} */
const SCENES = { incoming: incomingScene, talk: talkScene, summary: summaryScene };

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLDialogElement, update: (state: State, now: number) => void}}
 */
export function stageView(t, actions) {
  /** @type {{name: string, callId: string, scene: Scene} | null} */
  let playing = null;
  const notices = noticesView(t, actions.closeNotice, { links: false });
  const element = h('dialog', { class: 'stage', 'aria-labelledby': 'stage-title', 'aria-describedby': 'stage-status' });
  // Escape must not hang up by accident; it only leaves what is over.
  element.addEventListener('cancel', (event) => {
    event.preventDefault();
    if (playing?.name === 'summary') actions.dismiss();
  });

  return {
    element,
    update(state, now) {
      const { call } = state;
      const name = sceneOf(call);
      if (call.callId === null || name === null) {
        if (element.open) element.close();
        playing = null;
        return;
      }
      if (playing?.name !== name || playing.callId !== call.callId) {
        const scene = SCENES[name](t, actions, call);
        playing = { name, callId: call.callId, scene };
        setAttribute(element, 'data-scene', name);
        element.setAttribute('role', name === 'incoming' ? 'alertdialog' : 'dialog');
        element.replaceChildren(scene.element, notices.element);
        if (!element.open) element.showModal();
        // Who is writing as a scene changes presses nothing of it by the next key.
        /** @type {HTMLElement} */ (scene.element.querySelector('#stage-title')).focus();
      }
      playing.scene.update(call, state, now);
      notices.update(state);
    },
  };
}

/**
 * @param {Call} call
 * @returns {'incoming' | 'talk' | 'summary' | null}
 */
function sceneOf(call) {
  if (call.phase === 'idle') return null;
  if (call.phase === 'ended') return deservesSummary(call) ? 'summary' : null;
  return call.phase === 'incoming' ? 'incoming' : 'talk';
}
