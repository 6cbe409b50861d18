import { svelte } from "@sveltejs/vite-plugin-svelte";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  plugins: [
    svelte(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      // main.ts registers the worker: an injected inline script would need a weaker CSP.
      injectRegister: false,
      injectManifest: {
        // The plugin adds the webmanifest itself; a file named twice makes cache.addAll refuse.
        globPatterns: ["**/*.{html,js,css,svg,png,wasm}"],
        // A classic worker runs in every browser, a module worker in the newer ones only.
        rollupFormat: "iife",
      },
      includeManifestIcons: false,
      manifest: {
        id: "/",
        name: "Bincard",
        short_name: "Bincard",
        description: "Warehouse scanning that works without a network",
        start_url: "/",
        scope: "/",
        display: "standalone",
        background_color: "#d9d7ce",
        theme_color: "#16170f",
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png", purpose: "any" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
    }),
  ],
  build: {
    target: "es2022",
    // A data: URL would need a weaker CSP.
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": server, "/sync": server } },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    // Only what hangs: how long a test takes says nothing of the program.
    testTimeout: 60_000,
  },
});
