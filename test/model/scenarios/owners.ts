import { isExpired } from "../../../src/lifecycle.ts";
import { parseRecord } from "../../../src/record.ts";
import type { Session } from "../../../src/types.ts";
import { idOf } from "../protections.ts";
import type { Scenario } from "../run.ts";
import { decode, outcomeOf, type Kept, type World } from "../world.ts";

const DAY = 24 * 3_600_000;

/**
 * The sessions that live and are someone's, by their keys; but for what a move that failed has left: nobody was given its token, and
 * no record leads to it.
 */
function ownedBy(world: World, owner: string): Map<string, Kept> {
  const owned = new Map<string, Kept>();
  const led = new Set([...world.store.keys("")].map((key) => `session:${parseRecord(world.store.peek(key) ?? "")?.meta.to}`));
  for (const key of world.liveKeys()) {
    const kept = decode(world.store.peek(key)) as Kept;
    const isReachable = world.given.has(key) || led.has(key);
    if (isReachable && kept.record.meta.owner === owner && !isExpired(kept.record, world.now)) owned.set(key, kept);
  }
  return owned;
}

/** The keys that an owner's index lists; it may list more than there is. */
function listedOf(world: World, owner: string): Set<string> {
  const record = parseRecord(world.store.peek(`session:o:${idOf(owner)}`) ?? "");
  const rows = JSON.parse(record?.data.text ?? "[]") as [rest: string][];
  return new Set(rows.map(([rest]) => `session:${rest}`));
}

/** Whatever becomes of logins, moves and renewals: what is someone's is listed as his. */
function checkListed(world: World, ...owners: string[]): void {
  for (const owner of owners) {
    const listed = listedOf(world, owner);
    const missing = [...ownedBy(world, owner).keys()].filter((key) => !listed.has(key));
    world.check("owner", missing.length === 0, "each live session of an owner is listed", { owner, missing });
  }
}

/** Tries again until the store has answered, as the documentation asks for. */
async function destroyByOwner(world: World, owner: string, except?: string): Promise<boolean> {
  for (let attempt = 0; attempt < 6; attempt++) {
    try {
      await world.process().destroyByOwner(owner, { except });
      return true;
    } catch (error) {
      if (outcomeOf(error) !== "unknown" && outcomeOf(error) !== "refused") throw error;
    }
  }
  return false;
}

/** A session that was someone's before the story begins; its data names the login. */
async function seedOwned(world: World, login: number): Promise<string> {
  const token = await world.seed({ login });
  world.store.quiet = true;
  const session = await world.load(token);
  await session.$setOwner("ada");
  await world.process().commit(session);
  world.store.quiet = false;
  return token;
}

/** Who has been logged in so far. */
class Logins {
  readonly acknowledged: Set<number> = new Set();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** A login with or without a session before it, and with or without a new token. */
  async login(id: number, token: string | undefined): Promise<void> {
    const moves = this.#world.random.chance(0.5);
    const { outcome } = await this.#world.request(token, async (session) => {
      session["login"] = id;
      if (moves) await session.$regenerate();
      await session.$setOwner("ada", { device: `device ${id}` });
    });
    if (outcome === "ok") this.acknowledged.add(id);
  }
}

export const logouts: Scenario = {
  promise: "owners: a login acknowledged before destroyByOwner began is gone; one in flight is gone or listed",
  async play(world) {
    const logins = new Logins(world);
    const old = await seedOwned(world, 0);
    logins.acknowledged.add(0);
    const anonymous = await world.seed({ cart: 1 });
    world.spawn(() => logins.login(1, undefined));
    world.spawn(() => logins.login(2, anonymous));
    const use = world.random.pick<(session: Session) => unknown>([
      (session) => session.$regenerate(),
      (session) => session.$increment("n"),
      (session) => session.$setOwner("ada", { device: "again" }),
    ]);
    world.spawn(() => world.request(old, use));
    for (let count = 0; count < 2; count++) {
      world.spawn(async () => {
        for (let wait = world.random.below(8); wait > 0; wait--) await world.turn();
        const before = new Set(logins.acknowledged);
        if (!(await destroyByOwner(world, "ada"))) return;
        const alive = [...ownedBy(world, "ada").values()].filter(({ data }) => before.has(data["login"]));
        world.check("owner", alive.length === 0, "what was acknowledged before is gone", alive);
      });
    }
    return () => checkListed(world, "ada");
  },
};

export const slowLogins: Scenario = {
  promise: "owners: also a login that outlasts the tombstone put in its place is gone or listed",
  options: { tombstoneTtl: 1 },
  mostLost: 0,
  async play(world) {
    for (let login = 1; login <= 2; login++) world.spawn(() => new Logins(world).login(login, undefined));
    world.spawn(async () => {
      await destroyByOwner(world, "ada");
      world.now += 2000;
    });
    return () => checkListed(world, "ada");
  },
};

const others: Scenario = {
  promise: "owners: the session that is excepted stays, and so does whatever is another's",
  mostLost: 0,
  async play(world) {
    const mine = await seedOwned(world, 0);
    const theirs = await world.seed({ login: 1 });
    world.spawn(() => world.request(theirs, (session) => session.$setOwner("bob")));
    world.spawn(() => world.request(mine, (session) => session.$increment("n")));
    world.spawn(() => destroyByOwner(world, "ada", idOf(mine)));
    world.spawn(() => destroyByOwner(world, "ada", idOf(mine)));
    return () => {
      world.check("owner", world.live(mine)?.["n"] === 1 && ownedBy(world, "ada").size === 1, "the excepted session stays");
      world.check("owner", ownedBy(world, "bob").size === 1, "another's session stays");
      checkListed(world, "ada", "bob");
    };
  },
};

const changes: Scenario = {
  promise: "owners: a session that changes hands is listed for whoever has it",
  async play(world) {
    const token = await seedOwned(world, 0);
    for (const owner of ["ada", "bob", undefined, "ada"]) {
      world.spawn(() =>
        world.request(token, async (session) => {
          await session.$setOwner(owner);
          session[`was ${owner}`] = true;
        }),
      );
    }
    if (world.random.chance(0.5)) world.spawn(() => destroyByOwner(world, "ada"));
    if (world.random.chance(0.3)) world.spawn(() => world.request(token, (session) => session.$regenerate()));
    return () => checkListed(world, "ada", "bob");
  },
};

const lives: Scenario = {
  promise: "owners: a session is listed for as long as it lives, however often it is renewed",
  options: { idleTimeout: (30 * DAY) / 1000 },
  async play(world) {
    const token = await seedOwned(world, 0);
    let newest = token;
    for (let visit = 0; visit < 4; visit++) {
      world.spawn(async () => {
        world.now += world.random.below(28) * DAY;
        const write = world.random.chance(0.5);
        const move = world.random.chance(0.2);
        const answer = await world.request(newest, async (session) => {
          if (move) await session.$regenerate();
          if (write) session.$increment("n");
        });
        newest = answer.token ?? newest;
      });
    }
    return () => checkListed(world, "ada");
  },
};

const rotations: Scenario = {
  promise: "owners: a session that is rotated meanwhile is listed where it is by then",
  options: { rotateEvery: 60, rotateGrace: 30 },
  async play(world) {
    const logins = new Logins(world);
    const old = await seedOwned(world, 0);
    const anonymous = await world.seed({ cart: 1 });
    world.now += 61_000;
    for (const token of [old, anonymous]) world.spawn(() => world.request(token, (session) => session.$increment("n")));
    world.spawn(() => logins.login(1, anonymous));
    world.spawn(() => world.request(old, (session) => session.$setOwner(world.random.pick(["ada", "bob"]))));
    if (world.random.chance(0.5)) {
      world.spawn(async () => {
        if (!(await destroyByOwner(world, "ada"))) return;
        const alive = [...ownedBy(world, "ada").values()].filter(({ data }) => data["login"] === 0);
        const again = listedOf(world, "ada").size > 0;
        world.check("owner", alive.length === 0 || again, "what was acknowledged before is gone, or it has come back", alive);
      });
    }
    return () => checkListed(world, "ada", "bob");
  },
};

/** Replays what happened, and gives the most sessions that were an owner's at once. */
function mostAtOnce(world: World, owner: string): number {
  const live = new Set<string>();
  let most = 0;
  for (const { key, after } of world.store.log) {
    const record = parseRecord(after ?? "");
    if (record?.state === "live" && record.meta.owner === owner) live.add(key);
    else live.delete(key);
    most = Math.max(most, live.size);
  }
  return most;
}

const limit = (whenFull: "oldest" | "refuse"): Scenario => ({
  promise: `owners: no more than maxPerOwner at any time, and no fewer where nothing fails (${whenFull})`,
  options: { maxPerOwner: { max: 2, whenFull } },
  async play(world) {
    const logins = new Logins(world);
    const anonymous = await world.seed({ cart: 1 });
    for (let login = 0; login < 4; login++) world.spawn(() => logins.login(login, login === 0 ? anonymous : undefined));
    return () => {
      const most = mostAtOnce(world, "ada");
      world.check("owner", most <= 2, "never more than may be", most);
      const left = ownedBy(world, "ada").size;
      world.check("owner", left === 2 || world.store.faulty.size > 0, "as many as may be", left);
      checkListed(world, "ada");
    };
  },
});

export const limits: readonly Scenario[] = [limit("oldest"), limit("refuse")];

export const owners: readonly Scenario[] = [logouts, slowLogins, others, changes, lives, rotations, ...limits];
