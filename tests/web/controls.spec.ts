// The controls: their names, keys and help, and the address that holds what they say.
import type { Page } from "@playwright/test";
import {
  allPixels,
  applied,
  button,
  expect,
  finish,
  live,
  openLive,
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

test("every control has its name, its help and a place in the tab order", async ({ page }) => {
  await openLive(page);
  const controls = [
    ...["Steps", "Guidance", "Speed", "Timeline", "Offset"].map((name) => slider(page, name)),
    ...["Model", "Class", "Schedule", "Sampler", "Variance", "Images"].map((name) => select(page, name)),
    page.getByRole("spinbutton", { name: "Seed", exact: true }),
    ...["Step", "Back", "Restart"].map((name) => button(page, name)),
    page.getByRole("button", { name: /^(Play|Pause)$/ }),
    page.getByRole("checkbox", { name: /^Clip/ }),
  ];
  for (const control of controls) {
    await expect(control).toHaveCount(1);
    await control.focus();
    await expect(control).toBeFocused();
    const help = await control.evaluate((element) => {
      const ids = element.getAttribute("aria-describedby")?.split(" ") ?? [];
      return [
        element.getAttribute("title"),
        ...ids.map((id) => document.getElementById(id)?.textContent),
      ].join("");
    });
    expect(help.length, `help of ${await control.evaluate((e) => e.outerHTML.slice(0, 80))}`).toBeGreaterThan(
      8,
    );
  }
  await expect(slider(page, "Steps")).toHaveAttribute("min", "1");
  await expect(slider(page, "Steps")).toHaveAttribute("max", "1000");
});

test("help comes beside a control that is pointed at or in focus", async ({ page }) => {
  await openLive(page);
  await pause(page);
  const help = page.locator("#help-guidance");
  await expect(help).toBeHidden();
  await slider(page, "Guidance").hover({ force: true });
  await expect(help).toBeVisible();
  await page.mouse.move(5, 5);
  await expect(help).toBeHidden();
  await select(page, "Class").focus();
  await page.keyboard.press("Tab");
  await expect(slider(page, "Guidance")).toBeFocused();
  await expect(help).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 360, height: 800 }); // where nobody hovers, it is always there
  await expect(page.locator("#help-seed")).toBeVisible();
});

test("each schedule brings sliders for its parameters", async ({ page }) => {
  await openLive(page, "steps=4");
  const shown = async () => {
    const parameters = ["Offset", "First beta", "Last beta"];
    const visible = await Promise.all(parameters.map((name) => slider(page, name).isVisible()));
    return parameters.filter((_, i) => visible[i]);
  };
  for (const [schedule, parameters] of [
    ["linear", ["First beta", "Last beta"]],
    ["constant-rate", []],
    ["cosine", ["Offset"]],
  ] as const) {
    await select(page, "Schedule").selectOption(schedule);
    await expect.poll(shown).toEqual(parameters);
  }
});

test("the Steps slider gives 1..20 as much room as 200..1000", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  const at = async (part: number) => {
    await press(page, "Steps", part);
    const value = Number(await slider(page, "Steps").inputValue());
    await page.mouse.up();
    return value;
  };
  expect(await at(0.001)).toBe(1);
  const low = await at(0.35);
  expect(low).toBeGreaterThanOrEqual(15);
  expect(low).toBeLessThanOrEqual(26);
  const high = await at(0.65);
  expect(high).toBeGreaterThanOrEqual(170);
  expect(high).toBeLessThanOrEqual(240);
});

test("dragging previews the value and applies it on release", async ({ page }) => {
  await openLive(page);
  await pause(page);
  await press(page, "Steps", 0.5);
  await press(page, "Steps", 0.3);
  const dragged = await slider(page, "Steps").inputValue();
  expect(dragged).not.toBe("50");
  await expect(title(page)).toContainText("of 50"); // not yet
  await page.mouse.up();
  await applied(page, `steps=${dragged}`);
  await expect(title(page)).toContainText(`of ${dragged}`);
});

test("sliders answer to the keyboard", async ({ page }) => {
  await openLive(page, "steps=12");
  await pause(page);
  await slider(page, "Steps").focus();
  await page.keyboard.press("ArrowRight");
  await applied(page, "steps=13");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await applied(page, "steps=11");
  await page.keyboard.press("PageUp");
  await expect.poll(async () => Number(await slider(page, "Steps").inputValue())).toBeGreaterThan(15);
});

test("the page has keys of its own", async ({ page }) => {
  await openLive(page, "steps=20");
  await pause(page);
  await seek(page, 5);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("ArrowRight");
  await expect(title(page)).toContainText("Step 7 of 20");
  await page.keyboard.press("ArrowLeft");
  await expect(title(page)).toContainText("Step 6 of 20");
  await page.keyboard.press("Home");
  await expect(title(page)).toContainText("Step 1 of 20");
  await page.keyboard.press("Space");
  await expect(button(page, "Pause")).toBeVisible();
  await page.keyboard.press("Space");
  await expect(button(page, "Play")).toBeVisible();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog");
  await expect(help).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
});

const pixelTitle = (page: Page) => page.locator("#pixel-title");

test("pointing at any picture inspects a pixel, arrows move it by one", async ({ page }) => {
  await openLive(page);
  await pause(page);
  await seek(page, 30);
  for (const name of [/^x_t,/, /^sigma,/, /^the image after/]) {
    const canvas = page.getByRole("img", { name });
    const box = (await canvas.boundingBox())!;
    const part = name.source.length / 40; // another place for each
    await page.mouse.move(box.x + box.width * part, box.y + box.height * 0.51);
    await expect(pixelTitle(page)).toHaveText(`One pixel: row 14, column ${Math.floor(28 * part)}`);
  }
  const numbers = page.locator("#pixel-numbers");
  const said = page.locator("#said");
  const [numbersBefore, saidBefore] = [await numbers.textContent(), await said.textContent()];
  await page.locator("#pixel").focus();
  await page.keyboard.press("ArrowUp");
  await expect(pixelTitle(page)).toContainText("row 13,");
  expect(await numbers.textContent()).not.toBe(numbersBefore);
  expect(await said.textContent()).not.toBe(saidBefore);
  await expect(title(page)).toContainText("Step 31"); // the pixel moved, not the run
});

test("a colour pixel has three values, one at a time; a grey one has one", async ({ page }) => {
  await openLive(page, "model=emoji-mean-variance&steps=3");
  await pause(page);
  await seek(page, 3);
  const planes = page.getByRole("group", { name: "Colour of the pixel" });
  const drawn = page.locator("#pixel-numbers .number.drawn");
  const wanted = await page.getByRole("img", { name: /^the image after/ }).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    return [...canvas.getContext("2d")!.getImageData(17, 14, 1, 1).data].slice(0, 3);
  });
  await page.getByRole("img", { name: /^the image after/ }).hover({ position: await placeOf(page, 14, 17) });
  await expect(pixelTitle(page)).toHaveText("One pixel: row 14, column 17");
  for (const [plane, name] of ["red", "green", "blue"].entries()) {
    await planes.getByRole("button", { name }).click();
    await expect(planes.getByRole("button", { name })).toHaveAttribute("aria-pressed", "true");
    const value = Number((await drawn.textContent())!.replace("−", "-"));
    // A level is 1 / 127.5, the number has three digits, and the picture is clipped.
    const level = Math.min(255, Math.max(0, (value + 1) * 127.5));
    expect(Math.abs(level - wanted[plane]!), name).toBeLessThan(0.6);
  }
  await page.locator("#pixel").focus();
  for (let i = 0; i < 20; ++i) await page.keyboard.press("ArrowDown");
  await expect(pixelTitle(page)).toContainText("row 31,");
  await select(page, "Model").selectOption("mnist-mean-variance");
  await applied(page, "steps=3");
  await expect(planes).toBeHidden();
  await expect(pixelTitle(page)).toContainText("row 27,"); // the last of a smaller image
});

/** Where in its picture a pixel is, of a 32 x 32 image. */
async function placeOf(page: Page, row: number, column: number): Promise<{ x: number; y: number }> {
  const box = (await page.getByRole("img", { name: /^the image after/ }).boundingBox())!;
  return { x: ((column + 0.5) / 32) * box.width, y: ((row + 0.5) / 32) * box.height };
}

test("the numbers of a pixel are its step: mu + sigma z is what comes next", async ({ page }) => {
  await openLive(page);
  await pause(page);
  for (const position of [0, 20, 40]) {
    await seek(page, position);
    const last = page.locator("#said li").last();
    const text = (await last.textContent())!.replaceAll("−", "-");
    const numbers = /= (-?[\d.]+) \+ (-?[\d.]+) · \(?(-?[\d.]+)\)? =\s*(-?[\d.]+)/.exec(text);
    expect(numbers, text).not.toBeNull();
    const [mu, sigma, z, next] = numbers!.slice(1).map(Number) as [number, number, number, number];
    expect(Math.abs(mu + sigma * z - next)).toBeLessThan(0.005); // three digits each
  }
});

test("the address holds the settings, and opening it reproduces the picture", async ({ page, context }) => {
  await openLive(page);
  expect(new URL(page.url()).hash).toBe(""); // defaults are left out
  await pause(page);
  await slide(page, "Steps", 8);
  await applied(page, "steps=8");
  await select(page, "Class").selectOption({ label: "5" });
  await applied(page, "class=5");
  await select(page, "Schedule").selectOption("linear");
  await applied(page, "schedule=linear");
  await slide(page, "Guidance", 2.5);
  await applied(page, "guidance=2.5", "class=5", "steps=8", "schedule=linear");
  await pause(page);
  await finish(page);
  const pictures = await allPixels(page);

  const other = await context.newPage();
  await other.goto(page.url());
  await live(other);
  await pause(other);
  await finish(other);
  expect(await allPixels(other)).toEqual(pictures);
  await expect(slider(other, "Steps")).toHaveValue("8");
  await expect(select(other, "Class")).toHaveValue("5");
  await other.close();
});

test("a new address in an open page applies at once", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await finish(page);
  const before = await pixels(page, "next");
  await page.evaluate(() => (location.hash = "steps=6&class=8"));
  await applied(page, "class=8");
  await pause(page);
  await finish(page);
  await expect(select(page, "Class")).toHaveValue("8");
  expect(await pixels(page, "next")).not.toBe(before);
});

test("settings that are unknown or out of range are named in a note", async ({ page }) => {
  await openLive(page, "steps=5000&colour=red");
  await expect(page.locator("#messages")).toContainText("steps", { ignoreCase: true });
  await expect(page.locator("#messages")).toContainText("colour");
  await expect(slider(page, "Steps")).toHaveValue("1000");
  await expect(page).toHaveURL(/#steps=1000$/);
});

test("a recording is not shown for other settings than its own", async ({ page }) => {
  await page.route("**/*.safetensors", () => {}); // never answers
  await page.goto("/#class=8");
  await expect(page.locator("#badge")).not.toBeEmpty();
  await expect(select(page, "Class")).toHaveValue("8");
  await page.waitForTimeout(500);
  await expect(page.locator("html")).toHaveAttribute("data-source", "none");
});

test("the live region speaks on a person's steps only", async ({ page }) => {
  await openLive(page, "speed=20");
  const region = page.locator("#live");
  await page.waitForTimeout(500); // it plays
  await expect(region).toBeEmpty();
  await pause(page);
  await seek(page, 3);
  await button(page, "Step").click();
  await settled(page);
  await expect(region).toContainText(/Step 5 of 50.*mean brightness \d+/);
});
