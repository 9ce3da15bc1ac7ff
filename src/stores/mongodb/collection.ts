/** What of a MongoDB collection is used; structural, so that any version of the driver fits. */
export interface MongoCollection {
  readonly collectionName: string;
  findOne(filter: object, options: object): Promise<object | null>;
  find(filter: object, options: object): AsyncIterable<object>;
  updateOne(filter: object, update: object, options: object): Promise<{ readonly matchedCount: number }>;
  deleteOne(filter: object, options: object): Promise<unknown>;
  deleteMany(filter: object, options: object): Promise<{ readonly deletedCount: number }>;
  createIndex(keys: object, options: object): Promise<unknown>;
}

/** Tells a collection, by methods that nothing else has. */
export function isMongoCollection(value: unknown): value is MongoCollection {
  return typeof value === "object" && value !== null && "collectionName" in value && "findOne" in value && "createIndex" in value;
}
