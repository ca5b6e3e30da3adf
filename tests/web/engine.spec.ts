// The engine behind the page: threads or not, the same pictures; sentences where it cannot run.
import {
  allPixels,
  button,
  expect,
  finish,
  live,
  openLive,
  pause,
  plainUrl,
  seek,
  select,
  slider,
  test,
  title,
} from "./page";

test("threads where the page is isolated, one thread elsewhere, the same bits", async ({ page, context }) => {
  await openLive(page, "steps=12");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await expect(page.locator("#badge")).toContainText(/WASM, \d threads · \d+ ms a step/);
  await pause(page);
  await finish(page);
  const threaded = await allPixels(page);

  const plain = await context.newPage();
  await openLive(plain, "steps=12", plainUrl);
  expect(await plain.evaluate(() => crossOriginIsolated)).toBe(false);
  await expect(plain.locator("#badge")).toContainText(/WASM · \d+ ms a step/);
  await pause(plain);
  await finish(plain);
  expect(await allPixels(plain)).toEqual(threaded);
});

test("controls answer while the network works", async ({ page }) => {
  await openLive(page, "steps=1000&images=16&class=each");
  await pause(page);
  await slider(page, "Timeline").focus();
  await slider(page, "Timeline").fill("900"); // minutes of work for the worker
  await page.waitForTimeout(300);
  const answered = await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const times: number[] = [];
    for (const id of ["play", "play", "theme", "theme", "play", "play", "theme", "theme"]) {
      const began = performance.now();
      document.getElementById(id)!.click();
      await frame();
      await frame(); // painted
      times.push(performance.now() - began);
    }
    return times;
  });
  const sorted = answered.sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(100);
  expect(sorted[sorted.length - 1], "the slowest, on a machine that does other things, too").toBeLessThan(
    500,
  );
  // And what is asked for now overtakes what was asked for before.
  await slider(page, "Timeline").fill("2");
  await expect(page.locator(".picture.pending")).toHaveCount(0, { timeout: 10_000 });
  await expect(title(page)).toContainText("Step 3 of 1000");
});

test.describe("without SIMD", () => {
  test("a sentence says what is missing and what to do", async ({ page }) => {
    await page.addInitScript(() => {
      WebAssembly.validate = () => false;
    });
    await page.goto("/");
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("SIMD");
    await expect(alert).toContainText(/update the browser|current/i);
    // The recording still shows what the page is about.
    await expect(page.locator("html")).toHaveAttribute("data-source", "recording");
    await expect(title(page)).toContainText("of 50");
  });
});

test.describe("files that do not load", () => {
  test.use({ expectedInConsole: [/Failed to load resource/] });

  for (const [file, pattern] of [
    ["weights", "**/*.safetensors"],
    ["program", "**/*.wasm"],
    ["program's script", "**/undiffuse*.js"],
    ["worker", "**/assets/worker*.js"],
  ] as const) {
    test(`the ${file} missing: a sentence and a retry that works`, async ({ page }) => {
      await page.route(pattern, (route) => route.fulfill({ status: 404, body: "no" }));
      await page.goto("/");
      const alert = page.getByRole("alert");
      await expect(alert).toContainText(/did not load/);
      await expect(alert).toContainText(/retry/i);
      await expect(page.locator("#badge")).toContainText(/not running/i);
      await page.unroute(pattern);
      await alert.getByRole("button", { name: "Retry" }).click();
      await live(page);
      await expect(alert).toBeHidden();
    });
  }

  test("a model that is not there, and another chosen instead", async ({ page }) => {
    await page.goto("/#model=unknown&steps=5");
    await expect(page.getByRole("alert")).toContainText('no model "unknown"');
    await select(page, "Model").selectOption("mnist-mean-variance");
    await live(page);
    await expect(page.getByRole("alert")).toBeHidden();
    await expect(page).toHaveURL(/#steps=5$/);
  });

  test("no connection", async ({ page }) => {
    await page.route("**/*.safetensors", (route) => route.abort("internetdisconnected"));
    await page.goto("/");
    await expect(page.getByRole("alert")).toContainText(/connection/);
  });

  test("the recording missing: the live run comes all the same", async ({ page }) => {
    await page.route("**/recording.bin", (route) => route.fulfill({ status: 404, body: "no" }));
    await openLive(page);
    await pause(page);
    await seek(page, 3);
    await expect(title(page)).toContainText("Step 4 of 50");
  });

  test("the settings table missing: a sentence and a retry", async ({ page }) => {
    await page.route("**/recording.json", (route) => route.fulfill({ status: 404, body: "no" }));
    await page.goto("/");
    await expect(page.getByRole("alert")).toContainText(/did not load/);
    await page.unroute("**/recording.json");
    await button(page, "Retry").click();
    await live(page);
  });
});

test("weights that are no model are refused with the loader's sentence", async ({ page }) => {
  await page.route("**/*.safetensors", (route) => route.fulfill({ status: 200, body: "not a model at all" }));
  await page.goto("/");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(/safetensors|header|bytes/i);
  await page.unroute("**/*.safetensors");
  await alert.getByRole("button", { name: "Retry" }).click();
  await live(page);
});

test("nothing is asked of any other host", async ({ page }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  await openLive(page, "steps=3");
  await pause(page);
  await finish(page);
  expect([...hosts].filter((host) => host !== "" && host !== new URL(page.url()).host)).toEqual([]);
});
