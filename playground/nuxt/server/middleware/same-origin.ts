import { sameOriginOnly } from "unsession/csrf";

const refuse = sameOriginOnly();

/** Another site's page cannot count, log in or log out. */
export default defineEventHandler((event) => {
  const { method, headers } = event;
  return refuse({ req: { method, headers, url: getRequestURL(event).href } });
});
