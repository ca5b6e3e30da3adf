// The page's tests: the built site in a real headless Chromium, isolated (threads) and not.
import { defineConfig } from "@playwright/test";

const chromium = process.env.UNDIFFUSE_CHROMIUM ?? "/usr/bin/chromium";
export const ports = { isolated: 8391, plain: 8392 };

const serve = (port: number, ...flags: string[]) => ({
  command: `node scripts/serve.mjs --port ${port} ${flags.join(" ")}`,
  url: `http://localhost:${port}/`,
  reuseExistingServer: false, // another build's server would be tested in silence
});

export default defineConfig({
  testDir: "../tests/web",
  outputDir: "../build/playwright",
  workers: 1, // each page runs a network on every core
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: "list",
  use: {
    baseURL: `http://localhost:${ports.isolated}/`,
    viewport: { width: 1440, height: 1000 },
    launchOptions: {
      executablePath: chromium,
      // Debian's Chromium as root, and without calling out.
      args: [
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: [serve(ports.isolated), serve(ports.plain, "--no-isolation")],
});
