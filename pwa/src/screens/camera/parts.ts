/** What is loaded when somebody opens the camera: the reader's half, and what the screens show of it. */
export { Session } from "../../camera/session.ts";
export { default as List } from "./List.svelte";
export { default as Viewfinder } from "./Viewfinder.svelte";
