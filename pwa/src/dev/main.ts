/** The gallery: the app on a fake engine, or all parts on one sheet (`?parts`). Not in the build. */
import { mount } from "svelte";
import App from "../App.svelte";
import "../look/tokens.css";
import "../look/base.css";
import "../look/grounds.css";
import { choose } from "../words/index.ts";
import { fakeEngine } from "./fake-engine.ts";
import Parts from "./Parts.svelte";

const options = new URLSearchParams(location.search);
const language = options.get("lang") === "zh" ? "zh" : "en";
const theme = options.get("theme");
if (theme) document.documentElement.dataset["theme"] = theme;
choose(language);

const target = document.getElementById("app");
if (!target) throw new Error("gallery.html has no #app");

if (options.has("parts")) {
  mount(Parts, { target });
} else {
  const role = options.get("who") ?? "supervisor";
  const engine = fakeEngine(language, role === "nobody" ? null : (role as "worker"), options.has("online"));
  let scan: (raw: string, symbology: string | null) => void = () => undefined;
  mount(App, {
    target,
    props: {
      engine,
      voice: { play: () => undefined, stop: () => undefined },
      version: "gallery",
      listen: (take) => {
        scan = take;
        return () => undefined;
      },
    },
  });
  Object.assign(window, { bincard: { engine, scan: (raw: string) => scan(raw, null) } });
}
