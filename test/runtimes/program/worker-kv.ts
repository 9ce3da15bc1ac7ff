// Serves the application on workerd, with its sessions in Cloudflare KV.
import { serve } from "h3";
import kv from "unstorage/drivers/cloudflare-kv-binding";
import { createApplication, socketsOf } from "./app.ts";

const app = createApplication({ storage: kv({ binding: "SESSIONS" }) });
const worker: { fetch: unknown } = serve(app, { manual: true, plugins: [socketsOf(app)] });

export default worker;
