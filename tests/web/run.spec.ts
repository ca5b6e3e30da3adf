// The run: it plays by itself, and every way through it shows the same pictures.
import {
  allPixels,
  applied,
  brightness,
  button,
  expect,
  finish,
  levels,
  live,
  openLive,
  openRecording,
  pause,
  pixels,
  press,
  seek,
  select,
  settled,
  slide,
  slider,
  test,
  title,
} from "./page";

test("opens on a recording that plays, and the live run takes over where it is", async ({ page }) => {
  const release = await openRecording(page);
  await expect(page.locator("#badge")).toContainText("Recording");
  await expect(title(page)).not.toContainText("Step 1 of 50"); // it plays
  await button(page, "Pause").click();
  await expect(button(page, "Play")).toBeVisible();
  const pictures = ["x_t", "mu", "sigma", "next"] as const;
  const before = await Promise.all(pictures.map((name) => levels(page, name)));
  const at = await title(page).textContent();

  release();
  await live(page);
  expect(await title(page).textContent()).toBe(at);
  const after = await Promise.all(pictures.map((name) => levels(page, name)));
  // The recording is float16 and of another build: a few levels of a map's 256 at most.
  before.forEach((was, i) => {
    const furthest = Math.max(...was.map((level, at) => Math.abs(level - after[i]![at]!)));
    expect(furthest, pictures[i]).toBeLessThanOrEqual(4);
  });
  await expect(page.locator("#badge")).toContainText("WASM");
});

test("plays, pauses, steps, goes back and restarts", async ({ page }) => {
  await openLive(page, "speed=4"); // slow enough that even a busy machine sees it on its way
  const early = await title(page).textContent();
  await expect(title(page)).not.toHaveText(early!); // it plays by itself
  await pause(page);
  const paused = await title(page).textContent();
  await page.waitForTimeout(300);
  expect(await title(page).textContent()).toBe(paused);

  await button(page, "Restart").click();
  await settled(page);
  await expect(title(page)).toContainText("Step 1 of 50");
  const first = await allPixels(page);
  await button(page, "Step").click();
  await settled(page);
  await expect(title(page)).toContainText("Step 2 of 50");
  const second = await allPixels(page);
  for (const name of ["x_t", "mu", "z", "next", "raw"] as const)
    expect(second[name], name).not.toBe(first[name]);
  expect(second.x_t).toBe(first.next); // what was next is now
  await button(page, "Back").click();
  await settled(page);
  expect(await allPixels(page)).toEqual(first);

  await seek(page, 42);
  await button(page, "Play").click();
  await expect(title(page)).toContainText("Done", { timeout: 30_000 });
  await expect(button(page, "Play")).toBeVisible(); // stops by itself
  await button(page, "Play").click(); // and starts again from the noise
  await expect(title(page)).toContainText("Step");
});

test("draws an image: bright strokes on black", async ({ page }) => {
  await openLive(page);
  await pause(page);
  await seek(page, 0);
  const noise = await brightness(page, "x_t");
  expect(noise).toBeGreaterThan(100);
  await finish(page);
  const image = await brightness(page, "next");
  expect(image).toBeGreaterThan(10);
  expect(image).toBeLessThan(70);
});

test("scrubbing equals replay", async ({ page }) => {
  await openLive(page, "steps=20");
  await pause(page);
  await seek(page, 0);
  const replayed = [];
  for (let step = 0; step < 20; ++step) {
    replayed.push(await allPixels(page));
    await button(page, "Step").click();
    await settled(page);
  }
  for (const step of [19, 3, 11, 0, 7]) {
    await seek(page, step);
    expect(await allPixels(page), `step ${step}`).toEqual(replayed[step]);
  }
  // A fresh page that jumps straight to a late step computes the same.
  await page.reload();
  await live(page);
  await pause(page);
  await seek(page, 17);
  expect(await allPixels(page)).toEqual(replayed[17]);
});

test("the strip scrubs", async ({ page }) => {
  await openLive(page);
  await pause(page);
  await finish(page);
  const columns = page.locator("#strip .column");
  const count = await columns.count();
  for (const at of [3, count - 1, 8, 0]) {
    await columns.nth(at).click();
    await settled(page);
    await expect(slider(page, "Timeline")).toHaveValue(String(Math.round((50 * at) / (count - 1))));
    await expect(columns.nth(at)).toHaveClass(/now/);
    await expect(page.locator("#strip .now")).toHaveCount(1);
  }
  const first = (await columns.first().boundingBox())!;
  await page.mouse.move(first.x + 4, first.y + 10);
  await page.mouse.down();
  await page.mouse.move(first.x + 5 * first.width, first.y + 10, { steps: 8 });
  await page.mouse.up();
  await expect(columns.nth(4)).toHaveClass(/now/); // dragging scrubs, too
});

test("changing steps restarts from the same noise and draws another way", async ({ page }) => {
  await openLive(page);
  await pause(page);
  await seek(page, 0);
  const noise = await pixels(page, "x_t");
  const mean = await pixels(page, "mu");
  await slide(page, "Steps", 10);
  await applied(page, "steps=10");
  await pause(page);
  await seek(page, 0);
  await expect(title(page)).toContainText("Step 1 of 10");
  expect(await pixels(page, "x_t")).toBe(noise);
  expect(await pixels(page, "mu")).not.toBe(mean); // larger steps
  await finish(page);
  await expect(title(page)).toContainText("10 of 10");
});

test("a schedule and its parameter change the pictures", async ({ page }) => {
  await openLive(page, "steps=12");
  await pause(page);
  await seek(page, 6);
  const cosine = await allPixels(page);
  await select(page, "Schedule").selectOption("linear");
  await applied(page, "schedule=linear");
  await pause(page);
  await expect(slider(page, "Offset")).toBeHidden();
  await seek(page, 6);
  const linear = await allPixels(page);
  expect(linear.x_t).not.toBe(cosine.x_t);

  await slide(page, "Last beta", 0.06);
  await applied(page, "beta_end=0.06");
  await pause(page);
  await seek(page, 6);
  expect((await allPixels(page)).x_t).not.toBe(linear.x_t);
});

test("the chart follows a parameter while it is dragged, before the run does", async ({ page }) => {
  await openLive(page);
  await pause(page);
  const chart = () => page.locator("#chart").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const before = await chart();
  const values = new Set([before]);
  await press(page, "Offset", 0.4);
  for (const part of [0.6, 0.8, 0.95]) {
    await press(page, "Offset", part);
    await expect.poll(async () => values.has(await chart())).toBe(false);
    await page.waitForTimeout(250); // the morph has ended
    values.add(await chart());
  }
  expect(page.url()).not.toContain("offset");
  await page.mouse.up();
  await applied(page, "offset=0\\.3\\d+");
});

test("Seed reproduces the pictures", async ({ page }) => {
  await openLive(page, "steps=10");
  await pause(page);
  await finish(page);
  const first = await allPixels(page);
  const seed = page.getByRole("spinbutton", { name: "Seed", exact: true });
  for (const [value, hash] of [
    ["12", "seed=12"],
    ["11", "steps=10"], // the default is left out
  ] as const) {
    await seed.fill(value);
    await seed.press("Enter");
    await applied(page, hash);
    if (value === "11") await expect(page).not.toHaveURL(/seed/);
    await pause(page);
    await finish(page);
    const now = await allPixels(page);
    if (value === "11") expect(now).toEqual(first);
    else expect(now.next).not.toBe(first.next);
  }
});

test("class, guidance, variance and clipping change the picture", async ({ page }) => {
  await openLive(page, "steps=10");
  await pause(page);
  await finish(page);
  const seen = [await pixels(page, "next")];
  const finished = async (hash: string) => {
    await applied(page, hash);
    await pause(page);
    await finish(page);
    const picture = await pixels(page, "next");
    expect(seen, hash).not.toContain(picture);
    seen.push(picture);
  };
  await select(page, "Class").selectOption({ label: "7" });
  await finished("class=7");
  await slide(page, "Guidance", 3);
  await finished("guidance=3");
  await select(page, "Variance").selectOption("fixed-large");
  await finished("variance=fixed-large");
  await page.getByRole("checkbox", { name: /^Clip/ }).uncheck();
  await finished("clip=0");
});

test("4 and 16 images at once, one of them selected", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  await finish(page);
  const alone = await pixels(page, "next");
  const images = page.getByRole("group", { name: "Images of the batch" });
  await expect(images).toBeHidden();
  for (const count of [4, 16]) {
    await select(page, "Images").selectOption(String(count));
    await applied(page, `images=${count}`);
    await pause(page);
    await finish(page);
    await expect(images.getByRole("button")).toHaveCount(count);
    expect(await pixels(page, "next")).toBe(alone); // the first image of a batch is the single one
    await images.getByRole("button").nth(2).click();
    await settled(page);
    expect(await pixels(page, "next")).not.toBe(alone);
    await expect(images.getByRole("button").nth(2)).toHaveAttribute("aria-pressed", "true");
    await images.getByRole("button").first().click();
    await settled(page);
  }
  const grids = await images
    .locator("canvas")
    .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
  expect(new Set(grids).size).toBe(16);
});
