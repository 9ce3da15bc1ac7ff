import { Readable } from "node:stream";
import { h3OnNode } from "./_h3.ts";
import { h3V1OnNode, h3V1WrappedOnNode } from "./_h3-v1.ts";
import { describeAdapters, expect, it, stored, throwing, writing } from "./_setup.ts";

describeAdapters("handlers written for Node", [h3OnNode, h3V1OnNode, h3V1WrappedOnNode], (start, adapter) => {
  const before = writing(adapter, () => undefined);

  it.each([
    ["end", (res: any) => res.end("text")],
    [
      "writeHead with an object",
      (res: any) => res.writeHead(201, { "content-type": "text/plain", "set-cookie": "own=1" }).end("text"),
    ],
    ["writeHead with an array", (res: any) => res.writeHead(201, ["content-type", "text/plain"]).end("text")],
    ["several writes", (res: any) => (res.write("te"), res.write("xt"), res.end())],
    ["a pipe", (res: any) => Readable.from(["te", "xt"]).pipe(res)],
  ])("stores the session and sends its cookie with a node handler that calls %s", async (_name, answer) => {
    const client = await start({ before, routes: { "/": adapter.fromNodeHandler((_req, res) => void answer(res)) } });
    const got = await client.get("/");
    expect(got.body).toBe("text");
    const own = got.cookies.filter((cookie) => cookie.startsWith("session="));
    expect(await stored(client, { ...got, cookies: own })).toEqual({ seen: true });
  });

  it("answers for a node handler when the session cannot be stored", async () => {
    const handler = adapter.fromNodeHandler((_req, res) => void res.end("text"));
    const client = await start({ before, routes: { "/": handler } }, { storage: throwing(new Error("down")) });
    const got = await client.get("/");
    expect([got.status, got.cookies]).toEqual([503, []]);
    expect(got.body).not.toContain("text");
  });
});
