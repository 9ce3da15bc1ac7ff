// Serves the application on workerd, with its sessions in memory.
import { serve } from "h3";
import { createApplication, socketsOf } from "./app.ts";

const app = createApplication();
const worker: { fetch: unknown } = serve(app, { manual: true, plugins: [socketsOf(app)] });

export default worker;
