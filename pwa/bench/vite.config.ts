import { defineConfig } from "vite";

/** A page of its own beside the app: nothing of it is in what is shipped. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/bench/",
  build: { target: "es2022", emptyOutDir: true },
});
