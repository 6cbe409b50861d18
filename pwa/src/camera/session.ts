/**
 * The camera at work: frame after frame goes to the reader's thread, never two at a time; what it
 * sees becomes scans. Loaded when somebody opens the camera.
 */
import { aimed, partOf, type Seen } from "../core/camera/aim.ts";
import { formatsOf } from "../core/camera/formats.ts";
import { look, NOTHING_SEEN } from "../core/camera/sightings.ts";
import { Lens, NoPicture, type Trouble, troubleOf } from "./lens.ts";
import type { Answer, Asked } from "./reader.worker.ts";
import ReaderThread from "./reader.worker.ts?worker";

export interface State {
  /** Null while there is a picture, or while it is waited for. */
  trouble: Trouble | null;
  /** Null where the device has none. */
  light: boolean | null;
  near: boolean | null;
}

export interface Told {
  read(text: string, symbology: string): void;
  /** The same label, which is left out. */
  again(text: string): void;
  isKnown(text: string, symbology: string): boolean;
  changed(state: State): void;
}

/** More often only warms the device. */
const FRAME_MS = 60;

export class Session {
  private readonly told: Told;
  private readonly lens = new Lens(() => void this.open());
  private readonly thread: Worker;
  private readonly stopping = new AbortController();
  private readonly canvas = document.createElement("canvas");
  private sightings = NOTHING_SEEN;
  private state: State = { trouble: null, light: null, near: null };
  /** What the worker chose, through every resume. */
  private wished = { light: false, near: false };
  private box: HTMLElement | null = null;
  /** What the frame that is being read was cut from. */
  private reading: { width: number; height: number } | null = null;
  private timer = 0;

  constructor(told: Told, requested: readonly string[]) {
    this.told = told;
    this.thread = new ReaderThread();
    this.thread.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.answered(data));
    this.thread.addEventListener("error", () => this.changed({ trouble: "failed" }));
    this.ask({ formats: formatsOf(requested) });
    document.addEventListener("visibilitychange", () => this.seenOrNot(), { signal: this.stopping.signal });
  }

  async open(): Promise<void> {
    clearTimeout(this.timer);
    this.reading = null;
    try {
      if (!(await this.lens.open())) return;
      const [light, near] = [this.lens.hasLight, this.lens.hasNear];
      if (light && this.wished.light) await this.lens.setLight(true);
      if (near && this.wished.near) await this.lens.setNear(true);
      this.changed({ trouble: null, light: light ? this.wished.light : null, near: near ? this.wished.near : null });
      this.next();
    } catch (error) {
      if (!(error instanceof NoPicture)) console.error(error);
      this.changed({ trouble: troubleOf(error, isSecureContext), light: null, near: null });
    }
  }

  /** Shows the picture in this element, whose middle is that of `box`, the aiming box. */
  show(finder: HTMLElement, box: HTMLElement): () => void {
    this.box = box;
    finder.prepend(this.lens.video);
    void this.lens.play();
    return () => {
      if (this.box === box) this.box = null;
    };
  }

  async light(on: boolean): Promise<void> {
    if (!(await this.lens.setLight(on))) return;
    this.wished.light = on;
    this.changed({ light: on });
  }

  async near(on: boolean): Promise<void> {
    if (!(await this.lens.setNear(on))) return;
    this.wished.near = on;
    this.changed({ near: on });
  }

  stop(): void {
    this.stopping.abort();
    clearTimeout(this.timer);
    this.lens.close();
    this.lens.video.remove();
    this.thread.terminate();
  }

  /** Some devices give a black picture after they were asleep: it is asked for anew. */
  private seenOrNot(): void {
    if (!document.hidden) return void this.open();
    clearTimeout(this.timer);
    this.lens.close();
  }

  private next(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.frame(), FRAME_MS);
  }

  private frame(): void {
    const { video } = this.lens;
    const finder = video.parentElement;
    if (this.reading) return;
    if (!finder || !this.box || !video.videoWidth || !finder.clientWidth) return this.next();
    const [outer, inner] = [finder.getBoundingClientRect(), this.box.getBoundingClientRect()];
    const part = partOf(
      { width: video.videoWidth, height: video.videoHeight }, outer,
      { x: inner.x - outer.x, y: inner.y - outer.y, width: inner.width, height: inner.height },
    );
    const [width, height] = [Math.round(part.width * part.scale), Math.round(part.height * part.scale)];
    Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return this.changed({ trouble: "failed" });
    context.drawImage(video, part.x, part.y, part.width, part.height, 0, 0, width, height);
    const rgba = context.getImageData(0, 0, width, height).data.buffer;
    this.reading = { width, height };
    this.ask({ rgba, width, height }, [rgba]);
  }

  private answered(answer: Answer): void {
    const size = this.reading;
    this.reading = null;
    // What was read before the camera was closed, or went to sleep, is of no frame of now.
    if (!size || this.stopping.signal.aborted) return;
    if ("failed" in answer) return this.changed({ trouble: "failed" });
    this.looked(answer.seen, size);
    this.next();
  }

  private looked(seen: Seen[], size: { width: number; height: number }): void {
    const found = aimed(seen, size);
    const isKnown = (text: string): boolean => found !== null && this.told.isKnown(text, found.seen.symbology);
    const { sightings, verdict } = look(this.sightings, performance.now(), found, isKnown);
    this.sightings = sightings;
    if (!found) return;
    if (verdict === "read") this.told.read(found.seen.text, found.seen.symbology);
    else if (verdict === "again") this.told.again(found.seen.text);
  }

  private ask(asked: Asked, moved: Transferable[] = []): void {
    this.thread.postMessage(asked, moved);
  }

  private changed(state: Partial<State>): void {
    this.state = { ...this.state, ...state };
    if (!this.stopping.signal.aborted) this.told.changed(this.state);
  }
}
