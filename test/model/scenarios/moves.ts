import type { Session } from "../../../src/types.ts";
import { Ledger } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import { keyOf, type Answer, type Kept, type World } from "../world.ts";
import { comeBack } from "./endings.ts";

/** Checks that no record lives but that of the token given; one whose removal the store may have lost can be over. */
function checkOnly(world: World, token: string | undefined): void {
  const others = world.liveKeys().filter((key) => token === undefined || key !== keyOf(token));
  const stray = others.filter((key) => !world.store.faulty.has(key));
  world.check("I7", stray.length === 0, "no other record of the session lives", { stray, log: world.store.log.length });
}

export const elevation: Scenario = {
  promise: "I8: the old token never sees what was written at or after $regenerate",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    let successor: string | undefined;
    world.spawn(async () => {
      const answer = await ledger.request(token, async (pen, session) => {
        pen.write("increment", "push", "key");
        await session.$regenerate();
        session["admin"] = true;
        pen.write("increment", "nested");
      });
      successor = answer.token;
      if (answer.outcome === "ok") {
        world.check("I18", successor !== undefined, "who regenerates gets the new token");
        await comeBack(world, token);
      }
    });
    for (let count = 0; count < 3; count++)
      world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push", "key")));
    return () => {
      const leaked = world.history(token).some(({ data }) => "admin" in data);
      world.check("I8", !leaked, "nothing of the new session is under the old token");
      if (successor === undefined) return;
      world.check("I8", world.live(token) === undefined, "the old token is dead");
      ledger.check(world.session(successor));
      checkOnly(world, successor);
    };
  },
};

export const rivals: Scenario = {
  promise: "I7: of concurrent $regenerate calls one wins, the others throw and leave nothing behind",
  async play(world) {
    const token = await world.seed({ n: 0 });
    if (world.random.chance(0.5)) world.now += 4 * 24 * 3_600_000;
    const answers = new Map<number, Answer>();
    for (const who of [1, 2, 3]) {
      world.spawn(async () => {
        const answer = await world.request(token, async (session) => {
          if (who === 1) {
            session["first"] = true;
            await session.$save();
          }
          await session.$regenerate();
          session["who"] = who;
        });
        answers.set(who, answer);
      });
    }
    return () => {
      // A cookie with the old token is the renewal of one who did not come to regenerate.
      const winners = [...answers].filter(([, answer]) => answer.token !== undefined && answer.token !== token);
      const outcomes = [...answers.values()].map(({ outcome }) => outcome);
      world.check("I7", winners.length <= 1, "one at most wins", outcomes);
      world.check("I7", winners.length === 1 || world.store.faulty.size > 0, "one wins", outcomes);
      for (const [, answer] of answers) {
        const lost = answer.outcome === "refused" || answer.outcome === "gone";
        world.check("I7", !lost || answer.token === undefined, "who loses sends no cookie", outcomes);
      }
      const [winner] = winners;
      if (winner === undefined) return;
      const [who, { token: successor, outcome }] = winner as [number, Answer & { token: string }];
      world.check("I7", world.live(successor) !== undefined && world.live(token) === undefined, "the winner's session lives");
      if (outcome === "ok") world.check("I7", world.live(successor)?.["who"] === who, "and is the winner's", outcomes);
      checkOnly(world, successor);
    };
  },
};

const moveOrEnd: Scenario = {
  promise: "I7: a session that was destroyed has no successor, one that moved has an old token that is dead",
  async play(world) {
    const token = await world.seed({ n: 0 });
    let moved: Answer | undefined;
    let destroyed: Answer | undefined;
    world.spawn(async () => {
      moved = await world.request(token, async (session) => {
        await session.$regenerate();
        session["n"] = 1;
      });
    });
    world.spawn(async () => {
      destroyed = await world.request(token, (session) => session.$destroy(), { ends: true });
    });
    world.spawn(() => world.request(token, (session) => void (session["a"] = 1)));
    return () => {
      const end = world.history(token).at(-1)?.record.state;
      const ended = moved?.outcome === "ok" || destroyed?.outcome === "ok";
      world.check("I1", !ended || end !== "live", "the old token is dead");
      if (end === "dead") {
        world.check("I7", moved?.token === undefined, "who lost against a destroy sends no cookie");
        checkOnly(world, undefined);
      } else if (moved?.token !== undefined) {
        checkOnly(world, moved.token);
      }
    };
  },
};

const refusedMove: Scenario = {
  promise: 'I20: with `conflict: "reject"` a $regenerate does not carry over what would have been refused',
  options: { conflict: "reject" },
  async play(world) {
    const token = await world.seed({ place: 0 });
    const seenBy = new Map<unknown, unknown>();
    let successor: string | undefined;
    const write = async (value: number, then: (session: Session) => unknown): Promise<Answer> =>
      world.request(token, (session) => {
        seenBy.set(value, session["place"]);
        session["place"] = value;
        return then(session);
      });
    for (const value of [1, 2]) world.spawn(() => write(value, () => undefined));
    world.spawn(async () => {
      const answer = await write(3, (session) => session.$regenerate());
      successor = answer.token;
    });
    return () => {
      const live = (kept: Kept[]): unknown[] =>
        kept.filter(({ record }) => record.state === "live").map(({ data }) => data["place"]);
      const values = live([...world.history(token), ...(successor === undefined ? [] : world.history(successor))]);
      const changes = values.filter((value, index) => index === 0 || value !== values[index - 1]);
      const held = changes.every((value, index) => index === 0 || seenBy.get(value) === changes[index - 1]);
      world.check("I20", held, "each value replaces the one that its writer saw", { changes, seenBy: [...seenBy] });
      if (successor !== undefined || world.live(token) !== undefined) checkOnly(world, successor ?? token);
    };
  },
};

export const moves: readonly Scenario[] = [elevation, rivals, moveOrEnd, refusedMove];
