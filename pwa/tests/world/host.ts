/**
 * The node child of the simulated world: bundles the app from its sources once, opens a page for
 * each start of a device, and goes in lock-step: one line in, everything that follows from it at
 * that moment, one line out. `node host.ts '[["src/push/push.ts", "text", "other text"]]'` puts a
 * fault into the bundle, never into the tree.
 */
import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

import { browser, type Browser } from "./browser.ts";
import { packed, unpacked } from "./packing.ts";
import type { Effect, Ground, Told } from "./port.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));

type Edit = [file: string, text: string, other: string];

interface Page {
  ground: Ground;
  browser: Browser;
  door: typeof import("./page.ts");
}

/** Work that waits for the promises of the work before it. */
const tasks: (() => void)[] = [];
const pages = new Map<string, Page>();

async function bundled(edits: Edit[]): Promise<string> {
  const left = new Set(edits);
  const faults = {
    name: "faults",
    transform(code: string, id: string): string | null {
      for (const edit of edits.filter(([file]) => file === relative(root, id))) {
        if (code.split(edit[1]).length !== 2) throw new Error(`${edit[0]} has not once ${edit[1]}`);
        code = code.replace(edit[1], () => edit[2]);
        left.delete(edit);
      }
      return edits.length ? code : null;
    },
  };
  const build = await rolldown({
    input: `${here}/page.ts`, plugins: [faults], resolve: { alias: { idb: `${here}/disk.ts` } }, logLevel: "silent",
  });
  const { output } = await build.generate({ format: "iife", name: "door" });
  if (left.size) throw new Error(`nobody imports ${[...left].map(([file]) => file)}`);
  return `${output[0].code}\nreturn door;`;
}

function opened(code: string, told: Told): Page {
  const { seed, disk, local } = unpacked(told.with) as { seed: string; disk: Ground["disk"]; local: string | null };
  let [asked, drawn] = [0, 0];
  const ground: Ground = {
    wall: told.wall, mono: told.mono, disk, local, effects: [], answers: new Map(),
    ask(effect, answered) {
      const id = ++asked;
      ground.answers.set(id, answered);
      ground.effects.push({ ...effect, id } as Effect);
      return id;
    },
    task: (work) => void tasks.push(work),
    bytes: (count) => Uint8Array.from(createHash("sha256").update(`${seed}/${++drawn}`).digest().subarray(0, count)),
  };
  const around = browser(ground);
  const open = new Function(...Object.keys(around.globals), code) as (...globals: unknown[]) => Page["door"];
  return { ground, browser: around, door: open(...Object.values(around.globals)) };
}

function happen(page: Page, { do: what, id, name, with: given }: Told): unknown {
  const { ground, door } = page;
  switch (what) {
    case "open":
      return start(page, id, "open", null);
    case "call":
      return start(page, id, name, given);
    case "answer": {
      const answered = ground.answers.get(id);
      ground.answers.delete(id);
      return void answered?.(given);
    }
    case "event":
      return void page.browser.event(name);
    case "ask":
      return door.asks[name]?.(given as never);
    default:
      throw new Error(`nobody knows ${what}`);
  }
}

function start({ ground, door }: Page, id: number, name: string, given: unknown): void {
  const work = door.calls[name]?.(given as never) ?? Promise.reject(new Error(`no call ${name}`));
  work.then(
    (value) => ground.effects.push({ kind: "done", id, value: value ?? null }),
    (error: unknown) => ground.effects.push({ kind: "failed", id, error: String(error) }),
  );
}

/** Until no promise and no event is left that needs nothing of the world. */
async function settled(): Promise<void> {
  for (;;) {
    await new Promise(setImmediate);
    const task = tasks.shift();
    if (!task) return;
    task();
  }
}

async function answer(code: string, told: Told): Promise<string> {
  if (told.do === "clear") pages.clear();
  if (told.do === "close") pages.delete(told.page);
  if (told.do === "clear" || told.do === "close") return "{}";
  if (told.do === "open") pages.set(told.page, opened(code, told));
  const page = pages.get(told.page);
  if (!page) throw new Error(`no page ${told.page}`);
  Object.assign(page.ground, { wall: told.wall, mono: told.mono });
  const value = happen(page, told);
  if (told.do === "ask") return JSON.stringify({ value: packed(value ?? null), effects: [] });
  await settled();
  const effects = [...page.ground.effects.splice(0), ...page.door.looked()];
  return JSON.stringify({ effects: packed(effects), person: page.door.person() });
}

const read = Buffer.alloc(1 << 16);
let rest = Buffer.alloc(0);

function line(): string | null {
  for (;;) {
    const end = rest.indexOf(10);
    if (end >= 0) {
      const text = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
      return text;
    }
    const size = readSync(0, read);
    if (!size) return null;
    rest = Buffer.concat([rest, read.subarray(0, size)]);
  }
}

function say(text: string): void {
  const bytes = Buffer.from(`${text}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

const code = await bundled(JSON.parse(process.argv[2] ?? "[]") as Edit[]);
say("ready");
for (let text = line(); text !== null; text = line()) say(await answer(code, JSON.parse(text) as Told));
