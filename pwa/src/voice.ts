/**
 * Tones and vibration, exactly as look.md has them. The audio is made ready at the first touch or
 * key, so that the first tone of the day is as quick as the others.
 */
import type { Voice } from "./engine.types";

type Signal = Parameters<Voice["play"]>[0];

interface Tone {
  hertz: number;
  ms: number;
  gap?: number;
  wave?: OscillatorType;
}

interface Sound {
  tones: Tone[];
  vibration: number[];
}

const SOUNDS: Record<Signal, Sound> = {
  tick: { tones: [{ hertz: 1_800, ms: 25 }], vibration: [] },
  done: { tones: [{ hertz: 1_800, ms: 60 }], vibration: [40] },
  complete: { tones: [{ hertz: 1_800, ms: 60 }, { hertz: 2_400, ms: 60 }], vibration: [40, 40, 40] },
  look: { tones: [{ hertz: 900, ms: 90, gap: 60 }, { hertz: 900, ms: 90 }], vibration: [80, 60, 80] },
  wrong: { tones: [{ hertz: 220, ms: 400, wave: "square" }], vibration: [350] },
  not_recorded: {
    tones: [{ hertz: 600, ms: 150 }, { hertz: 450, ms: 150 }, { hertz: 300, ms: 150 }],
    vibration: [120, 60, 120, 60, 120, 60, 120, 60, 120],
  },
};
const AGAIN_MS = 2_000;
const LOUDNESS: Partial<Record<OscillatorType, number>> = { square: 0.25 };
/** A tone that starts or ends at once clicks. */
const RAMP_S = 0.003;

export function createVoice(): Voice {
  const context = typeof AudioContext === "undefined" ? null : new AudioContext({ latencyHint: "interactive" });
  let again: ReturnType<typeof setInterval> | undefined;
  const wake = (): void => void context?.resume().catch(() => undefined);
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, wake, { capture: true, passive: true });

  const once = (signal: Signal): void => {
    const { tones, vibration } = SOUNDS[signal];
    performance.mark("bincard-tone");
    if (context) sound(context, tones);
    if (vibration.length && "vibrate" in navigator) navigator.vibrate(vibration);
  };
  const stop = (): void => clearInterval(again);
  return {
    play(signal) {
      stop();
      once(signal);
      if (signal === "not_recorded") again = setInterval(() => once(signal), AGAIN_MS);
    },
    stop,
  };
}

function sound(context: AudioContext, tones: Tone[]): void {
  let at = context.currentTime;
  for (const { hertz, ms, gap = 0, wave = "sine" } of tones) {
    const [oscillator, volume] = [context.createOscillator(), context.createGain()];
    const end = at + ms / 1_000;
    const loudness = LOUDNESS[wave] ?? 0.8;
    oscillator.type = wave;
    oscillator.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(loudness, at + RAMP_S);
    volume.gain.setValueAtTime(loudness, end - RAMP_S);
    volume.gain.linearRampToValueAtTime(0, end);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(end);
    at = end + gap / 1_000;
  }
}
