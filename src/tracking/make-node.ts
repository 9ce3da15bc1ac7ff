import { ArrayNode } from "./array.ts";
import { MapNode, SetNode } from "./collection.ts";
import type { Container, ContainerKind } from "./kinds.ts";
import { Node } from "./node.ts";
import type { Tracker } from "./tracker.ts";

/** The node of a container by its kind: told apart here rather than looked up, so that engines see which class it is. */
export function makeNode(kind: ContainerKind, value: Container, tracker: Tracker, parent: Node, key: unknown): Node {
  switch (kind) {
    case "object":
      return new Node(value, tracker, parent, key);
    case "array":
      return new ArrayNode(value, tracker, parent, key);
    case "map":
      return new MapNode(value, tracker, parent, key);
    case "set":
      return new SetNode(value, tracker, parent, key);
  }
}
