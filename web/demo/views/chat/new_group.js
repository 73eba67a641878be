/**
 * The form for a new group: its name, and its members from the people that its creator knows.
 */

import { newId } from '../../../client/src/index.js';
import { othersIn } from '../../state/chat/conversations.js';
import { CHAT, hashOf } from '../../state/place.js';
import { avatar } from '../../ui/avatar.js';
import { h, icon, setText } from '../../../shared/ui/dom.js';

/** The longest name of a group, in characters: what the server takes. */
const TITLE_MAX = 200;

/**
 * @typedef {import('../../state/client.js').Person} Person
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 */

/**
 * @param {Translator} t
 * @param {(members: string[], title: string, key: string) => Promise<void>} beginGroup `key`: the same for each attempt
 * @returns {{element: HTMLElement, focus: () => void, update: (state: State) => void}}
 */
export function newGroupView(t, beginGroup) {
  /** @type {Map<string, HTMLInputElement>} */
  const choices = new Map();
  const title = h('input', { id: 'group-title', maxlength: TITLE_MAX, autocomplete: 'off' });
  const list = h('ul', { class: 'plain member-choices' });
  const nobody = h('p', { class: 'quiet' }, t.text('group.nobody'));
  const begin = h('button', { class: 'button primary' }, t.text('group.begin'));
  const chosen = () => [...choices].filter(([, { checked }]) => checked).map(([userId]) => userId);
  let key = '';
  const changed = () => {
    // Another choice is another group.
    key = newId();
    begin.disabled = chosen().length === 0;
  };
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    begin.disabled = true;
    await beginGroup(chosen(), title.value.trim(), key);
    begin.disabled = false;
  };
  const back = h('a', { class: 'back-to-list', href: hashOf(CHAT), 'aria-label': t.text('chat.back') }, icon('back'));
  const heading = h('h2', { id: 'group-heading' }, t.text('group.title'));
  const element = h(
    'section',
    { class: 'card conversation', 'aria-labelledby': 'group-heading' },
    h('header', { class: 'pane-head conversation-head' }, back, heading),
    h(
      'form',
      { class: 'group-form', on: { submit, change: changed } },
      h('label', { for: 'group-title' }, t.text('group.name')),
      title,
      h('fieldset', { class: 'members' }, h('legend', {}, t.text('group.members')), nobody, list),
      begin,
    ),
  );
  changed();

  return {
    element,
    focus: () => title.focus({ preventScroll: true }),
    update(state) {
      const people = candidates(state);
      nobody.hidden = people.length > 0;
      for (const person of people) {
        if (choices.has(person.userId)) continue;
        const choice = h('input', { type: 'checkbox', value: person.userId });
        const name = h('span', { class: 'person-name' });
        setText(name, person.name ?? person.userId);
        choices.set(person.userId, choice);
        list.append(h('li', {}, h('label', { class: 'member-choice' }, choice, avatar(person, 'small'), name)));
      }
    },
  };
}

/**
 * @param {State} state
 * @returns {Person[]} each once: who one has talked with, then the otomo
 */
function candidates({ chat, otomos, me }) {
  const partners = [...chat.conversations.byId.values()].flatMap((conversation) => othersIn(conversation, me?.userId));
  const others = otomos.filter(({ userId }) => userId !== me?.userId);
  return [...new Map([...partners, ...others].map((person) => [person.userId, person])).values()];
}
