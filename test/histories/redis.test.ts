import { describeHistories } from "./describe.ts";

describeHistories("redis");
