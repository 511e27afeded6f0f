/** One server of a cluster under test. */
export interface NodeUnderTest {
  /** As the server itself and its streams call it. */
  readonly name: string;
  /** Ends it at once, as a power cut would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again with the same store, addresses and name. */
  restart(): Promise<void>;
}

/** Three servers with JetStream, as processes or in containers: what a scenario may do with them. */
export interface ClusterUnderTest extends AsyncDisposable {
  readonly nodes: readonly NodeUnderTest[];
  /** Addresses for clients, in the order of the nodes. */
  readonly urls: readonly string[];
  /** Name of the node that leads JetStream's meta group; undefined while none does. */
  metaLeader(): Promise<string | undefined>;
  /** Resolves when the meta group has a leader and all nodes are current in it. */
  settled(): Promise<void>;
}
