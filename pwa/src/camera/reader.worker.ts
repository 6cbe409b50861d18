/// <reference lib="webworker" />
/** The reader in a thread of its own: a frame comes in, the codes in it go out. */
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

import type { Format } from "../core/camera/formats.ts";
import { greyOf } from "../core/camera/picture.ts";
import type { Seen } from "../core/camera/aim.ts";
import { prepare, Reader } from "./reader.ts";

export interface Frame {
  rgba: ArrayBuffer;
  width: number;
  height: number;
}

export type Asked = { formats: Format[] } | Frame;
export type Answer = { seen: Seen[] } | { failed: string };

prepare({ locateFile: () => wasm });
let reader: Reader | null = null;

async function answer(asked: Asked): Promise<Answer | null> {
  if ("formats" in asked) {
    reader = new Reader(asked.formats);
    return null;
  }
  const picture = greyOf(new Uint8ClampedArray(asked.rgba), asked.width, asked.height);
  try {
    return { seen: (await reader?.read(picture)) ?? [] };
  } catch (error) {
    return { failed: String(error) };
  }
}

addEventListener("message", (event: MessageEvent<Asked>) => {
  void answer(event.data).then((told) => told && postMessage(told));
});
