// A given image as evidence on WebGPU (Chromium's software adapter): the run takes its steps one by one.
import { finished, openWith, runWithIt } from "./given-page";
import { button, expect, test } from "./page";

test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
  // The adapter says that it is one, and that nobody should use it.
  expectedInConsole: [/WebGPU|fallback/i],
});

test("the same completion as on the CPU", async ({ page }) => {
  const complete = async (backend: string) => {
    await page.goto("about:blank");
    await openWith(page, `steps=5&class=7&guidance=1&backend=${backend}`);
    if (backend === "webgpu") await expect(page.locator("#badge")).toContainText("WebGPU");
    await button(page, "Bottom").click();
    await runWithIt(page);
    return finished(page);
  };
  const cpu = await complete("wasm");
  const gpu = await complete("webgpu");
  gpu.forEach((level, i) => expect(Math.abs(level - cpu[i]!), `pixel ${i}`).toBeLessThanOrEqual(2));
});
