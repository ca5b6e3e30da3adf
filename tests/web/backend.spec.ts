// The choice of what runs the network, on a machine without a GPU; gpu.spec.ts has the one with.
import type { Page } from "@playwright/test";
import { button, expect, openLive, select, test } from "./page";

const note = (page: Page) => page.locator("#backend-note");

test("without a GPU Auto runs WebAssembly, and forcing it is answered with a sentence", async ({ page }) => {
  await openLive(page, "steps=2");
  await expect(note(page)).toHaveText(
    /^WebAssembly runs: (the browser offers no GPU|this browser has no WebGPU)\.$/,
  );
  await select(page, "Backend").selectOption("webgpu");
  await expect(note(page)).toHaveText(/^WebAssembly runs: /);
  await expect(page.locator("html")).toHaveAttribute("data-source", "live");
});

test("the backend stays in the address, but is not shared", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openLive(page, "steps=3&backend=wasm");
  await expect(page).toHaveURL(/#steps=3&backend=wasm$/);
  await button(page, "Share").click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/#steps=3$/);
  await expect(page.locator("#messages")).not.toContainText("backend");
});
