import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;

/** Serves MongoDB's protocol from memory on a free port of loopback, which it prints, until its standard input ends. */
class MongoWire {
  /** The oldest version that the current Node.js driver talks to; what the tests use of the protocol is older. */
  static final MongoVersion VERSION = new MongoVersion() {
    public List<Integer> getVersionArray() {
      return List.of(4, 4, 0);
    }

    public int getWireVersion() {
      return 9;
    }
  };

  public static void main(String[] args) throws Exception {
    MemoryBackend backend = new MemoryBackend() {
      /** Copied before the next command: else an answer is encoded while an update changes the document, and half of it is read. */
      @Override
      public synchronized Document handleMessage(MongoMessage message) {
        return super.handleMessage(message).cloneDeeply();
      }
    };
    backend.version(VERSION);
    MongoServer server = new MongoServer(backend);
    System.out.println(server.bind().getPort());
    while (System.in.read() != -1) {
      // Ends with the test that started it, however that ends.
    }
    server.shutdownNow();
  }
}
