import com.amazon.randomcutforest.RandomCutForest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Random Cut Forest over each series of a folder, with the defaults of its authors; see peers.ts for what is read and written. */
class Forest {
  static final int SHINGLE = 8;

  public static void main(String[] args) throws Exception {
    long nanos = 0;
    for (Path path : Files.list(Path.of(args[0])).filter(p -> p.toString().endsWith(".series")).toList()) {
      ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
      in.getDouble();
      ByteBuffer out = ByteBuffer.allocate(in.remaining()).order(ByteOrder.LITTLE_ENDIAN);
      long start = System.nanoTime();
      RandomCutForest forest =
          RandomCutForest.builder().dimensions(SHINGLE).shingleSize(SHINGLE).internalShinglingEnabled(true)
              .numberOfTrees(50).sampleSize(256).randomSeed(1).build();
      while (in.hasRemaining()) {
        float[] point = {(float) in.getDouble()};
        out.putDouble(forest.getAnomalyScore(point));
        forest.update(point);
      }
      nanos += System.nanoTime() - start;
      Files.write(Path.of(path.toString().replace(".series", ".scores")), out.array());
    }
    System.out.println(nanos);
  }
}
