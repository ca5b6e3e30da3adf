// How it looks: no accessibility findings, no sideways scrolling, stillness for who asks for it.
// Screenshots of each view stay in build/screenshots/.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { button, expect, openLive, pause, seek, settled, test, title } from "./page";

const shots = () => `${test.info().project.testDir}/../../build/screenshots`;

const views = {
  desktop: { viewport: { width: 1440, height: 1000 }, colorScheme: "light", batch: true },
  dark: { viewport: { width: 1440, height: 1000 }, colorScheme: "dark" },
  wide: { viewport: { width: 2200, height: 1200 }, colorScheme: "light" },
  tablet: { viewport: { width: 820, height: 1100 }, colorScheme: "light" },
  phone: { viewport: { width: 360, height: 800 }, colorScheme: "light" },
  "phone-dark": { viewport: { width: 360, height: 800 }, colorScheme: "dark", batch: true },
} as const;

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Names of what is cut off at the sides or stands over its card's edge. */
async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".card *, header *")]
      .filter((element) => {
        if (element.closest(".visually-hidden, [hidden], svg, select")) return false;
        if (getComputedStyle(element).visibility === "hidden") return false; // help, until it is asked for
        const box = element.getBoundingClientRect();
        const card = element.closest<HTMLElement>(".card, header")!.getBoundingClientRect();
        return box.width > 0 && (box.left < card.left - 1 || box.right > card.right + 1);
      })
      .map((element) => `${element.tagName}.${element.className} ${element.textContent?.slice(0, 30)}`),
  );
}

for (const [name, view] of Object.entries(views)) {
  test.describe(name, () => {
    test.use({ viewport: view.viewport, colorScheme: view.colorScheme });

    test("axe finds nothing and nothing is cut off", async ({ page }) => {
      await openLive(page);
      await pause(page);
      for (const position of [0, 12, 24, 32]) await seek(page, position);
      await page.screenshot({ path: `${shots()}/${name}.png`, fullPage: true });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`),
      ).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect(await cutOff(page)).toEqual([]);

      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
      const help = await new AxeBuilder({ page }).include("dialog").analyze();
      expect(help.violations.map(({ id }) => id)).toEqual([]);
      await page.keyboard.press("Escape");

      await page.evaluate(() => scrollTo(0, 0));
      await page.keyboard.press("s");
      const menu = page.locator("#save-menu");
      await expect(menu).toBeVisible();
      await page.screenshot({ path: `${shots()}/${name}-menu.png` });
      const open = await new AxeBuilder({ page }).analyze();
      expect(open.violations.map(({ id }) => id)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      const [box, button] = [await menu.boundingBox(), await page.locator("#save").boundingBox()];
      expect(box!.x).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(view.viewport.width);
      expect(box!.y - (button!.y + button!.height), "under its button").toBeCloseTo(6, 0);
    });

    if (!("batch" in view)) return;
    test("16 images", async ({ page }) => {
      await openLive(page, "steps=8&images=16&class=each&schedule=linear");
      await pause(page);
      await seek(page, 6);
      await page.screenshot({ path: `${shots()}/${name}-16.png`, fullPage: true });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id }) => id)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect(await cutOff(page)).toEqual([]);
    });
  });
}

test("the theme follows the system until a person chooses", async ({ page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await openLive(page, "steps=3");
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(background).not.toBe(light);
  await button(page, "Light").click();
  await expect.poll(background).toBe(light);
  await page.reload();
  await expect.poll(background).toBe(light); // the choice stays
  await expect(button(page, "Dark")).toBeVisible();
});

test("reduced motion starts paused", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page);
  await expect(button(page, "Play")).toBeVisible();
  const before = await title(page).textContent();
  await page.waitForTimeout(400);
  expect(await title(page).textContent()).toBe(before);
  await expect(title(page)).toContainText("Step 1 of 50");
  await button(page, "Play").click(); // a person may
  await expect(title(page)).not.toHaveText(before!);
});

test("nothing moves when values change", async ({ page }) => {
  await openLive(page);
  await pause(page);
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".card, .picture, .slider, button, select, h2")].map(
        (element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return [x, y + scrollY, width, height].map(Math.round).join();
        },
      ),
    );
  await seek(page, 0);
  const before = await places();
  for (const position of [9, 10, 33, 49]) {
    await seek(page, position);
    await settled(page);
    expect(await places(), `at ${position}`).toEqual(before);
  }
});

test("pixels are square and crisp on a dense display", async ({ browser }) => {
  const context = await browser.newContext({ deviceScaleFactor: 2, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await openLive(page, "steps=3", "http://localhost:8391/");
  await pause(page);
  for (const canvas of await page.locator(".picture canvas").all()) {
    const box = (await canvas.boundingBox())!;
    expect(Math.abs(box.width - box.height)).toBeLessThan(0.6);
    await expect(canvas).toHaveCSS("image-rendering", "pixelated");
  }
  const chart = page.locator("#chart");
  const dense = await chart.evaluate((c) => (c as HTMLCanvasElement).width / c.clientWidth);
  expect(Math.round(dense)).toBe(2);
  await context.close();
});
