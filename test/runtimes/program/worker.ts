// Serves the application on workerd, with its sessions in memory.
import { serve } from "h3";
import { createApplication } from "./app.ts";

const worker: { fetch: unknown } = serve(createApplication(), { manual: true });

export default worker;
