// The stream of pokes: it comes back when the network does, not when its patience ends.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Poke } from "../src/feed/poke";
import type { Wire } from "../src/push/wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("listens again at once when the network is back", async () => {
  let tries = 0;
  const listen = (): Promise<void> => {
    tries += 1;
    return Promise.reject(new Error("no network"));
  };
  const poke = new Poke({ listen } as unknown as Wire, () => undefined);
  poke.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(1);
  poke.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(2);
  poke.stop();
});
