/**
 * Reads what tests/bench/camera.py photographs: frames come in on the standard input, one scene
 * after the other; each is read as the app does it, and by zxing alone, until a code is accepted.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { readBarcodes } from "zxing-wasm/reader";

import { Reader, prepare } from "../src/camera/reader.ts";
import { aimed, partOf } from "../src/core/camera/aim.ts";
import { formatsOf, ON_REQUEST } from "../src/core/camera/formats.ts";
import type { Picture } from "../src/core/camera/picture.ts";
import { look, NOTHING_SEEN } from "../src/core/camera/sightings.ts";

/** Of a phone that is held upright, and the box in it. */
const FINDER = { width: 360, height: 212 };
const BOX = { x: 32, y: 58, width: 242, height: 112 };
const FRAME_MS = 100;
const formats = formatsOf(ON_REQUEST);

/** One label; it ends when a code was accepted. */
class Look {
  private readonly reader = new Reader(formats);
  private sightings = NOTHING_SEEN;
  private frames = 0;
  private isAppDone = false;
  private isPlainDone = false;
  readonly ms = { app: 0, plain: 0 };

  async at(frame: Picture): Promise<{ app: string | null; plain: string | null }> {
    const app = this.isAppDone ? null : await this.timed("app", () => this.app(frame));
    const plain = this.isPlainDone ? null : await this.timed("plain", () => plainly(frame));
    this.isAppDone ||= app !== null;
    this.isPlainDone ||= plain !== null;
    return { app, plain };
  }

  private async app(frame: Picture): Promise<string | null> {
    const picture = cut(frame);
    const seen = aimed(await this.reader.read(picture), picture);
    const looked = look(this.sightings, FRAME_MS * this.frames++, seen, () => false);
    this.sightings = looked.sightings;
    return looked.verdict === "read" && seen ? seen.seen.text : null;
  }

  private async timed<T>(who: "app" | "plain", work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const done = await work();
    this.ms[who] += performance.now() - began;
    return done;
  }
}

/** What a program gets that calls zxing and takes the first answer. */
async function plainly(frame: Picture): Promise<string | null> {
  const [first] = await readBarcodes(colours(frame), { formats, textMode: "Plain" });
  return first?.text ?? null;
}

function cut(frame: Picture): Picture {
  // The box lies left of the keys; the camera is held so that the label lies in the box.
  const { width, height } = partOf(frame, FINDER, { ...BOX, x: (FINDER.width - BOX.width) / 2, y: (FINDER.height - BOX.height) / 2 });
  const [left, top] = [(frame.width - width) >> 1, (frame.height - height) >> 1];
  const data = new Uint8ClampedArray(width * height);
  for (let row = 0; row < height; row += 1) {
    const from = (row + top) * frame.width + left;
    data.set(frame.data.subarray(from, from + width), row * width);
  }
  return { width, height, data };
}

function colours({ width, height, data }: Picture): ImageData {
  const rgba = new Uint8ClampedArray(4 * data.length);
  for (let i = 0; i < data.length; i += 1) rgba.set([data[i]!, data[i]!, data[i]!, 255], 4 * i);
  return { width, height, data: rgba, colorSpace: "srgb" } as ImageData;
}

/** A line of the size, then the greys; a width of 0 begins another scene. */
async function* frames(): AsyncGenerator<Picture | null> {
  const parts: Buffer[] = [];
  let [width, height] = [0, 0];
  for await (const chunk of process.stdin) {
    let rest = chunk as Buffer;
    while (rest.length) {
      if (!width) {
        const end = rest.indexOf("\n");
        [width = 0, height = 0] = rest.subarray(0, end).toString().split(" ").map(Number);
        rest = rest.subarray(end + 1);
        if (!width) yield null;
        continue;
      }
      const missing = width * height - parts.reduce((sum, part) => sum + part.length, 0);
      parts.push(rest.subarray(0, missing));
      rest = rest.subarray(missing);
      if (parts.at(-1)!.length < missing) continue;
      yield { width, height, data: new Uint8ClampedArray(Buffer.concat(parts.splice(0))) };
      width = 0;
    }
  }
}

const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm"));
prepare({ wasmBinary: new Uint8Array(wasm).buffer });
let scene = new Look();
for await (const frame of frames()) {
  if (frame) console.log(JSON.stringify({ ...(await scene.at(frame)), ms: scene.ms }));
  else scene = new Look();
}
