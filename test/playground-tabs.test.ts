import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sessions } from "../playground/h3/app.ts";
import { root } from "../scripts/entries.ts";
import { Browser } from "./_playground-browser.ts";

/** A browser with the page open, so that there is a session. */
function open(): Promise<Browser> {
  return new Browser().visit("/tabs");
}

/** What a tab shows below the note: `notes.a`, `notes.b`. */
function notesOf({ html }: Browser): (string | undefined)[] {
  return [...html.matchAll(/<dt>notes\.\w<\/dt>\s*<dd>(?:<i>)?([^<]*)</g)].map(([, note]) => note);
}

/** What is said of the requests that were sent at once, in its order. */
function tallyOf({ html }: Browser): string[] {
  return [...html.matchAll(/<dd>([^<]*) <small>([^<]*)<\/small>/g)].map(([, result, note]) => `${result} ${note}`.trim());
}

describe("two tabs on one session", () => {
  it("both keep what they write to different places at once", async () => {
    const browser = await open();
    await Promise.all([
      browser.submit("/tabs/a/note", { note: "from A", wait: "40" }),
      browser.submit("/tabs/b/note", { note: "from B", wait: "40" }),
    ]);
    for (const tab of ["a", "b"]) expect(notesOf(await browser.visit(`/tabs/${tab}`))).toEqual(["from A", "from B"]);
  });

  it("are told of a conflict where they write to the same place, and the last to commit wins", async () => {
    const browser = await open();
    expect((await browser.visit("/tabs/a")).html).toContain("No conflict so far.");
    await Promise.all([
      browser.submit("/tabs/a/colour", { colour: "amber", wait: "20" }),
      browser.submit("/tabs/b/colour", { colour: "violet", wait: "120" }),
    ]);
    await browser.visit("/tabs/a");
    expect(browser.html).toContain("1 conflict reported");
    expect(browser.find(/class="swatch (\w+)"/)).toBe("violet");
  });

  it("meet no conflict where one comes after the other", async () => {
    const browser = await open();
    await browser.submit("/tabs/a/colour", { colour: "amber" });
    await browser.submit("/tabs/b/colour", { colour: "violet" });
    expect((await browser.visit("/tabs/b")).html).toContain("No conflict so far.");
  });

  it("both count", async () => {
    const browser = await open();
    await Promise.all(["a", "b", "a"].map((tab) => browser.submit(`/tabs/${tab}/press`, { wait: "30" })));
    expect((await browser.visit("/tabs/b")).find(/aria-label="Presses">(\d+)</)).toBe("3");
  });

  it("write by buttons, without JavaScript", async () => {
    const browser = await open();
    await browser.visit("/tabs/a");
    await browser.press("Write", { note: "by hand", wait: "0" });
    await browser.press("amber", { wait: "0" });
    expect([notesOf(browser)[0], browser.find(/class="swatch (\w+)"/)]).toEqual(["by hand", "amber"]);
  });

  it("escape what is written", async () => {
    const browser = await open();
    await browser.submit("/tabs/a/note", { note: `"><img src=x>` });
    expect((await browser.visit("/tabs/b")).html).not.toContain("<img src=x");
  });

  it.each([
    ["a third tab", 404, "/tabs/c/press", {}],
    ["a colour that there is not", 400, "/tabs/a/colour", { colour: "plaid" }],
    ["one of many requests that were never begun", 400, "/tabs/burst/1", {}],
  ])("refuse %s with %i", async (_name, status, path, fields) => {
    const browser = await open();
    expect((await browser.submit(path, fields as Record<string, string>)).status).toBe(status);
  });

  it("take no POST from another site", async () => {
    const browser = await open();
    const response = await browser.submit("/tabs/a/press", {}, { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(403);
  });
});

describe("many requests at once", () => {
  it("lose nothing, sent by the server where the browser has no JavaScript", async () => {
    const browser = await open();
    await browser.press("Send 20 requests");
    const [count, pushes, members, last = ""] = tallyOf(browser);
    expect([count, pushes, members]).toEqual(["20 of 20", "20 of 20", "20 of 20"]);
    expect(last).toMatch(/^No\. \d+ won 19 conflicts reported$/);
    expect(browser.html.match(/<rect/g)).toHaveLength(20);
  });

  it("lose nothing, sent by the browser", async () => {
    const browser = await open();
    await browser.submit("/tabs/burst/start");
    await Promise.all(Array.from({ length: 6 }, (_, index) => browser.submit(`/tabs/burst/${index + 1}`)));
    expect(tallyOf(await browser.visit("/tabs")).slice(0, 3)).toEqual(["6 of 6", "6 of 6", "6 of 6"]);
    const burst = (await sessions.find(browser.token))?.burst;
    expect(burst?.log.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(burst?.members).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(burst?.log.at(-1)).toBe(burst?.last);
  });

  it("need a session, and make none", async () => {
    const browser = new Browser();
    const before = await sessions.count();
    const response = await browser.submit("/tabs/burst");
    expect([response.status, response.headers.get("location"), browser.received]).toEqual([303, "/tabs", []]);
    expect(await sessions.count()).toBe(before);
  });
});

describe("the page of the tabs", () => {
  it.each(["/tabs", "/tabs/a"])("has scripts of its own alone at %s", async (path) => {
    const browser = await open();
    const response = await browser.send(path);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none';.* script-src 'self';/);
    expect(await response.text()).not.toMatch(/<script(?! type="module" src="\/)|\son\w+=|javascript:| style=/i);
  });

  it("shows only lines of code that it runs", async () => {
    const code = readFileSync(join(root, "playground/h3/tabs/routes.ts"), "utf8");
    const browser = await open();
    await browser.press("Send 20 requests");
    const shown = [...browser.html.matchAll(/<code>([^<]*)<\/code>/g)].map(([, line = ""]) => line.replaceAll("&quot;", '"'));
    expect(shown).toHaveLength(4);
    for (const line of shown) expect(code).toContain(line);
  });
});
