import { Readable } from "node:stream";
import { fromNodeHandler } from "h3";
import { sessionMiddleware, useSession } from "unsession/h3";
import { describeMatrix, expect, it, stored } from "./_setup.ts";

describeMatrix(
  "h3 v2, handlers written for Node",
  (start) => {
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
      const client = await start();
      client.app.use(sessionMiddleware(client.manager)).use(async (event, next) => {
        (await useSession(event)).seen = true;
        return next();
      });
      client.app.get(
        "/",
        fromNodeHandler((_req, res) => void answer(res)),
      );
      const got = await client.get("/");
      expect(got.body).toBe("text");
      const own = got.cookies.filter((cookie) => cookie.startsWith("session="));
      expect(await stored(client, { ...got, cookies: own })).toEqual({ seen: true });
    });

    it("answers for a node handler when the session cannot be stored", async () => {
      const client = await start({
        storage: () => {
          throw new Error("down");
        },
      });
      client.app.use(sessionMiddleware(client.manager)).use(async (event, next) => {
        (await useSession(event)).seen = true;
        return next();
      });
      client.app.get(
        "/",
        fromNodeHandler((_req, res) => void res.end("text")),
      );
      const got = await client.get("/");
      expect([got.status, got.cookies]).toEqual([503, []]);
      expect(got.body).not.toContain("text");
    });
  },
  ["node"],
);
