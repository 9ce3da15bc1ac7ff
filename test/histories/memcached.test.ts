import { describeHistories } from "./describe.ts";

describeHistories("memcached");
