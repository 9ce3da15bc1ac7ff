import { stateOf } from "../../../src/session.ts";
import type { Session } from "../../../src/types.ts";
import { Ledger } from "../ledger.ts";
import { idOf } from "../protections.ts";
import type { Scenario } from "../run.ts";
import { keyOf, type World } from "../world.ts";

/** What comes with the cookie of an ended session, now and later: it sees nothing, and what it writes is refused. */
export async function comeBack(world: World, token: string): Promise<void> {
  const session = await world.load(token).catch(() => undefined);
  if (session === undefined) return;
  world.check("I1", stateOf(session).status !== "stored", "no load finds a session that has ended");
  world.check("I1", Object.keys(session).length === 0, "nothing of an ended session is seen", session);
  const { outcome, token: given } = await world.request(token, (late) => void (late["late"] = true));
  world.check("I1", outcome !== "ok" && given === undefined, "a write with the cookie of an ended session is refused");
}

export const destroys: Scenario = {
  promise: "I1: a destroyed session never comes back, whatever slower writers do",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    let ended = false;
    const end = async (destroy: () => Promise<unknown>): Promise<void> => {
      await destroy();
      ended = true;
      await comeBack(world, token);
    };
    world.spawn(() => world.request(token, (session) => end(() => session.$destroy()), { ends: true }));
    if (world.random.chance(0.3)) world.spawn(() => end(() => world.process().destroy(idOf(token))).catch(() => undefined));
    for (let count = 0; count < 3; count++) world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "key")));
    return () => {
      if (ended) world.check("I1", world.live(token) === undefined, "an acknowledged destroy lasts");
      else if (world.session(token) !== undefined) ledger.check(world.session(token));
    };
  },
};

const dropsWhatIsGone: Scenario = {
  promise: 'I1: with `onGone: "drop"` late writers are not told, and nothing of theirs is kept',
  options: { onGone: "drop" },
  async play(world) {
    const token = await world.seed({ n: 0 });
    let ended = false;
    let gone = 0;
    world.spawn(async () => {
      const { outcome } = await world.request(token, (session) => session.$destroy(), { ends: true });
      ended = outcome === "ok";
    });
    for (const key of ["a", "b", "c"]) {
      world.spawn(async () => {
        const { outcome } = await world.request(token, (session) => void (session[key] = 1));
        if (outcome === "gone") gone++;
      });
    }
    return () => {
      if (ended) world.check("I1", world.live(token) === undefined, "an acknowledged destroy lasts");
      world.check("gone", gone === 0, "nobody is told");
      const written = world.history(token).filter(({ record }) => record.state === "live").length - 1;
      const heard = world.store.faulty.size > 0 || written + world.told.gone === 3;
      world.check("gone", heard, "the `gone` hook hears of each that was dropped", { written, told: world.told });
    };
  },
};

const clears: Scenario = {
  promise: "I19: `$clear` removes what it saw, keeps what others added, and ends the session if that is nothing",
  async play(world) {
    const token = await world.seed({ a: 1, b: { c: 2 } }, { note: "once" });
    const added: string[] = [];
    let seen: string[] | undefined;
    world.spawn(async () => {
      let keys: string[] = [];
      const { outcome } = await world.request(
        token,
        (session) => {
          keys = Object.keys(session);
          session.$clear();
        },
        { ends: true },
      );
      if (outcome === "ok") seen = keys;
    });
    for (const key of ["x", "y"]) {
      world.spawn(async () => {
        const { outcome } = await world.request(token, (session) => void (session[key] = 1));
        if (outcome === "ok") added.push(key);
      });
    }
    return () => {
      const data = world.live(token);
      if (seen === undefined) return;
      const kept = added.filter((key) => !seen?.includes(key));
      if (data === undefined) {
        world.check("I2", kept.length === 0, "a session with something in it does not end", { kept, seen });
        return;
      }
      world.check(
        "I2",
        kept.every((key) => data[key] === 1),
        "what others added stays",
        { data, kept },
      );
      world.check(
        "I19",
        seen.every((key) => !Object.hasOwn(data, key)),
        "what was seen is removed",
        { data, seen },
      );
      world.check("I19", Object.keys(data).length > 0, "an empty session has ended", data);
    };
  },
};

export const evictions: Scenario = {
  promise: "I1: a session that the store lost is gone, and nobody creates it again",
  async play(world) {
    const token = await world.seed({ n: 0 });
    if (world.random.chance(0.5)) world.now += 4 * 24 * 3_600_000;
    world.spawn(async () => {
      for (let wait = world.random.below(5); wait >= 0; wait--) await world.turn();
      world.store.evict(keyOf(token));
    });
    const stored: string[] = [];
    const write = async (key: string, handler: (session: Session) => unknown): Promise<void> => {
      const answer = await world.request(token, handler);
      if (answer.outcome === "ok" && (answer.token ?? token) === token) stored.push(key);
    };
    for (const key of ["a", "b"]) world.spawn(() => write(key, (session) => void (session[key] = 1)));
    world.spawn(() => write("c", (session) => session.$update((draft) => void (draft["c"] = 1))));
    world.spawn(() => world.request(token, (session) => session.$destroy(), { ends: true }));
    // Reads, and touches where that is due.
    world.spawn(() => world.request(token, (session) => session["n"] as unknown));
    return () => {
      world.check("I1", world.live(token) === undefined, "what is lost stays lost");
      const history = world.history(token);
      const held = stored.every((key) => history.some(({ data }) => Object.hasOwn(data, key)));
      world.check("gone", held, "a write that came too late is not acknowledged", stored);
    };
  },
};

const forgottenTombstones: Scenario = {
  promise: "I1: also when its tombstone has run out, no slow writer brings a session back",
  options: { tombstoneTtl: 1 },
  async play(world) {
    const token = await world.seed({ n: 0 });
    let ended = false;
    world.spawn(async () => {
      const { outcome } = await world.request(token, (session) => session.$destroy(), { ends: true });
      ended = outcome === "ok";
      world.now += 2000;
    });
    for (const key of ["a", "b"]) {
      world.spawn(() =>
        world.request(token, async (session) => {
          session[key] = 1;
          await world.turn();
          await world.turn();
          await session.$save();
          session[key] = 2;
        }),
      );
    }
    return () => {
      if (ended) world.check("I1", world.live(token) === undefined, "an acknowledged destroy lasts");
    };
  },
};

export const endings: readonly Scenario[] = [destroys, dropsWhatIsGone, clears, evictions, forgottenTombstones];
