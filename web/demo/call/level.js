/**
 * How loud a voice is right now, for a meter: the sound itself is measured, so that it shows what is sent and what is
 * heard, whoever plays or mutes it.
 */

/** The window that is measured, in samples: about 40 ms. */
const WINDOW = 2048;

/** What counts as silence, and as full, in decibels. */
const [SILENCE_DB, FULL_DB] = [-60, -12];

/** One audio graph for the page: browsers allow only a few. @type {AudioContext | null} */
let context = null;

export class Level {
  #source;
  #analyser;
  #samples = new Float32Array(WINDOW);

  /** @param {MediaStream} stream with sound in it */
  constructor(stream) {
    context ??= new AudioContext();
    this.#source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    this.#analyser = new AnalyserNode(context, { fftSize: WINDOW });
    this.#source.connect(this.#analyser);
  }

  /** From 0 (silence) to 1. */
  read() {
    // Calls begin with a press, which lets the graph run; after a reload it waits for the next one.
    if (context?.state === 'suspended' && navigator.userActivation?.isActive) context.resume().catch(() => {});
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return levelOf(this.#samples);
  }

  /** Lets go of the stream. */
  close() {
    this.#source.disconnect();
  }
}

/**
 * @param {ArrayLike<number>} samples from -1 to 1
 * @returns {number} from 0 to 1, even steps of loudness as ears hear them
 */
export function levelOf(samples) {
  let power = 0;
  for (let index = 0; index < samples.length; index += 1) power += samples[index] ** 2;
  const decibels = 10 * Math.log10(power / samples.length);
  return Math.min(1, Math.max(0, (decibels - SILENCE_DB) / (FULL_DB - SILENCE_DB)));
}
