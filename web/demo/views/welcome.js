/**
 * The door: pick who you are (development), or paste your app's token.
 */

import { fetchPeople } from '../../shared/dev.js';
import { borrowIdentity } from '../identity.js';
import { readToken } from '../token.js';
import { avatar } from '../ui/avatar.js';
import { h, icon, setText } from '../../shared/ui/dom.js';
import { tokenField } from '../../shared/ui/token_field.js';

/**
 * @typedef {import('../../shared/dev.js').DevPerson} DevPerson
 * @typedef {import('../identity.js').Identity} Identity
 * @typedef {(identity: Identity) => void} Enter
 * @typedef {import('../i18n.js').Translator} Translator
 */

/**
 * @param {Translator} t
 * @param {Enter} enter called once it is known who enters
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function welcomeView(t, enter) {
  const body = h('div', {}, h('p', { class: 'quiet' }, t.text('welcome.loading')));
  const fault = h('p', { class: 'fault', role: 'alert' });
  const failed = (/** @type {unknown} */ error) => {
    console.warn(error);
    setText(fault, t.text('welcome.failed'));
  };
  const borrow = (/** @type {DevPerson} */ person) => borrowIdentity(person).then(enter, failed);

  fetchPeople().then(
    (people) => body.replaceChildren(...(people ? development(t, people, borrow) : [tokenForm(t, enter, fault)])),
    failed,
  );
  return { element: h('main', { id: 'content', class: 'welcome' }, body, fault), update() {} };
}

/**
 * @param {Translator} t
 * @param {DevPerson[]} people
 * @param {(person: DevPerson) => void} borrow
 * @returns {HTMLElement[]}
 */
function development(t, people, borrow) {
  const ofRole = (/** @type {'user' | 'otomo'} */ role) => people.filter((person) => person.role === role);
  return [
    h(
      'header',
      { class: 'welcome-head' },
      h('p', { class: 'tagline' }, icon('blossom'), t.text('app.tagline')),
      h('h1', {}, t.text('welcome.title')),
      h('p', { class: 'quiet' }, t.text('welcome.lead')),
    ),
    h(
      'div',
      { class: 'welcome-roles' },
      peopleList(t, 'users', ofRole('user'), borrow),
      peopleList(t, 'otomos', ofRole('otomo'), borrow),
    ),
    someoneElse(t, borrow),
  ];
}

/**
 * @param {Translator} t
 * @param {'users' | 'otomos'} kind
 * @param {DevPerson[]} people
 * @param {(person: DevPerson) => void} borrow
 */
function peopleList(t, kind, people, borrow) {
  const entry = (/** @type {DevPerson} */ person) =>
    h(
      'li',
      {},
      h(
        'button',
        { type: 'button', class: 'person', 'data-user-id': person.userId, on: { click: () => borrow(person) } },
        avatar({ ...person, avatar: person.avatar ?? null }, 'small'),
        h('span', { class: 'person-name' }, person.name),
        icon('enter'),
      ),
    );
  return h(
    'section',
    { class: 'card', 'aria-labelledby': `welcome-${kind}` },
    h('h2', { id: `welcome-${kind}` }, t.text(`welcome.${kind}`)),
    h('p', { class: 'quiet' }, t.text(`welcome.${kind}Hint`)),
    h('ul', { class: 'plain' }, ...people.map(entry)),
  );
}

/**
 * @param {Translator} t
 * @param {(person: DevPerson) => void} borrow
 */
function someoneElse(t, borrow) {
  const name = h('input', { id: 'new-name', name: 'name', required: true, maxlength: 40, autocomplete: 'off' });
  const role = h(
    'select',
    { id: 'new-role', name: 'role' },
    h('option', { value: 'user' }, t.text('role.user')),
    h('option', { value: 'otomo' }, t.text('role.otomo')),
  );
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const chosen = /** @type {'user' | 'otomo'} */ (role.value);
    borrow({
      userId: `${chosen}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`,
      role: chosen,
      name: name.value.trim(),
    });
  };
  return h(
    'details',
    { class: 'someone-else' },
    h('summary', {}, t.text('welcome.someoneElse')),
    h(
      'form',
      { class: 'fields', on: { submit } },
      h('label', { for: 'new-name' }, t.text('welcome.name')),
      name,
      h('label', { for: 'new-role' }, t.text('welcome.role')),
      role,
      h('button', { class: 'button primary' }, t.text('welcome.enter')),
    ),
  );
}

/**
 * @param {Translator} t
 * @param {Enter} enter
 * @param {HTMLElement} fault
 */
function tokenForm(t, enter, fault) {
  const field = tokenField(t.text('welcome.token'));
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const token = field.token();
    const person = readToken(token);
    if (person === null) setText(fault, t.text('welcome.tokenBad'));
    else enter({ ...person, token, lent: false });
  };
  return h(
    'form',
    { class: 'card token-form', on: { submit } },
    h('p', { class: 'tagline' }, icon('blossom'), t.text('app.tagline')),
    h('h1', {}, t.text('welcome.tokenTitle')),
    h('p', { class: 'quiet' }, t.text('welcome.tokenLead')),
    ...field.elements,
    h('button', { class: 'button primary' }, t.text('welcome.enter')),
  );
}
