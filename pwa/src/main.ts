// The composition root: the one place that joins the page to its parts.
import { mount } from "svelte";
import { version } from "../package.json";
import App from "./App.svelte";
import { createEngine } from "./engine.ts";
import "./look/base.css";
import "./look/grounds.css";
import "./look/tokens.css";
import { listen } from "./scan/port.ts";
import Broken from "./screens/Broken.svelte";
import { themes } from "./screens/theme.ts";
import { createVoice } from "./voice.ts";
import { choose } from "./words/index.ts";

async function start(target: HTMLElement): Promise<void> {
  themes.restore();
  choose(navigator.language.startsWith("zh") ? "zh" : "en");
  try {
    const engine = await createEngine({ app: version });
    mount(App, { target, props: { engine, voice: createVoice(), version, listen } });
  } catch (error) {
    mount(Broken, { target, props: { detail: String(error) } });
    throw error;
  }
}

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
void start(target);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/sw.js");
}
