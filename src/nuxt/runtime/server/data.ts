import { serialize, type SuperJSONResult } from "superjson";
import { useSession, type H3V1Event, type H3V1Handler } from "unsession/h3-v1";
import { publicFields } from "#unsession/public-fields";
import { pick } from "../public-fields.ts";

/** `/_unsession/data`: the public fields of the visitor's own session, for his browser. */
async function data(event: H3V1Event): Promise<SuperJSONResult> {
  event.node.res.setHeader("cache-control", "no-store");
  return serialize(pick(await useSession(event), publicFields));
}

// As h3 v1 knows a handler. It is not imported, since the `h3` beside this package may be v2.
export default Object.assign(data, { __is_handler__: true }) as H3V1Handler;
