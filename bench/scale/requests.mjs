/** What the handlers of the benchmark do. */
export const HANDLERS = {
  read: (session) => session.user.name,
  write: (session) => (session.views += 1),
};

/** One request, without HTTP. */
export async function visit(sessions, cookie, handler) {
  const session = await sessions.load(cookie, { secure: false });
  handler(session);
  return sessions.commit(session, { status: 200, headers: new Headers() });
}

/** Makes sessions that hold `data()`, and gives their cookies. */
export async function login(sessions, count, data) {
  const cookies = [];
  for (let n = 0; n < count; n++) {
    const [cookie] = await visit(sessions, undefined, (session) => Object.assign(session, data()));
    cookies.push(cookie.split(";", 1)[0]);
  }
  return cookies;
}

/** Has writers increment a session for a while, each again as soon as it was answered. */
export async function keepWriting(sessions, cookie, writers, seconds = 3) {
  let commits = 0;
  let longest = 0;
  const ends = performance.now() + seconds * 1000;
  const write = async () => {
    for (let began = performance.now(); began < ends; began = performance.now()) {
      // As a request, which comes by the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await visit(sessions, cookie, (session) => session.$increment("views"));
      longest = Math.max(longest, performance.now() - began);
      commits++;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return { commits, longest, rate: commits / seconds };
}

/** Microseconds of CPU for one request: the median of some runs of many, 32 at a time. */
export async function cpuOf(sessions, cookies, handler, { runs = 7, requests = 3200 } = {}) {
  const each = [];
  for (let run = -1; run < runs; run++) {
    const before = process.cpuUsage();
    for (let done = 0; done < requests; done += 32) {
      await Promise.all(Array.from({ length: 32 }, (_, n) => visit(sessions, cookies[(done + n) % cookies.length], handler)));
    }
    const { user, system } = process.cpuUsage(before);
    // The first run is for the compiler.
    if (run >= 0) each.push((user + system) / requests);
  }
  return each.sort((a, b) => a - b)[runs >> 1];
}
