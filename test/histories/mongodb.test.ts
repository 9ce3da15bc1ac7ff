import { describeHistories } from "./describe.ts";

describeHistories("mongodb");
