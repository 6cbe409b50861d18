/**
 * The device's two clocks. Wall time can step; `mono` cannot, but stops in sleep. Where they part
 * by more than the error bar's grain a new segment begins, and one at every page start and resume:
 * the server never interpolates over a step. A step back is sure when their distance falls; a
 * segment's name begins with how often that was seen, so that the server knows of each.
 */
const STEP_MS = 250;

export interface Reading {
  wall: number;
  mono: number;
  segment: string;
}

export class DeviceClock {
  private readonly wall: () => number;
  private readonly mono: () => number;
  private readonly newId: () => string;
  private readonly steppedBack: (times: number) => void;
  private stepsBack = 0;
  private name: string;
  private distance: number;

  /** `steppedBack` keeps the number of steps back for the next page. */
  constructor(wall: () => number, mono: () => number, newId: () => string, steppedBack: (times: number) => void) {
    this.wall = wall;
    this.mono = mono;
    this.newId = newId;
    this.steppedBack = steppedBack;
    this.name = this.segmentName();
    this.distance = wall() - mono();
  }

  read(): Reading {
    const [wall, mono] = [this.wall(), this.mono()];
    const parted = wall - mono - this.distance;
    if (Math.abs(parted) > STEP_MS) {
      if (parted < 0) this.steppedBack(++this.stepsBack);
      this.begin(wall - mono);
    }
    return { wall, mono, segment: this.name };
  }

  /** The page wakes up: nobody knows what the clock did meanwhile. */
  resume(): void {
    this.read();
    this.begin(this.distance);
  }

  /** What pages before this one saw. */
  remember(stepsBack: number): void {
    this.stepsBack += stepsBack;
    this.begin(this.distance);
  }

  now(): number {
    return this.read().wall;
  }

  segment(): string {
    return this.read().segment;
  }

  private begin(distance: number): void {
    this.distance = distance;
    this.name = this.segmentName();
  }

  private segmentName(): string {
    return `${this.stepsBack}-${this.newId()}`;
  }
}
