// Serves the application on workerd, with its sessions in Cloudflare KV.
import { serve } from "h3";
import kv from "unstorage/drivers/cloudflare-kv-binding";
import { createApplication } from "./app.ts";

const worker: { fetch: unknown } = serve(createApplication({ storage: kv({ binding: "SESSIONS" }) }), { manual: true });

export default worker;
