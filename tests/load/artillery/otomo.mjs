// What Artillery's scenarios need beside plain sends: tokens, and steps that wait for what the server says.
//
// Artillery's own `match` looks at the one message that follows a send; here many come in between, so each client has a line
// that keeps what was said until a step waits for it. Latencies are told as `otomo.<what>_ms`, refusals as
// `otomo.error.<code>`.

import { createHmac, randomUUID } from 'node:crypto';

/** How long a step waits for what it needs, in milliseconds. */
const PATIENCE_MS = 10_000;

/** How long a token is good, in seconds: longer than any client stays. */
const TTL_S = 3600;

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as the app's backend makes it (HS256); the secret is the server's own. */
export function tokenOf(userId, role) {
  const secret = process.env.OTOMO_AUTH__HS256_SECRET;
  if (!secret) throw new Error('OTOMO_AUTH__HS256_SECRET holds no secret');
  const claims = { sub: userId, role, exp: Math.floor(Date.now() / 1000) + TTL_S };
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** One client's connection: what it has heard and no step has taken yet, and which otomo are online. */
class Line {
  online = new Set();
  /** The call that this otomo is in. */
  call = null;
  #heard = [];
  #waiting = new Set();

  constructor(socket, events) {
    this.socket = socket;
    this.events = events;
    socket.on('message', (text) => this.#take(JSON.parse(text)));
  }

  say(type, fields) {
    this.socket.send(JSON.stringify({ type, ...fields }));
  }

  /** The first message of one of these types, whether it has come already or not. */
  hears(...types) {
    return this.until(() => {
      const at = this.#heard.findIndex(({ type }) => types.includes(type));
      return at < 0 ? undefined : this.#heard.splice(at, 1)[0];
    }, types.join(' or '));
  }

  /** Waits until something can be found among what was said. */
  until(find, what) {
    const found = find();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== undefined) settle(resolve, found);
      };
      const settle = (done, outcome) => {
        clearTimeout(late);
        this.#waiting.delete(look);
        done(outcome);
      };
      const late = setTimeout(() => settle(reject, new Error(`waited in vain for ${what}`)), PATIENCE_MS);
      this.#waiting.add(look);
    });
  }

  /** From now on this otomo answers whoever calls. */
  answers() {
    this.answering = true;
  }

  #take(message) {
    if (message.type === 'error') this.events.emit('counter', `otomo.error.${message.code}`, 1);
    else if (message.type === 'otomo_status_snapshot') message.otomos.forEach((it) => this.#status(it));
    else if (message.type === 'otomo_status_update') this.#status(message);
    else if (!this.answering || !this.#answer(message)) this.#heard.push(message);
    for (const look of [...this.#waiting]) look();
  }

  #status({ userId, status }) {
    if (status === 'online') this.online.add(userId);
    else this.online.delete(userId);
  }

  /** What an otomo says by itself in a call. */
  #answer({ type, callId }) {
    const answers = {
      incoming_call: () => {
        this.call = callId;
        this.say('call_accept', { callId });
      },
      webrtc_offer: () => {
        this.say('webrtc_answer', { callId, answer: { type: 'answer', sdp: 'v=0\r\n' } });
        this.say('call_connected', { callId });
      },
      call_end: () => (this.call = null),
      call_cancelled: () => (this.call = null),
    };
    answers[type]?.();
    return type in answers;
  }
}

/** Becomes somebody with a token; the first step after `connect`, so that no message is missed. */
const joinsAs = (role) => (context, events, done) => {
  context.vars.token = tokenOf(`artillery-${role}-${randomUUID()}`, role);
  context.line = new Line(context.ws, events);
  done();
};

const hears =
  (...types) =>
  async ({ line }) => {
    await line.hears(...types);
  };

export const joinsAsOtomo = joinsAs('otomo');
export const joinsAsUser = joinsAs('user');
export const hearsReady = hears('ready');
export const hearsStatusSet = hears('otomo_status_set_ack');
export const hearsAnswer = hears('webrtc_answer');
export const hearsConnected = hears('call_connected');
export const hearsEnd = hears('call_end');

export function answersCalls({ line }, events, done) {
  line.answers();
  done();
}

/** An otomo does not leave in the middle of a call. */
export async function finishesCall({ line }) {
  await line.until(() => (line.call === null ? true : undefined), 'the end of its call');
}

/** Calls whoever is online until somebody answers: another caller may have been faster. */
export async function callsSomebody({ line, vars }, events) {
  const began = performance.now();
  while (performance.now() - began < PATIENCE_MS) {
    const otomo = await line.until(() => anyOf(line.online), 'an otomo who is online');
    vars.callId = randomUUID();
    const asked = performance.now();
    line.say('call_request', { toUserId: otomo, callId: vars.callId });
    const { type, reason } = await line.hears('call_accepted', 'call_rejected');
    if (type === 'call_accepted') {
      events.emit('histogram', 'otomo.call_accepted_ms', performance.now() - asked);
      events.emit('counter', 'otomo.calls', 1);
      await line.hears('signaling_start');
      return;
    }
    events.emit('counter', `otomo.rejected.${reason}`, 1);
    line.online.delete(otomo);
  }
  throw new Error('nobody answered');
}

const anyOf = (set) => [...set][Math.floor(Math.random() * set.size)];
