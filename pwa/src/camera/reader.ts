/** Reads the codes of one frame with zxing: the passes of the ladder until one of them finds something. */
import { prepareZXingModule, readBarcodes, type ReaderOptions, type ReadResult } from "zxing-wasm/reader";

import type { Seen } from "../core/camera/aim.ts";
import { barsOf, type Format, isMatrix, isStrong } from "../core/camera/formats.ts";
import { BELOW, type Climb, climbed, type Pass, passesOf } from "../core/camera/passes.ts";
import type { Changed, Picture } from "../core/camera/picture.ts";

/** More codes than these in the box at once cannot be aimed at. */
const CODES_MAX = 4;

/** Where the WebAssembly lies: without this zxing fetches it from a network of its own choice. */
export function prepare(overrides: { locateFile?: () => string; wasmBinary?: ArrayBuffer }): void {
  prepareZXingModule({ overrides });
}

export class Reader {
  private climb: Climb = BELOW;
  private readonly formats: readonly Format[];

  constructor(formats: readonly Format[]) {
    this.formats = formats;
  }

  async read(picture: Picture): Promise<Seen[]> {
    for (const pass of passesOf(this.climb)) {
      const seen = await this.pass(picture, pass);
      if (!seen.length) continue;
      this.climb = climbed(this.climb, pass);
      return seen;
    }
    this.climb = climbed(this.climb, null);
    return [];
  }

  private async pass(picture: Picture, pass: Pass): Promise<Seen[]> {
    const changed = pass.change(picture);
    const found = await readBarcodes(imageOf(changed.picture), optionsOf(pass, this.formats));
    return found.filter(({ isValid, text }) => isValid && text !== "").map((result) => seenOf(result, pass, changed));
  }
}

function optionsOf(pass: Pass, formats: readonly Format[]): ReaderOptions {
  return {
    formats: pass.isOfBars ? barsOf(formats) : [...formats],
    tryHarder: pass.isHard,
    tryRotate: pass.isHard && !pass.isOfBars,
    tryDownscale: pass.isHard && !pass.isOfBars,
    tryInvert: false,
    maxNumberOfSymbols: CODES_MAX,
    // As it was encoded: else GS1 comes in brackets, without its separators.
    textMode: "Plain",
  };
}

function seenOf({ text, symbologyIdentifier, format, position }: ReadResult, pass: Pass, { back }: Changed): Seen {
  const { topLeft, topRight, bottomRight, bottomLeft } = position;
  return {
    text, symbology: symbologyIdentifier,
    isSure: isStrong(format) && (isMatrix(format) || !pass.isGuess),
    corners: [topLeft, topRight, bottomRight, bottomLeft].map(back),
  };
}

/** zxing takes colours, and makes greys of them again. */
function imageOf({ width, height, data }: Picture): ImageData {
  const rgba = new Uint8ClampedArray(4 * data.length);
  const words = new Uint32Array(rgba.buffer);
  for (let i = 0; i < data.length; i += 1) words[i] = 0xff000000 | (data[i]! * 0x010101);
  return { width, height, data: rgba, colorSpace: "srgb" } as ImageData;
}
