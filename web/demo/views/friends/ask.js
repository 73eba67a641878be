/**
 * How one finds friends: by their id, or among those whom one has met here.
 */

import { othersIn } from '../../state/chat/conversations.js';
import { listed } from '../../state/client.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';
import { keyedRows } from '../../../shared/ui/rows.js';
import { personRow } from '../person_row.js';

/** The longest id that the server takes, in characters. */
const ID_MAX = 64;

/** How many people are suggested. */
const SUGGESTIONS = 6;

/**
 * @typedef {import('../../state/client.js').Person} Person
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 */

/**
 * @param {Translator} t
 * @param {Pick<import('./friends.js').Actions, 'askFriend' | 'tell'>} actions
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function askView(t, actions) {
  const form = formView(t, actions);
  const own = ownIdView(t);
  const title = h('h2', { id: 'ask-title', tabindex: -1 }, t.text('friends.ask'));
  const hint = h('h3', { id: 'ask-known' }, t.text('friends.known'));
  const list = h('ul', { class: 'plain person-rows', id: 'suggestions', 'aria-labelledby': 'ask-known' });
  const ask = async (/** @type {string} */ userId) => {
    const refusal = await actions.askFriend(userId);
    if (refusal !== null) actions.tell(refusal);
  };
  /** @type {(people: readonly Person[], state: State) => void} */
  const rows = keyedRows(list, {
    key: ({ userId }) => userId,
    build: (person) => suggestion(t, person, ask),
    refuge: title,
  });
  const element = h(
    'section',
    { class: 'card pane', 'aria-labelledby': 'ask-title' },
    title,
    form.element,
    own.element,
    hint,
    list,
  );

  return {
    element,
    update(state) {
      const people = candidates(state).slice(0, SUGGESTIONS);
      rows(people, state);
      hint.hidden = people.length === 0;
      list.hidden = people.length === 0;
      own.update(state);
      form.update(state);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Person} person
 * @param {(userId: string) => void} ask
 */
function suggestion(t, { userId }, ask) {
  const label = (/** @type {string} */ name) => t.text('friends.askName', { name });
  const row = personRow([{ symbol: 'person-add', label, text: t.text('friends.askThem'), act: () => ask(userId) }]);
  return {
    element: row.element,
    /**
     * @param {Person} person
     * @param {State} state
     */
    update(person, state) {
      row.update(person, { text: t.text(listed(state, person.userId) === undefined ? 'role.user' : 'role.otomo') });
    },
  };
}

/**
 * @param {Translator} t
 * @param {Pick<import('./friends.js').Actions, 'askFriend'>} actions
 */
function formView(t, { askFriend }) {
  const field = h('input', {
    id: 'friend-id',
    required: true,
    maxlength: ID_MAX,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    'aria-describedby': 'friend-said',
  });
  const send = h('button', { class: 'button primary' }, t.text('friends.askThem'));
  const said = h('p', { id: 'friend-said', class: 'said', role: 'status' });
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const userId = field.value.trim();
    if (userId === '') return;
    const refusal = await askFriend(userId);
    setText(said, t.text(refusal ?? 'friends.sent', { name: userId }));
    setAttribute(said, 'data-fault', refusal !== null);
    setAttribute(field, 'aria-invalid', refusal === null ? null : 'true');
    if (refusal === null) field.value = '';
    else field.select();
  };
  const element = h(
    'form',
    { class: 'ask-form', on: { submit } },
    h('label', { for: 'friend-id' }, t.text('friends.byId')),
    h('div', { class: 'ask-field' }, field, send),
    said,
  );
  return {
    element,
    /** @param {State} state */
    update({ link }) {
      send.disabled = link.phase !== 'live';
    },
  };
}

/** @param {Translator} t */
function ownIdView(t) {
  const id = h('code', { id: 'own-id' });
  const copied = h('span', { class: 'visually-hidden', role: 'status' });
  const copy = async () => {
    await navigator.clipboard.writeText(id.textContent ?? '');
    setText(copied, t.text('friends.copied'));
    setAttribute(button, 'data-done', true);
  };
  const label = t.text('friends.copy');
  const attributes = { type: 'button', class: 'button icon-button', 'aria-label': label, title: label, on: { click: copy } };
  const button = h('button', attributes, icon('copy'));
  // Pages without https have no clipboard.
  button.hidden = navigator.clipboard === undefined;
  return {
    element: h('p', { class: 'own-id' }, h('span', {}, t.text('friends.ownId')), id, button, copied),
    /** @param {State} state */
    update({ me }) {
      setText(id, me?.userId ?? '');
    },
  };
}

/**
 * @param {State} state
 * @returns {Person[]} each once, none of them asked yet: who one has talked with, then the otomo
 */
function candidates({ chat, otomos, friends, me }) {
  const partners = [...chat.conversations.byId.values()].flatMap((conversation) => othersIn(conversation, me?.userId));
  const people = new Map([...partners, ...otomos].map((person) => [person.userId, person]));
  return [...people.values()].filter(({ userId }) => friends.known && userId !== me?.userId && !friends.byId.has(userId));
}
