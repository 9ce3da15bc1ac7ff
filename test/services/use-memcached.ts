// A program that uses the driver and does not close it: it ends by itself, or hangs.
import memcached from "unsession/drivers/memcached";
import { createStorage } from "unstorage";

const storage = createStorage({ driver: memcached({ servers: process.env["MEMCACHED"] as string }) });
await storage.setItem("key", "kept");
console.log(await storage.getItem("key"));
