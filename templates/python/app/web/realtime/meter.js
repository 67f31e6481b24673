/** How loud a sound is, from its real samples. */

/** The floor of what is shown: quieter than this is silence to a meter. */
export const SILENCE_DBFS = -60;

export const SILENT = { peak: 0, dbfs: SILENCE_DBFS };

/** The level of these samples, each between -1 and 1. */
export function measure(samples) {
  if (samples.length === 0) return SILENT;
  let peak = 0;
  let squares = 0;
  for (const sample of samples) {
    const size = Math.abs(sample);
    if (size > peak) peak = size;
    squares += sample * sample;
  }
  const rms = Math.sqrt(squares / samples.length);
  const dbfs = rms === 0 ? SILENCE_DBFS : 20 * Math.log10(rms);
  return { peak: Math.min(1, peak), dbfs: Math.max(SILENCE_DBFS, Math.min(0, dbfs)) };
}

/** Listens in on one point of an audio graph; it changes nothing there. */
export class Meter {
  #analyser;
  #samples;
  #source = null;

  constructor(context) {
    // 1024 samples are 21 ms at 48 kHz: longer than the time between two frames of a screen, so
    // no sound falls between two looks.
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
  }

  listenTo(source) {
    this.#source?.disconnect(this.#analyser);
    this.#source = source;
    source?.connect(this.#analyser);
  }

  /** The level of the last 21 ms. */
  read() {
    if (this.#source === null) return SILENT;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return measure(this.#samples);
  }
}
