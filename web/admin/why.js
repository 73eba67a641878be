/**
 * Why an otomo has their status, in sentences: who decided, what the facts are, and what makes them free for calls. Pure.
 */

/**
 * @typedef {import('./api.js').Why} Why
 * @typedef {import('./i18n.js').Words} Words
 *
 * @typedef {'call' | 'connections' | 'choice'} Fact
 * @typedef {object} Explanation
 * @property {string} told what people see
 * @property {string} decided which fact decided it, and how
 * @property {string | null} unsettled what the facts say by now, where that is something else
 * @property {Fact} by the fact that decided
 * @property {readonly {fact: Fact, sentence: string}[]} facts in the order in which they count
 * @property {readonly string[]} remedies what keeps calls from them, and what ends it
 */

/**
 * @param {Words} t
 * @param {Why} why
 * @returns {Explanation}
 */
export function explain(t, why) {
  const { status, decision } = why;
  const shown = (/** @type {string} */ name) => t.word('status', name);
  const by = decision.cause === 'call' ? 'call' : decision.cause === 'not_connected' ? 'connections' : 'choice';
  return {
    told: t.text('why.told', { status: shown(status), time: t.time(why.changedAt), version: why.version }),
    decided: t.text(`why.by.${by}`, { status: shown(decision.status), cause: t.word('why.cause', decision.cause) }),
    unsettled: decision.status === status ? null : t.text('why.unsettled', { status: shown(decision.status) }),
    by,
    facts: [
      { fact: 'call', sentence: ofCall(t, why) },
      ...ofConnections(t, why).map((sentence) => ({ fact: /** @type {Fact} */ ('connections'), sentence })),
      { fact: 'choice', sentence: ofChoice(t, why) },
    ],
    remedies: why.remedies.map(({ obstacle, correction }) =>
      t.text(`why.remedy.${obstacle}`, {
        time: why.wrapUpUntil === null ? '' : t.time(why.wrapUpUntil),
        correction: t.word('why.correction', correction),
      }),
    ),
  };
}

/** @param {Words} t @param {Why} why */
function ofCall(t, { call }) {
  if (call === null) return t.text('why.noCall');
  return t.text('why.inCall', { phase: t.word('phase', call.phase), callId: call.callId });
}

/** @param {Words} t @param {Why} why @returns {string[]} */
function ofConnections(t, { connections, connected }) {
  if (connections.length === 0) return [t.text('why.noConnections')];
  const sentences = connections.map(({ device, node, state, expiresAt }) =>
    t.text(`why.connection.${state}`, { device, node, time: t.time(expiresAt) }),
  );
  return connected ? sentences : [...sentences, t.text('why.notConnected')];
}

/** @param {Words} t @param {Why} why */
function ofChoice(t, { choice }) {
  const { chosen, cause, until, missed } = choice;
  const params = { status: t.word('status', chosen), cause: t.word('why.cause', cause) };
  const sentence =
    until === null ? t.text('why.choice', params) : t.text('why.choiceUntil', { ...params, time: t.time(until) });
  return missed === 0 ? sentence : `${sentence} ${t.text('why.missed', { count: missed })}`;
}
