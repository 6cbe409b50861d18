/**
 * The device's two clocks. Wall time can step; `mono` cannot, but stops in sleep. Where they part
 * by more than a second a new segment begins, so that the server never interpolates over a step.
 */
const STEP_MS = 1_000;

export interface Reading {
  wall: number;
  mono: number;
  segment: string;
}

export class DeviceClock {
  private readonly wall: () => number;
  private readonly mono: () => number;
  private readonly newSegment: () => string;
  private name: string;
  private distance: number;

  constructor(wall: () => number, mono: () => number, newSegment: () => string) {
    this.wall = wall;
    this.mono = mono;
    this.newSegment = newSegment;
    this.name = newSegment();
    this.distance = wall() - mono();
  }

  read(): Reading {
    const [wall, mono] = [this.wall(), this.mono()];
    if (Math.abs(wall - mono - this.distance) > STEP_MS) {
      this.distance = wall - mono;
      this.name = this.newSegment();
    }
    return { wall, mono, segment: this.name };
  }

  now(): number {
    return this.read().wall;
  }

  segment(): string {
    return this.read().segment;
  }
}
