/** The camera of the device: its picture, its light and its zoom, and why there is none. */

/** Why there is no picture; each has its sentence on the screen. */
export type Trouble = "insecure" | "none" | "denied" | "busy" | "failed";

/** What the browser tells beside the standard of its types. */
type Capabilities = MediaTrackCapabilities & { torch?: boolean; zoom?: { min: number; max: number } };
type Wish = MediaTrackConstraintSet & { torch?: boolean; zoom?: number };

export class NoPicture extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, cause?: unknown) {
    super(trouble, { cause });
    this.trouble = trouble;
  }
}

const WISHED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1_280 }, height: { ideal: 720 }, zoom: true } as MediaTrackConstraints,
};
const NEAR = 2;

const NAMES: Record<string, Trouble> = {
  NotAllowedError: "denied", SecurityError: "denied",
  NotFoundError: "none", OverconstrainedError: "none",
  NotReadableError: "busy", AbortError: "busy",
};

/** Plain http has no camera, on whatever device: the browser hides it. */
export function troubleOf(error: unknown, isSecure: boolean): Trouble {
  if (error instanceof NoPicture) return error.trouble;
  if (!isSecure) return "insecure";
  return NAMES[(error as { name?: string } | null)?.name ?? ""] ?? "failed";
}

export class Lens {
  readonly video = document.createElement("video");
  private stream: MediaStream | null = null;
  /** Which opening this is: a page that wakes twice must not hold two streams. */
  private turn = 0;
  private readonly ended: () => void;

  /** `ended` is called when the device takes the camera away. */
  constructor(ended: () => void) {
    this.ended = ended;
    Object.assign(this.video, { muted: true, playsInline: true, autoplay: true });
  }

  /** False when it was closed, or opened anew, meanwhile. Rejects with `NoPicture`. */
  async open(): Promise<boolean> {
    this.close();
    const { turn } = this;
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices?.getUserMedia) throw new NoPicture(isSecureContext ? "none" : "insecure");
    try {
      const stream = await devices.getUserMedia(WISHED);
      if (turn !== this.turn) {
        stream.getTracks().forEach((track) => track.stop());
        return false;
      }
      this.stream = stream;
      this.track?.addEventListener("ended", this.ended);
      this.video.srcObject = this.stream;
      await this.play();
      return turn === this.turn;
    } catch (error) {
      if (turn !== this.turn) return false;
      this.close();
      throw new NoPicture(troubleOf(error, isSecureContext), error);
    }
  }

  /** A video that was taken from one screen to the next has stopped. */
  async play(): Promise<void> {
    // It is interrupted by the next load of the same element; then that one plays.
    await this.video.play().catch(() => undefined);
  }

  close(): void {
    this.turn += 1;
    for (const track of this.stream?.getTracks() ?? []) {
      track.removeEventListener("ended", this.ended);
      track.stop();
    }
    this.stream = null;
    this.video.srcObject = null;
  }

  get hasLight(): boolean {
    return this.can.torch === true;
  }

  get hasNear(): boolean {
    const { zoom } = this.can;
    return zoom !== undefined && zoom.max >= NEAR * Math.max(1, zoom.min);
  }

  async setLight(on: boolean): Promise<boolean> {
    return this.wish({ torch: on });
  }

  async setNear(on: boolean): Promise<boolean> {
    return this.wish({ zoom: Math.max(1, this.can.zoom?.min ?? 1) * (on ? NEAR : 1) });
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  private get can(): Capabilities {
    return (this.track?.getCapabilities?.() ?? {}) as Capabilities;
  }

  /** Whether the device did so. */
  private async wish(wish: Wish): Promise<boolean> {
    const done = this.track?.applyConstraints({ advanced: [wish as MediaTrackConstraintSet] });
    return done ? done.then(() => true, () => false) : false;
  }
}
