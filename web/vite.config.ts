import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // dist/ works from any folder of any host
  publicDir: "../build/site", // the WASM modules, weights and recording, made by `./dev build web`
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    rollupOptions: { input: ["index.html", "swiss-roll.html", "heartbeat.html"] },
  },
  worker: { format: "iife" }, // a classic worker: it loads Emscripten's script with importScripts
});
