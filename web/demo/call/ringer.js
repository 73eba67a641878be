/**
 * The ring, made of plucked tones by WebAudio: no sound files, nothing to load.
 *
 * Browsers play nothing before the person has touched the page, so the first touch unlocks the sound and
 * a view may say that it is still waiting for one.
 */

/** @typedef {{notes: readonly {hertz: number, atMs: number}[], everyMs: number, loudness: number}} Melody */

/** For who is called: a rising pentatonic figure. @type {Melody} */
export const INCOMING = {
  notes: [
    { hertz: 587.33, atMs: 0 },
    { hertz: 783.99, atMs: 180 },
    { hertz: 880.0, atMs: 360 },
    { hertz: 1174.66, atMs: 540 },
    { hertz: 880.0, atMs: 900 },
    { hertz: 1174.66, atMs: 1080 },
  ],
  everyMs: 2_800,
  loudness: 0.22,
};

/** For who calls: two soft tones, far apart. @type {Melody} */
export const OUTGOING = {
  notes: [
    { hertz: 392.0, atMs: 0 },
    { hertz: 440.0, atMs: 260 },
  ],
  everyMs: 3_200,
  loudness: 0.07,
};

/** How long a pluck takes to fade, in seconds. */
const DECAY_S = 1.1;

export class Ringer {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {any} */
  #timer = null;
  /** @type {Melody | null} */
  #melody = null;

  /** Whether the browser still waits for a touch. */
  get locked() {
    return this.#context?.state !== 'running';
  }

  /** To be called from within a touch, click or key press. */
  async unlock() {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') await this.#context.resume();
  }

  /** @param {Melody | null} melody what to play over and over; null for silence */
  play(melody) {
    if (melody === this.#melody) return;
    this.#melody = melody;
    clearInterval(this.#timer);
    if (melody === null) return;
    this.#once(melody);
    this.#timer = setInterval(() => this.#once(melody), melody.everyMs);
  }

  /** @param {Melody} melody */
  #once({ notes, loudness }) {
    const context = this.#context;
    if (context?.state !== 'running') return;
    for (const { hertz, atMs } of notes) pluck(context, hertz, context.currentTime + atMs / 1000, loudness);
  }
}

/**
 * @param {AudioContext} context
 * @param {number} hertz
 * @param {number} at on the context's clock, seconds
 * @param {number} loudness
 */
function pluck(context, hertz, at, loudness) {
  const tone = new OscillatorNode(context, { type: 'triangle', frequency: hertz });
  const envelope = new GainNode(context, { gain: 0 });
  envelope.gain.setValueAtTime(0, at);
  envelope.gain.linearRampToValueAtTime(loudness, at + 0.012);
  envelope.gain.exponentialRampToValueAtTime(0.0001, at + DECAY_S);
  tone.connect(envelope).connect(context.destination);
  tone.start(at);
  tone.stop(at + DECAY_S);
}
