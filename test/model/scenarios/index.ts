import type { Scenario } from "../run.ts";
import { anything } from "./anything.ts";
import { births } from "./births.ts";
import { costs } from "./costs.ts";
import { endings } from "./endings.ts";
import { inRequest } from "./in-request.ts";
import { lifetimes } from "./lifetimes.ts";
import { merges } from "./merges.ts";
import { moves } from "./moves.ts";
import { owners } from "./owners.ts";
import { rotations } from "./rotations.ts";
import { writers } from "./writers.ts";

export const scenarios: readonly Scenario[] = [
  ...writers,
  ...merges,
  ...endings,
  ...moves,
  ...rotations,
  ...lifetimes,
  ...births,
  ...inRequest,
  ...owners,
  ...costs,
  ...anything,
];
