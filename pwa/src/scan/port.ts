/**
 * Where scans come in: each source calls `take` with the raw code and returns the way to stop.
 * The wedge scanner and the camera are two; typed entry calls `take` itself.
 */
import { GS } from "../core/gs1";
import { hear, inField, ORDINARY, patient, QUIET, type Ear, type Heard, type Profile } from "./wedge";

export type Take = (raw: string, symbology: string | null) => void;

type Field = HTMLInputElement | HTMLTextAreaElement;

/** Listens to the whole page, whatever has the focus. */
export function listen(take: Take, profile: Profile = ORDINARY): () => void {
  return new WedgeListener(take, profile).start();
}

class WedgeListener {
  private readonly take: Take;
  private readonly profile: Profile;
  private readonly stopping = new AbortController();
  private ear: Ear = QUIET;
  private timer = 0;
  /** The field that had the focus when the first character came, as it was before. */
  private before: { field: Field; value: string } | null = null;
  /** Whether the scanner ends its scans with a key, so that silence need not; null before the first. */
  private hasSuffix: boolean | null = null;
  /** The last key had a character, so the input event that follows says nothing new. */
  private keyHadText = false;

  constructor(take: Take, profile: Profile) {
    this.take = take;
    this.profile = profile;
  }

  start(): () => void {
    const options = { capture: true, signal: this.stopping.signal };
    document.addEventListener("keydown", (event) => this.onKey(event), options);
    document.addEventListener("beforeinput", (event) => this.onInput(event), options);
    document.addEventListener("compositionend", () => this.onHand(), options);
    return () => {
      this.stopping.abort();
      clearTimeout(this.timer);
    };
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || event.isComposing) return;
    // An input method says 229: the text follows as an input event.
    this.keyHadText = [...event.key].length === 1;
    if (event.key === "Unidentified" || event.key === "Process") return;
    this.on({ kind: "key", key: event.key, ctrl: event.ctrlKey, at: event.timeStamp }, event);
  }

  private onInput(event: InputEvent): void {
    const text = event.data ?? "";
    if (event.inputType !== "insertText") this.onHand();
    else if (text.includes(GS) || !this.keyHadText) this.onText(text, event);
    this.keyHadText = false;
  }

  /**
   * Text without keys of its own. It is the field's: a phone's keyboard, an input method, a voice
   * put words in at once, as no scanner types. Only a separator is a part of the keys around it,
   * and what brings its own Enter along was scanned.
   */
  private onText(text: string, event: Event): void {
    const code = text.replace(/[\r\n\t]+$/, "");
    if (text !== GS && code === text) return this.onHand();
    if (code) this.on({ kind: "text", text: code, at: event.timeStamp }, event);
    if (code !== text) this.on({ kind: "key", key: "Enter", ctrl: false, at: event.timeStamp }, event);
  }

  /** Pasted, composed, filled in, deleted: the keys before it were no scan. */
  private onHand(): void {
    this.ear = { ...this.ear, text: "" };
    clearTimeout(this.timer);
  }

  private on(heard: Heard, event: Event | null): void {
    const profile = this.profileHere();
    const { ear, scan, swallow } = hear(this.ear, heard, profile);
    if (scan !== null) this.hasSuffix = heard.kind === "key";
    // Its suffix came too late to end the scan: a busy page had cut it off.
    else if (swallow && heard.kind === "key" && profile.suffixes.includes(heard.key)) this.hasSuffix = true;
    // A first character, after a silence too: whatever it goes into is as it was before.
    if (ear.text && (this.ear.text === "" || ear.began !== this.ear.began)) this.remember();
    this.ear = ear;
    if (swallow && event) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    clearTimeout(this.timer);
    if (scan !== null) this.scanned(scan);
    else if (ear.text) this.wait(profile.idleMs);
  }

  private profileHere(): Profile {
    if (fieldWithFocus()) return inField(this.profile, this.hasSuffix);
    return isKeyboardScreen() ? this.profile : patient(this.profile, this.hasSuffix);
  }

  private wait(idleMs: number): void {
    this.timer = window.setTimeout(() => {
      this.on({ kind: "idle", at: Math.max(performance.now(), this.ear.last + idleMs) }, null);
    }, idleMs);
  }

  private remember(): void {
    const field = fieldWithFocus();
    this.before = field ? { field, value: field.value } : null;
  }

  /** What a scan wrote into a field is taken out again: nobody typed it. */
  private scanned(scan: string): void {
    if (this.before && this.before.field.value !== this.before.value) {
      this.before.field.value = this.before.value;
      this.before.field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.before = null;
    this.take(scan, null);
  }
}

function fieldWithFocus(): Field | null {
  const field = document.activeElement;
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field : null;
}

/** A screen without a field may mark itself as one that takes a keyboard. */
function isKeyboardScreen(): boolean {
  return document.querySelector("[data-keyboard]") !== null;
}
