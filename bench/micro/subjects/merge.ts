import { merge, type ConflictPolicy } from "../../../src/merge.ts";
import { LARGE, SMALL } from "../documents.ts";
import { OURS, type Row } from "../row.ts";

interface Document {
  views: number;
  user: { name: string; roles: string[] };
  cart: { items: { quantity: number }[] };
}

const LAST_WINS: ConflictPolicy = { resolve: ({ mine }) => mine, report: () => {} };

/** Bringing three changes into what another request wrote, against loading the three trees without it. */
export function merging(): Row[] {
  return [rowOf("2 KB", SMALL), rowOf("50 KB", LARGE)];
}

function rowOf(size: string, text: string): Row {
  const load = (): [base: Document, mine: Document, theirs: Document] => {
    const [base, mine, theirs] = [JSON.parse(text), JSON.parse(text), JSON.parse(text)] as [Document, Document, Document];
    mine.user.roles.push("owner");
    (mine.cart.items[3] as { quantity: number }).quantity += 1;
    mine.views += 1;
    theirs.user.name = "Grace Hopper";
    return [base, mine, theirs];
  };
  const merged = (): unknown => {
    const [base, mine, theirs] = load() as unknown as [Fields, Fields, Fields];
    return merge(base, mine, theirs, () => undefined, LAST_WINS);
  };
  return { name: `load three trees and merge them, ${size}`, ways: { "loaded only": load, [OURS]: merged } };
}

type Fields = Record<string, unknown>;
